"""Exercises of failure gallery II: plausible wrong answers are told what they got wrong."""

import pytest

from irlib.check import check


def divides_by_channels(entries, channels):
    return (entries.sign() / channels)[:, None].repeat(1, channels, 1)


def keeps_sizes(entries, channels):
    return (entries / channels**0.5)[:, None].repeat(1, channels, 1)


def whole_gap(scores):
    return scores.sort().values.diff().min()


def unsorted(scores):
    return scores.diff().abs().min() / 2


def exact_only(listed, tests, mirrored, most):
    same = (tests[:, None] == listed[None]).all(dim=2)
    return same.any(dim=1).nonzero().flatten().tolist()


def never_mirrored(listed, tests, mirrored, most):
    apart = (tests[:, None] != listed[None]).sum(dim=2)
    return (apart.amin(dim=1) <= most).nonzero().flatten().tolist()


def once_a_twin(listed, tests, mirrored, most):
    apart = (tests[:, None] != listed[None]).sum(dim=2)
    other = (mirrored[:, None] != listed[None]).sum(dim=2)
    return ((apart <= most) | (other <= most)).nonzero()[:, 0].tolist()


WRONG = [
    ("signs", divides_by_channels, "over the root of 4"),
    ("signs", keeps_sizes, "plus or minus one half"),
    ("margin", whole_gap, "half of the way"),
    ("margin", unsorted, "The narrowest gap decides"),
    ("margin", lambda scores: 0.5, "narrowest gap"),
    ("twins", exact_only, "in 4 bits"),
    ("twins", never_mirrored, "mirrored third image"),
    ("twins", once_a_twin, "named once"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"failure-gallery-2.{name}", answer)
    assert hint in capsys.readouterr().out
