"""Exercises of chapter 7: the folds, the loss of triplets, and whether quality rises."""

import math
from collections.abc import Callable

import torch

from irlib.check import exercise
from irlib.check.answers import random_directions, random_normal
from irlib.losses import tier_cross_entropy
from irlib.perceiver.folds import fold_of
from irlib.perceiver.gate import acceptance


def _names(count: int) -> list[str]:
    return [f"train/{number:04}.png" for number in range(count)]


def _is_zero_or_one(fold: Callable) -> None:
    seen = {fold("derain", name) for name in _names(50)}
    assert seen <= {0, 1}, f"Among 50 names it returned {sorted(seen)}; expected 0 and 1."


def _same_every_time(fold: Callable) -> None:
    first, second = ([fold("derain", name) for name in _names(50)] for _ in range(2))
    assert first == second, "Two calls with the same name disagree; nothing random may take part."


def _halves(fold: Callable) -> None:
    share = sum(fold("denoise", name) for name in _names(2000)) / 2000
    assert abs(share - 0.5) < 0.05, f"{share:.0%} of 2,000 names are in fold 1; expected half."


def _task_counts(fold: Callable) -> None:
    changed = sum(fold("derain", name) != fold("deblur", name) for name in _names(400))
    assert changed > 100, (
        f"Another task changes the fold of {changed} of 400 names; expected about half. The text "
        'that is hashed is "task|path".'
    )


def _fold_equals_the_package(fold: Callable) -> None:
    for name in _names(100):
        expected, seen = fold_of("dehaze", name), fold("dehaze", name)
        assert seen == expected, (
            f"dehaze, {name} gave {seen}; expected {expected}. Take the first 8 bytes of the SHA-1 "
            'of "task|path" as one number, the big end first, modulo 2.'
        )


exercise(
    "ch07.fold",
    ("the fold is 0 or 1", _is_zero_or_one),
    ("the same name is always in the same fold", _same_every_time),
    ("about half of many names are in each", _halves),
    ("the task takes part", _task_counts),
    ("the folds equal irlib's", _fold_equals_the_package),
)


def _value(loss: object, expected: float, where: str, hint: str) -> None:
    seen = float(loss)  # type: ignore[arg-type]
    assert math.isclose(seen, expected, rel_tol=1e-4, abs_tol=1e-6), (
        f"{where} the loss is {seen:.5f}, not {expected:.5f}. {hint}"
    )


def _alike_is_guessing(loss: Callable) -> None:
    text = random_directions(1, 8).expand(3, 8)
    _value(
        loss(random_directions(4, 3, 8), text, 100.0),
        math.log(3),
        "With three equal prompts",
        "Then every tier is as likely as any other, and the loss is ln 3.",
    )


def _right_order_of_tiers(loss: Callable) -> None:
    text = torch.eye(3)
    right = float(loss(text.expand(4, 3, 3), text, 20.0))
    assert right < 1e-3, (
        f"Every image points exactly at its own prompt, and the loss is {right:.3f} at scale 20; "
        "expected almost 0. After flatten(0, 1) the tiers run 0 1 2 0 1 2 …, scene after scene."
    )


def _scale_takes_part(loss: Callable) -> None:
    text = torch.eye(3)
    _value(
        loss(text[None], text, 2.0),
        math.log(1 + 2 * math.exp(-2)),
        "At scale 2, with cosines 1 and 0,",
        "The scale multiplies the cosines before the softmax.",
    )


def _mean_of_images(loss: Callable) -> None:
    features, text = random_directions(5, 3, 8), random_directions(3, 8, seed=1)
    one, two = (float(loss(f, text, 5.0)) for f in (features, torch.cat([features, features])))
    assert math.isclose(one, two, rel_tol=1e-4), (
        f"The same scenes twice change the loss from {one:.4f} to {two:.4f}; it is a mean."
    )


def _loss_equals_the_package(loss: Callable) -> None:
    for tiers in (2, 3, 4):
        features, text = random_directions(6, tiers, 16), random_directions(tiers, 16, seed=1)
        expected = tier_cross_entropy(
            features.flatten(0, 1), text, torch.arange(tiers).repeat(6), 10.0
        )
        where = f"For 6 scenes in {tiers} tiers, scale 10,"
        _value(loss(features, text, 10.0), float(expected), where, "")


exercise(
    "ch07.loss",
    ("equal prompts give ln 3", _alike_is_guessing),
    ("each image belongs to its own tier", _right_order_of_tiers),
    ("the scale takes part", _scale_takes_part),
    ("the loss is a mean over all images", _mean_of_images),
    ("the loss equals irlib's for 2, 3 and 4 tiers", _loss_equals_the_package),
)


def _share(seen: object, expected: float, where: str, hint: str) -> None:
    value = float(seen)  # type: ignore[arg-type]
    assert math.isclose(value, expected, abs_tol=1e-6), (
        f"{where} the share is {value:.3f}, not {expected:.3f}. {hint}"
    )


def _sure_and_right(ordered: Callable) -> None:
    _share(ordered(20 * torch.eye(3).expand(4, 3, 3)), 1.0, "A judge that is sure and right:", "")


def _upside_down(ordered: Callable) -> None:
    logits = 20 * torch.eye(3).flip(0).expand(4, 3, 3)
    _share(ordered(logits), 0.0, "A judge that is sure and upside down:", "Quality falls there.")


def _equal_is_not_rising(ordered: Callable) -> None:
    hint = "Equal expected tiers do not rise: the comparison is strict."
    _share(ordered(torch.zeros(4, 3, 3)), 0.0, "A judge without opinion:", hint)


def _a_hint_is_enough(ordered: Callable) -> None:
    logits = torch.zeros(1, 3, 3)
    logits[0, :, 2] = torch.tensor([3.0, 3.5, 4.0])  # always the best tier, ever more so
    hint = "The most probable tier never changes here, but the expected one rises."
    _share(ordered(logits), 1.0, "A judge that calls all three images excellent, ever surer:", hint)


def _ordered_equals_the_package(ordered: Callable) -> None:
    for tiers in (2, 3, 4):
        logits = 3 * random_normal(200, tiers, tiers, seed=tiers)
        report = acceptance(logits, torch.zeros(200, dtype=torch.long), ("any",))
        _share(ordered(logits), report.ordered, f"For 200 random scenes in {tiers} tiers", "")


exercise(
    "ch07.ordered",
    ("a judge that is sure and right has share 1", _sure_and_right),
    ("one that is upside down has share 0", _upside_down),
    ("no opinion is no rise", _equal_is_not_rising),
    ("the expected tier counts, not the most probable one", _a_hint_is_enough),
    ("the share equals irlib's for 2, 3 and 4 tiers", _ordered_equals_the_package),
)
