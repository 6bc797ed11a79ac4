"""Chapter 5: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check
from irlib.training.schedules import warmup_cosine


def mixed_by(shares, components, size, **how):
    mix = torch.einsum("bn,npst->bpst", shares, components)
    return F.interpolate(mix, size, mode="bilinear", **how)


def right_prompt(scores, components, size):
    return mixed_by(scores.softmax(dim=-1), components, size)


def over_the_batch(scores, components, size):
    return mixed_by(scores.softmax(dim=0), components, size)


def sigmoid(scores, components, size):
    return mixed_by(scores.sigmoid(), components, size)


def antialiased(scores, components, size):
    return mixed_by(scores.softmax(dim=-1), components, size, antialias=True)


def aligned_corners(scores, components, size):
    return mixed_by(scores.softmax(dim=-1), components, size, align_corners=True)


def not_resized(scores, components, size):
    return mixed_by(scores.softmax(dim=-1), components, components.shape[-2:])


def right_rate(step, steps, rate, warmup):
    return warmup_cosine(step, steps=steps, rate=rate, warmup=warmup)


def from_zero(step, steps, rate, warmup):
    return rate * step / warmup if step < warmup else right_rate(step, steps, rate, warmup)


def cosine_over_all_steps(step, steps, rate, warmup):
    return (
        right_rate(step, steps, rate, warmup)
        if step <= warmup
        else right_rate(step, steps, rate, 0)
    )


@pytest.mark.parametrize(
    ("name", "answer"), [("ch05.prompt", right_prompt), ("ch05.rate", right_rate)]
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch05.prompt", over_the_batch, "for each image"),
        ("ch05.prompt", sigmoid, "sigmoid"),
        ("ch05.prompt", antialiased, "without antialiasing"),
        ("ch05.prompt", aligned_corners, "align_corners=False"),
        ("ch05.prompt", not_resized, "resized"),
        ("ch05.rate", from_zero, "(step + 1)"),
        ("ch05.rate", cosine_over_all_steps, "steps - warmup"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
