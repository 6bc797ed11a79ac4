"""Exercises of failure gallery I: a level with a highway, the floor of a loss, a kind clamp."""

import math
from collections.abc import Callable

import torch

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal

_TOLERANCE = 1e-5


def _silent_blocks_return_the_guide(answer: Callable) -> None:
    y = random_normal(2, 3, 4, 4)
    close_to(
        answer(y, [lambda x, y: torch.zeros_like(x)] * 3),
        y,
        "Three blocks that add nothing must return the guide: the first block starts from it.",
    )


def _every_addition_is_kept(answer: Callable) -> None:
    y = random_normal(1, 2, 3, 3)
    parts = [random_normal(1, 2, 3, 3, seed=seed) for seed in (1, 2, 3)]
    mixers = [lambda x, y, part=part: part for part in parts]
    close_to(
        answer(y, mixers),
        y + sum(parts),
        "Three blocks add fixed maps; the output is the guide plus all three. If only the last "
        "one is left, each block starts from the guide again.",
    )


def _blocks_see_features_and_guide(answer: Callable) -> None:
    y = random_normal(1, 2, 3, 3)
    mixers = [lambda x, y: torch.ones_like(x), lambda x, y: 2 * x - y]
    close_to(
        answer(y, mixers),
        (y + 1) + 2 * (y + 1) - y,
        "mix takes the features so far first and the shared guide second.",
    )


def _gradient_reaches_the_first_block(answer: Callable) -> None:
    y = random_normal(1, 2, 3, 3)
    first = torch.zeros_like(y, requires_grad=True)
    silent = [lambda x, y: torch.zeros_like(x)] * 7
    out = answer(y, [lambda x, y: first, *silent])
    out.sum().backward()
    seen = 0.0 if first.grad is None else first.grad.mean().item()
    assert abs(seen - 1) < _TOLERANCE, (
        f"Seven blocks further on, the gradient of what block 1 added is {seen:.2g}; on a highway "
        "it is 1."
    )


exercise(
    "failure-gallery-1.level",
    ("blocks that add nothing return the guide", _silent_blocks_return_the_guide),
    ("what every block adds is in the output", _every_addition_is_kept),
    ("a block sees the features so far and the guide", _blocks_see_features_and_guide),
    ("the gradient reaches the first of eight blocks", _gradient_reaches_the_first_block),
)


def _near(seen: object, expected: float, hint: str) -> None:
    value = float(seen)
    assert math.isfinite(value), f"It returned {value}. {hint}"
    assert abs(value - expected) < 1e-6 + 1e-4 * expected, (
        f"It returned {value:.6g}, expected {expected:.6g}. {hint}"
    )


def _three_tiers_scale_one(answer: Callable) -> None:
    _near(
        answer(3, 1),
        -math.log(math.e / (math.e + 2 / math.e)),
        "At best the cosine is 1 with the image's own tier and -1 with the other two.",
    )


def _one_tier_costs_nothing(answer: Callable) -> None:
    _near(answer(1, 1), 0.0, "With a single tier its probability is 1 whatever the cosine.")


def _no_scale_means_guessing(answer: Callable) -> None:
    _near(answer(4, 0), math.log(4), "With scale 0 all tiers are equally likely.")


def _by_search(answer: Callable) -> None:
    for tiers, scale in ((2, 0.5), (3, 2.0), (4, 1.5)):
        grid = torch.linspace(-1, 1, 41, dtype=torch.float64)
        own, other = torch.meshgrid(grid, grid, indexing="ij")
        loss = torch.log(1 + (tiers - 1) * torch.exp(scale * (other - own)))
        hint = f"{tiers} tiers, scale {scale}: the least value over a grid of cosines."
        _near(answer(tiers, scale), loss.min().item(), hint)


def _large_scales_are_fine(answer: Callable) -> None:
    hint = "exp(1000) overflows: divide by the largest exponential first, e^scale."
    for scale in (100, 1000):
        _near(answer(3, scale), 0.0, hint)


exercise(
    "failure-gallery-1.floor",
    ("with three tiers and scale 1 it is the value in the text", _three_tiers_scale_one),
    ("with one tier it is 0", _one_tier_costs_nothing),
    ("with scale 0 it is the logarithm of the number of tiers", _no_scale_means_guessing),
    ("it equals a search over cosines", _by_search),
    ("it works for scales of 100 and 1000", _large_scales_are_fine),
)


def _values_are_clamped(answer: Callable) -> None:
    x = 3 * random_normal(2, 3, 8, 8)
    close_to(answer(x), x.clamp(0, 1), "Forward it is an ordinary clamp to [0, 1].")


def _inside_nothing_changes(answer: Callable) -> None:
    x = torch.linspace(0, 1, 11)
    close_to(answer(x), x, "Values that are in [0, 1] stay as they are.")


def _gradient_is_one_everywhere(answer: Callable) -> None:
    x = torch.tensor([-2.0, -0.1, 0.4, 1.1, 5.0], requires_grad=True)
    clamped = answer(x)
    assert clamped.requires_grad, "No gradient reaches x: something detached it altogether."
    (gradient,) = torch.autograd.grad(clamped.sum(), x)
    close_to(
        gradient,
        torch.ones_like(x),
        f"At -2, -0.1, 0.4, 1.1 and 5 the gradients were {[round(g, 3) for g in gradient.tolist()]}"
        "; each should be 1. Add to x a difference that carries no gradient.",
    )


def _weights_pass_through(answer: Callable) -> None:
    x = (3 * random_normal(4, 5)).requires_grad_()
    weight = random_normal(4, 5, seed=1)
    (gradient,) = torch.autograd.grad((weight * answer(x)).sum(), x)
    close_to(gradient, weight, "Behind a weighted sum the gradient is the weight.")


exercise(
    "failure-gallery-1.clamp",
    ("values are clamped to [0, 1]", _values_are_clamped),
    ("values inside stay", _inside_nothing_changes),
    ("the gradient is 1 inside and outside", _gradient_is_one_everywhere),
    ("what arrives is passed on", _weights_pass_through),
)
