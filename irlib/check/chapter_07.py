"""Exercises of chapter 7: folds, the loss of triplets, rising quality, and fooling the judge."""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import random_directions, random_normal, same_shape
from irlib.data.photos import photo
from irlib.degradations import gaussian_noise
from irlib.foundation import load_clip
from irlib.losses import tier_cross_entropy, tier_logits
from irlib.perceiver.folds import fold_of
from irlib.perceiver.gate import acceptance, expected_quality
from irlib.perceiver.prompt_files import SHIPPED, load_prompts


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


_BUDGET = 4 / 255


def _likes_light(images: Tensor) -> Tensor:
    return images.mean(dim=(1, 2, 3))


def _keeps_to_the_budget(fool: Callable) -> None:
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for budget in (_BUDGET, 0.1):
        moved = same_shape(fool(_likes_light, images, budget), images.shape) - images
        most = moved.abs().max().item()
        assert most <= budget + 1e-6, (
            f"A value moved by {most:.4f}, and the budget is {budget:.4f}. After each step, clamp "
            "to the picture plus and minus the budget."
        )


def _stays_a_picture(fool: Callable) -> None:
    images = (torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    found = fool(_likes_light, images, 0.1)
    low, high = found.min().item(), found.max().item()
    assert 0 <= low <= high <= 1, f"Values run from {low:.3f} to {high:.3f}; expected 0 to 1."


def _climbs(fool: Callable) -> None:
    images = 0.2 + 0.6 * torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    rise = (_likes_light(fool(_likes_light, images, _BUDGET)) - _likes_light(images)).min().item()
    assert rise > 0.9 * _BUDGET, (
        f"A judge that likes light gives {rise:.4f} more; {_BUDGET:.4f} is possible. Take the "
        "gradient of the judge with respect to the picture, and go uphill by its sign."
    )


@functools.cache
def _pocket_judge() -> Callable[[Tensor], Tensor]:
    clip = load_clip("pocket")
    text = load_prompts(SHIPPED, clip).encode(clip).detach()
    return lambda images: expected_quality(tier_logits(clip.encode_image(images), text, 100.0))


def _beats_the_clean_photograph(fool: Callable) -> None:
    judge, places = _pocket_judge(), {"chelsea": (80, 180), "coffee": (150, 300)}
    clean = torch.stack([photo(n)[:, i : i + 64, j : j + 64] for n, (i, j) in places.items()])
    noisy = gaussian_noise(clean, 25.0, generator=torch.Generator().manual_seed(0)).image
    fooled = fool(judge, noisy, _BUDGET).detach()
    with torch.no_grad():
        marks = [judge(images).tolist() for images in (noisy, fooled, clean)]
    for name, before, after, wanted in zip(places, *marks, strict=True):
        assert after > wanted, (
            f"On {name} the judge's mark went from {before:.2f} to {after:.2f}; the clean "
            f"photograph has {wanted:.2f}, and 2 is the best. One step is not enough: the slope "
            "changes on the way."
        )


exercise(
    "ch07.fool",
    ("no value moves by more than the budget", _keeps_to_the_budget),
    ("values stay between 0 and 1", _stays_a_picture),
    ("a judge that likes light is given light", _climbs),
    ("noisy photographs are rated above clean ones", _beats_the_clean_photograph),
)
