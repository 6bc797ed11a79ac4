"""Exercises of failure gallery I: plausible wrong answers are told what they got wrong."""

import math

import pytest
import torch

from irlib.check import check


def forgets_the_guide(y, mixers):
    x = torch.zeros_like(y)
    for mix in mixers:
        x = x + mix(x, y)
    return x


def exchanges_the_arguments(y, mixers):
    x = y
    for mix in mixers:
        x = x + mix(y, x)
    return x


def restarts(y, mixers):
    x = y
    for mix in mixers:
        x = y + mix(x, y)
    return x


def overflows(tiers, scale):
    return -math.log(math.exp(scale) / (math.exp(scale) + (tiers - 1) * math.exp(-scale)))


WRONG = [
    ("level", forgets_the_guide, "must return the guide"),
    ("level", exchanges_the_arguments, "features so far first"),
    ("level", restarts, "starts from the guide again"),
    ("floor", lambda k, s: math.log(1 + (k - 1) * math.exp(-s)), "-1 with the other two"),
    ("floor", overflows, "OverflowError"),
    ("clamp", lambda x: x, "ordinary clamp"),
    ("clamp", lambda x: x.clamp(0, 1).detach(), "detached it altogether"),
    ("clamp", torch.sigmoid, "ordinary clamp"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"failure-gallery-1.{name}", answer)
    assert hint in capsys.readouterr().out
