"""Exercises of chapter 23: right answers pass, plausible wrong ones are told why."""

import math

import pytest
import torch

from irlib.check import chapter_23, check
from irlib.models import create, preset


def operations(given, made, kernel, height, width, groups, stride):
    pixels = -(-height // stride) * -(-width // stride)
    return 2 * kernel**2 * given // groups * made * pixels


def slower(operations, moved, rate, bandwidth):
    found = {"arithmetic": operations / rate, "memory traffic": moved / bandwidth}
    bound = max(found, key=found.get)
    return found[bound], bound


def cards(batches, there):
    shared = math.gcd(*batches)
    return max(n for n in range(1, there + 1) if shared % n == 0)


def parts(parameters, kept, share, memory):
    for number in range(1, share + 1):
        if share % number == 0 and 16 * parameters + kept * share // number <= memory:
            return number
    return None


def blocks():
    return (1, 4, 6, 9), 1


RIGHT = {
    "operations": operations,
    "slower": slower,
    "cards": cards,
    "parts": parts,
    "blocks": blocks,
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"ch23.{name}", RIGHT[name])


def multiply_adds(*given):
    return operations(*given) // 2


def no_groups(given, made, kernel, height, width, groups, stride):
    return operations(given, made, kernel, height, width, 1, stride)


def no_stride(given, made, kernel, height, width, groups, stride):
    return operations(given, made, kernel, height, width, groups, 1)


def added(operations, moved, rate, bandwidth):
    return operations / rate + moved / bandwidth, slower(operations, moved, rate, bandwidth)[1]


def as_many_as_images(batches, there):
    return min(there, *batches)


def first_stage(batches, there):
    return cards(batches[:1], there)


def weights_only(parameters, kept, share, memory):
    return parts(parameters / 4, kept, share, memory)


def uneven(parameters, kept, share, memory):
    for number in range(1, share + 1):
        if 16 * parameters + kept * math.ceil(share / number) <= memory:
            return number
    return None


def never_gives_up(*given):
    return parts(*given) or given[2]


WRONG = [
    ("blocks", lambda: ((4, 6, 6, 8), 4), "at full resolution keep most"),
    ("blocks", lambda: ((2, 3, 3, 4), 2), "expected 1 to 1.1"),
    ("blocks", lambda: ((1, 1, 1, 20), 0), "expected 1 to 1.1"),
    ("blocks", lambda: ((0, 6, 6, 9), 0), "every level needs one"),
    ("operations", multiply_adds, "that makes two operations"),
    ("operations", no_groups, "its own share of the input channels"),
    ("operations", no_stride, "Count the pixels that come out"),
    ("slower", added, "only the slower one counts"),
    ("slower", lambda *given: 1.0, "expected a pair"),
    ("cards", as_many_as_images, "Every card takes equally many"),
    ("cards", first_stage, "goes through all its stages"),
    ("parts", weights_only, "takes 16 bytes"),
    ("parts", uneven, "Parts are of equal size"),
    ("parts", never_gives_up, "say so with None"),
]


@pytest.mark.parametrize(("name", "answer", "says"), WRONG)
def test_wrong_answers_are_told_why(name, answer, says, capsys):
    assert not check(f"ch23.{name}", answer)
    assert says in capsys.readouterr().out


def test_the_bill_of_blocks_is_that_of_real_networks():
    released = preset("restormer", "released")
    shares = []
    for levels, refinement in (chapter_23._RELEASED, blocks()):
        change = {"num_blocks": levels, "num_refinement_blocks": refinement}
        with torch.device("meta"):
            shares.append(create("restormer", **released | change).count_parameters())
    ours, theirs = (chapter_23._bill(*b)["parameters"] for b in (blocks(), chapter_23._RELEASED))
    found = ours / theirs
    assert shares[1] / shares[0] == pytest.approx(found, rel=0.02)
