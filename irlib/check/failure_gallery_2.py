"""Exercises of failure gallery II: signs, the margin of an order, twins of test images."""

from collections.abc import Callable

import torch
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal


def _grid_has_channels(answer: Callable) -> None:
    entries = torch.tensor([[3.0, -0.5, 2e4]])
    close_to(
        answer(entries, 4),
        torch.tensor([0.5, -0.5, 0.5]).expand(1, 4, 3),
        "With 4 channels every entry becomes plus or minus one half, in each channel: its sign "
        "over the root of 4.",
    )


def _grid_equals_normalising(answer: Callable) -> None:
    entries = random_normal(3, 7)
    stacked = entries[:, None].expand(-1, 9, -1)
    close_to(
        answer(entries, 9),
        F.normalize(stacked, dim=1),
        "It must equal nine copies of the entries, divided by their length over the channels.",
    )


def _zero_stays(answer: Callable) -> None:
    close_to(answer(torch.zeros(2, 3), 5), torch.zeros(2, 5, 3), "A zero has no sign.")


def _sizes_are_lost(answer: Callable) -> None:
    entries = random_normal(2, 6)
    close_to(
        answer(1000 * entries, 16),
        answer(entries, 16),
        "Entries a thousand times larger must give the same grid.",
    )


exercise(
    "failure-gallery-2.signs",
    ("four channels give plus or minus one half", _grid_has_channels),
    ("it equals what the normalisation gives", _grid_equals_normalising),
    ("a zero stays zero", _zero_stays),
    ("the size of an entry is lost", _sizes_are_lost),
)


def _margin_of(scores: list[float], expected: float, answer: Callable, hint: str) -> None:
    close_to(torch.as_tensor(float(answer(torch.tensor(scores)))), torch.tensor(expected), hint)


def _half_of_the_gap(answer: Callable) -> None:
    hint = "0 and 1 can both move: they meet when each has gone half of the way."
    _margin_of([0.0, 1.0], 0.5, answer, hint)


def _smallest_gap_counts(answer: Callable) -> None:
    hint = "Sorted, 0, 0.2, 1 and 3 have a smallest gap of 0.2. The narrowest gap decides."
    _margin_of([1.0, 0.0, 3.0, 0.2], 0.1, answer, hint)


def _equal_scores_have_none(answer: Callable) -> None:
    hint = "Two equal scores have no margin at all."
    _margin_of([2.0, 5.0, 2.0], 0.0, answer, hint)


def _safe_within_and_not_beyond(answer: Callable) -> None:
    scores = random_normal(40)
    margin = float(answer(scores))
    order = scores.argsort(descending=True)
    signs = random_normal(200, 40, seed=1).sign()
    inside = (scores + 0.999 * margin * signs).argsort(dim=1, descending=True)
    assert (inside == order).all(), (
        f"You say {margin:.4g}, but changes just below that already gave another order."
    )
    place = int(scores[order].diff().abs().argmin())
    push = torch.zeros(40)
    push[order[place]], push[order[place + 1]] = -1.01 * margin, 1.01 * margin
    beyond = (scores + push).argsort(descending=True)
    assert not torch.equal(beyond, order), (
        f"You say {margin:.4g}, but there is a change just above that which keeps the order: "
        "the margin is wider."
    )


exercise(
    "failure-gallery-2.margin",
    ("two scores may each move half of the way", _half_of_the_gap),
    ("the narrowest gap decides, wherever its scores stand", _smallest_gap_counts),
    ("equal scores have no margin", _equal_scores_have_none),
    ("below it orders stay, above it one changes", _safe_within_and_not_beyond),
)

_BITS = (random_normal(6, 64) > 0).long()


def _flipped(bits: torch.Tensor, count: int) -> torch.Tensor:
    changed = bits.clone()
    changed[:count] = 1 - changed[:count]
    return changed


def _twins_are(answer: Callable, expected: list[int], *arguments: object, hint: str) -> None:
    found = [int(number) for number in answer(*arguments)]
    assert found == expected, f"It returned {found}, expected {expected}. {hint}"


def _exact_twins(answer: Callable) -> None:
    tests = torch.stack([_BITS[4], _BITS[1], _BITS[5]])
    strangers = (random_normal(3, 64, seed=5) > 0).long()
    hint = "Of three test images the second is in the list, bit for bit."
    _twins_are(answer, [1], _BITS[:3], tests, strangers, 0, hint=hint)


def _near_twins(answer: Callable) -> None:
    tests = torch.stack([_flipped(_BITS[0], 4), _flipped(_BITS[1], 5), _BITS[5]])
    strangers = (random_normal(3, 64, seed=5) > 0).long()
    hint = "The first differs from a listed image in 4 bits, the second in 5; at most 4 may differ."
    _twins_are(answer, [0], _BITS[:3], tests, strangers, 4, hint=hint)


def _mirrored_twins(answer: Callable) -> None:
    tests = (random_normal(3, 64, seed=6) > 0).long()
    mirrored = torch.stack([_BITS[5], _BITS[4], _flipped(_BITS[2], 3)])
    hint = "The mirrored third image differs from a listed one in 3 bits."
    _twins_are(answer, [2], _BITS[:3], tests, mirrored, 6, hint=hint)


def _each_once(answer: Callable) -> None:
    tests = torch.stack([_BITS[0], _BITS[1]])
    listed = torch.cat([_BITS[:2], _BITS[:2]])
    hint = "Each test image is named once, however many twins it has."
    _twins_are(answer, [0, 1], listed, tests, tests, 2, hint=hint)


exercise(
    "failure-gallery-2.twins",
    ("an exact copy is found", _exact_twins),
    ("a copy with a few other bits is found, with more it is not", _near_twins),
    ("a mirrored copy is found", _mirrored_twins),
    ("every test image is named once, in order", _each_once),
)
