"""Exercises of chapter 5: mixing prompts, and the learning rate of a run."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal
from irlib.nn import PromptGeneration
from irlib.training.schedules import warmup_cosine


def _prompt_has_the_size_asked_for(prompt: Callable) -> None:
    result = prompt(random_normal(2, 5), random_normal(5, 3, 4, 4), (6, 10))
    assert isinstance(result, Tensor), f"It returned {type(result).__name__}, not a tensor."
    shape = tuple(result.shape)
    assert shape == (2, 3, 6, 10), (
        f"Scores (2, 5), components (5, 3, 4, 4) and the size (6, 10) gave {shape}; expected "
        "(2, 3, 6, 10): one prompt an image, resized."
    )


def _equal_scores_give_the_mean(prompt: Callable) -> None:
    components = random_normal(5, 3, 4, 4)
    close_to(
        prompt(torch.full((1, 5), 2.0), components, (4, 4)),
        components.mean(dim=0, keepdim=True),
        "Shares sum to 1 for each image; a sigmoid's do not, and raw scores are no shares.",
    )


def _a_constant_changes_nothing(prompt: Callable) -> None:
    scores, components = random_normal(2, 5), random_normal(5, 3, 4, 4)
    close_to(
        prompt(scores + 3, components, (4, 4)),
        prompt(scores, components, (4, 4)),
        "A softmax sees differences of scores only.",
    )


def _a_high_score_picks(prompt: Callable) -> None:
    scores = torch.zeros(2, 5)
    scores[0, 1] = scores[1, 4] = 60
    components = random_normal(5, 3, 4, 4)
    close_to(
        prompt(scores, components, (4, 4)),
        components[[1, 4]],
        "Each image of a batch has its own mix: the softmax runs over the components, dim=-1, not "
        "over the batch.",
    )


def _mix_equals_the_package(prompt: Callable) -> None:
    block = PromptGeneration(dim=5, prompt_dim=3, prompt_len=5, prompt_size=8)
    scores = random_normal(2, 5)
    with torch.no_grad():
        # Head and convolution that pass on what they are given: what is left is mix and resize.
        block.weight_head.weight.copy_(torch.eye(5))
        block.weight_head.bias.zero_()
        block.conv.weight.zero_()
        block.conv.weight[range(3), range(3), 1, 1] = 1
        for size in ((8, 8), (12, 20), (5, 16)):
            expected = block(scores[:, :, None, None].expand(-1, -1, *size))
            close_to(
                prompt(scores, block.components.detach(), size),
                expected,
                f"Resizing 8x8 to {size[0]}x{size[1]} is bilinear, with align_corners=False and "
                "without antialiasing.",
            )


exercise(
    "ch05.prompt",
    ("the prompts have the shape (B, P, h, w)", _prompt_has_the_size_asked_for),
    ("equal scores give the mean of the components", _equal_scores_give_the_mean),
    ("a constant added to all scores changes nothing", _a_constant_changes_nothing),
    ("a very high score picks one component, for each image its own", _a_high_score_picks),
    ("the result equals irlib's, at other sizes too", _mix_equals_the_package),
)


def _number(seen: object, expected: float, where: str, hint: str) -> None:
    value = float(seen)  # type: ignore[arg-type]
    assert math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-12), (
        f"{where} the rate is {value:.6g}, not {expected:.6g}. {hint}"
    )


def _first_step_moves(rate_at: Callable) -> None:
    _number(
        rate_at(0, 100, 1.0, 9),
        0.1,
        "At step 0 of a warm-up of 9 steps to rate 1,",
        "With step / warmup the first batch would be computed in vain: use "
        "(step + 1) / (warmup + 1).",
    )


def _top_after_warmup(rate_at: Callable) -> None:
    _number(
        rate_at(9, 100, 0.5, 9), 0.5, "At step = warmup", "The cosine starts there, at its top."
    )


def _rises_evenly(rate_at: Callable) -> None:
    rates = [float(rate_at(step, 100, 1.0, 9)) for step in range(10)]
    rises = [after - before for before, after in itertools.pairwise(rates)]
    assert max(rises) - min(rises) < 1e-6, "The warm-up does not rise by the same amount each step."


def _half_way(rate_at: Callable) -> None:
    _number(
        rate_at(60, 110, 0.8, 10),
        0.4,
        "Half-way between the end of the warm-up and the end of the run",
        "The cosine's argument runs from 0 to pi over steps - warmup, not over steps.",
    )


def _ends_at_zero(rate_at: Callable) -> None:
    _number(rate_at(100, 100, 1.0, 9), 0.0, "At step = steps", "1 + cos(pi) is 0.")


def _no_warmup(rate_at: Callable) -> None:
    _number(rate_at(0, 100, 0.3, 0), 0.3, "Without warm-up, at step 0", "Nothing is divided by 0.")


def _rate_equals_the_package(rate_at: Callable) -> None:
    for step in range(0, 51, 5):
        expected = warmup_cosine(step, steps=50, rate=2e-3, warmup=12)
        _number(rate_at(step, 50, 2e-3, 12), expected, f"At step {step} of 50, warm-up 12,", "")


exercise(
    "ch05.rate",
    ("step 0 already learns, with rate / (warmup + 1)", _first_step_moves),
    ("step warmup is the first at the full rate", _top_after_warmup),
    ("the warm-up is a straight line", _rises_evenly),
    ("half-way down the cosine the rate is half", _half_way),
    ("at the end the rate is 0", _ends_at_zero),
    ("a run without warm-up starts at the full rate", _no_warmup),
    ("the rate equals irlib's", _rate_equals_the_package),
)
