"""Exercises of chapter 19: plausible wrong answers are told what they got wrong."""

import math

import pytest

from irlib.check import check
from irlib.training import recipe
from irlib.training.positions import Positions


def share(step, rank, world, accumulate, batch):
    size = batch // (world * accumulate)
    starts = [step * batch + (micro * world + rank) * size for micro in range(accumulate)]
    return [list(range(start, start + size)) for start in starts]


def all_the_same(step, rank, world, accumulate, batch):
    size = batch // accumulate
    return [list(range(step * batch + m * size, step * batch + (m + 1) * size))
            for m in range(accumulate)]  # fmt: skip


def device_after_device(step, rank, world, accumulate, batch):
    own = batch // world
    size = own // accumulate
    starts = [step * batch + rank * own + micro * size for micro in range(accumulate)]
    return [list(range(start, start + size)) for start in starts]


def no_levels(counts, repetition, levels, batch):
    return math.ceil(sum(n * repetition.get(task, 1) for task, n in counts.items()) / batch)


def rounded_down(counts, repetition, levels, batch):
    lines = (
        n * repetition.get(t, 1) * (levels if t == "denoise" else 1) for t, n in counts.items()
    )
    return sum(lines) // batch


def evenly(steps, budget):
    return [steps * (talk + 1) // budget - 1 for talk in range(budget)]


WRONG = [
    ("when", evenly, "three quarters of that"),
    ("when", lambda steps, budget: range(steps - budget, steps), "needs many talks to mend"),
    ("when", lambda steps, budget: range(budget), "what they did apart late"),
    ("when", lambda steps, budget: range(steps), "20 are paid for"),
    ("share", all_the_same, "together they should see"),
    ("share", device_after_device, "Let the devices share the first half"),
    ("combine", lambda means, sizes: sum(means) / len(means), "counts three times as much"),
    (
        "combine",
        lambda means, sizes: sum(m * n for m, n in zip(means, sizes, strict=True)) / sum(sizes),
        "must not count",
    ),
    ("epoch", no_levels, "a line of its own"),
    ("epoch", rounded_down, "One line is left over"),
    ("workers", lambda wanted, gpus, made, taken: round(wanted / gpus / made), "too few"),
    (
        "workers",
        lambda wanted, gpus, made, taken: max(1, math.ceil(wanted / gpus / made)),
        "however many workers",
    ),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"ch19.{name}", answer)
    assert hint in capsys.readouterr().out


def test_micro_batches_of_other_sizes_are_told(capsys):
    def by_hand(step, rank, world, accumulate, batch):
        own = share(step, rank, world, 1, batch)[0]
        return [own[: 1 - accumulate] or own, *([p] for p in own[len(own) + 1 - accumulate :])]

    assert not check("ch19.share", by_hand)
    assert "all parts are of one size" in capsys.readouterr().out


def test_the_right_share_is_the_package():
    plan = recipe("restormer", "smoke", batch=12, accumulate=2, steps=3)
    for rank in range(3):
        shared = [[p for p, _ in micro] for micro in Positions(plan, 0, rank, 3)]
        assert shared == [m for step in range(3) for m in share(step, rank, 3, 2, 12)]
