"""Chapter 5: a right answer passes, and each plausible wrong one is told what it got wrong."""

import copy

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


def never(network, image, steps=2, copied=True, frozen=False, called_only=False):
    trial = copy.deepcopy(network) if copied else network
    descent = torch.optim.SGD(trial.parameters(), lr=1e-2)
    heard = set()
    for _ in range(steps):
        descent.zero_grad()
        trial(image).square().mean().backward()
        heard |= {n for n, p in trial.named_parameters() if p.grad is not None and p.grad.any()}
        descent.step()
    silent = [n for n, p in trial.named_parameters() if n not in heard]
    asked = {n for n, p in trial.named_parameters() if frozen or p.requires_grad}
    return [n for n in silent if n in asked and not (called_only and n.startswith("spare"))]


def one_step(network, image):
    return never(network, image, steps=1)


def in_place(network, image):
    return never(network, image, copied=False)


def with_the_frozen(network, image):
    return never(network, image, frozen=True)


def called_only(network, image):
    return never(network, image, called_only=True)


def each_alone(x, weight, bias):
    return (torch.einsum("nc,bchw->bnhw", weight, x) + bias[:, None, None]).softmax(dim=1)


def one_mean(x, weight, bias):
    return each_alone(x.mean((2, 3), keepdim=True), weight, bias).expand(-1, -1, *x.shape[2:])


def averaged(x, weight, bias, window=17, zeros_count=False):
    means = F.avg_pool2d(x, window, 1, window // 2, count_include_pad=zeros_count)
    return each_alone(means, weight, bias)


def zeros_at_the_border(x, weight, bias):
    return averaged(x, weight, bias, zeros_count=True)


def narrow(x, weight, bias):
    return averaged(x, weight, bias, window=3)


def shares_over_places(x, weight, bias):
    scores = torch.einsum("nc,bchw->bnhw", weight, x) + bias[:, None, None]
    return scores.flatten(2).softmax(dim=2).view_as(scores)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch05.prompt", right_prompt),
        ("ch05.rate", right_rate),
        ("ch05.never", never),
        ("ch05.local_shares", averaged),
    ],
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
        ("ch05.never", one_step, "Look at two steps"),
        ("ch05.never", in_place, "Ask a copy"),
        ("ch05.never", with_the_frozen, "requires_grad is False"),
        ("ch05.never", called_only, "never called"),
        ("ch05.local_shares", one_mean, "by its surroundings"),
        ("ch05.local_shares", narrow, "surroundings"),
        ("ch05.local_shares", zeros_at_the_border, "Zeros beyond the border"),
        ("ch05.local_shares", shares_over_places, "dim=1"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
