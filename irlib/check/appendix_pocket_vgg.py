"""Exercises of the appendix on the pocket VGG: a distance of directions, levels in order."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal

_TOLERANCE = 1e-5


def _equal_maps_have_none(answer: Callable) -> None:
    a = random_normal(2, 4, 3, 5)
    close_to(
        answer(a, a), torch.zeros(2), "A map is at distance 0 from itself, one value a picture."
    )


def _size_does_not_matter(answer: Callable) -> None:
    a = random_normal(2, 4, 3, 5)
    close_to(
        answer(a, 7 * a),
        torch.zeros(2),
        "Seven times the map has the same directions. Divide each pixel's channels by their length "
        "before the maps are compared.",
    )


def _opposite_is_four(answer: Callable) -> None:
    a = random_normal(1, 4, 3, 5)
    close_to(
        answer(a, -a),
        torch.full((1,), 4.0),
        "Opposite directions are 2 apart, squared 4: sum over channels, mean over pixels.",
    )


def _zeros_stay_finite(answer: Callable) -> None:
    a, zero = random_normal(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
    close_to(
        answer(a, zero),
        torch.ones(1),
        "A pixel without any feature stays zero, at distance 1 from any direction.",
    )


def _directions_by_the_book(answer: Callable) -> None:
    a, b = random_normal(3, 5, 4, 6, seed=1), random_normal(3, 5, 4, 6, seed=2)
    cosine = F.cosine_similarity(a, b, dim=1).mean(dim=(1, 2))
    close_to(answer(a, b), 2 - 2 * cosine, "It is 2 minus twice the cosine, mean over pixels.")


exercise(
    "appendix-pocket-vgg.directions",
    ("a map is at distance 0 from itself", _equal_maps_have_none),
    ("the size of the features does not matter", _size_does_not_matter),
    ("opposite directions are at distance 4", _opposite_is_four),
    ("pixels without features stay finite", _zeros_stay_finite),
    ("it agrees with the cosine", _directions_by_the_book),
)


def _share(answer: Callable, rows: list[list[float]], expected: float, hint: str) -> None:
    seen = answer(torch.tensor(rows))
    assert abs(float(seen) - expected) < _TOLERANCE, (
        f"{rows} gave {float(seen):.3g}, expected {expected:.3g}. {hint}"
    )


def _rising_counts(answer: Callable) -> None:
    _share(answer, [[1.0, 2.0, 3.0], [0.1, 0.2, 0.9]], 1.0, "Both rows rise.")


def _the_middle_counts(answer: Callable) -> None:
    hint = "In the first row medium is farther than heavy, in the second nearer than light."
    _share(answer, [[1.0, 3.0, 2.0], [2.0, 1.0, 3.0], [1.0, 2.0, 3.0]], 1 / 3, hint)


def _ties_do_not(answer: Callable) -> None:
    hint = "A distance that does not tell two levels apart is not in order."
    _share(answer, [[1.0, 1.0, 2.0], [1.0, 2.0, 2.0], [0.0, 0.0, 0.0]], 0.0, hint)


exercise(
    "appendix-pocket-vgg.order",
    ("rows that rise count", _rising_counts),
    ("the middle level must lie between", _the_middle_counts),
    ("ties do not count", _ties_do_not),
)
