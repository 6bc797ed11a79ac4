"""Exercises of chapter 18: a paired interval, many questions, unbeaten systems, many looks."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from irlib.check import exercise

_RNG = np.random.default_rng(0)
_HARD = _RNG.normal(28, 4, size=40)
_DRAWN = _RNG.integers(40, size=(500, 40))


def _is_interval(answer: Callable, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    low, high = (float(end) for end in answer(first, second, _DRAWN))
    assert low <= high, f"It returned {low:.4g} and {high:.4g}; the lower end comes first."
    return low, high


def _a_constant_gain_is_certain(answer: Callable) -> None:
    low, high = _is_interval(answer, _HARD + 0.5, _HARD)
    assert max(abs(low - 0.5), abs(high - 0.5)) < 1e-9, (
        f"Half a dB more on every image gives exactly 0.5 in every draw, not {low:.3g} to "
        f"{high:.3g}. Take the differences first: what makes an image hard cancels."
    )


def _no_difference_is_zero(answer: Callable) -> None:
    low, high = _is_interval(answer, _HARD, _HARD)
    assert (low, high) == (0, 0), f"A system against itself gave {low:.3g} to {high:.3g}."


def _ninety_of_a_hundred(answer: Callable) -> None:
    first = _HARD + np.random.default_rng(1).normal(0.1, 0.5, size=40)
    low, high = _is_interval(answer, first, _HARD)
    means = (first - _HARD)[_DRAWN].mean(axis=1)
    inside = ((means >= low) & (means <= high)).mean()
    assert abs(inside - 0.9) < 0.02, (
        f"{100 * inside:.0f} of 100 resampled means lie inside; the middle 90 should. Cut off 5 at "
        "either end."
    )


def _first_minus_second(answer: Callable) -> None:
    first = _HARD + np.random.default_rng(1).normal(0.3, 0.5, size=40)
    forth, back = _is_interval(answer, first, _HARD), _is_interval(answer, _HARD, first)
    assert np.allclose(forth, (-back[1], -back[0])), (
        f"Exchanged, the systems gave {back[0]:.3g} to {back[1]:.3g} after {forth[0]:.3g} to "
        f"{forth[1]:.3g}: the interval should turn around zero."
    )


exercise(
    "ch18.interval",
    ("the same gain on every image is certain", _a_constant_gain_is_certain),
    ("a system does not differ from itself", _no_difference_is_zero),
    ("90 of 100 resampled means lie inside", _ninety_of_a_hundred),
    ("exchanging the systems turns the interval around", _first_minus_second),
)


def _holm_counts(
    answer: Callable, p_values: Sequence[float], alpha: float, expected: int, hint: str
) -> None:
    found = int(answer(list(p_values), alpha))
    assert found == expected, (
        f"Of {', '.join(f'{p:g}' for p in p_values)} at level {alpha:g} it accepted {found}, "
        f"expected {expected}. {hint}"
    )


def _one_question(answer: Callable) -> None:
    hint = "A single question needs no correction."
    _holm_counts(answer, [0.04], 0.05, 1, hint)
    _holm_counts(answer, [0.06], 0.05, 0, hint)


def _many_questions_cost(answer: Callable) -> None:
    hint = "The smallest of five is compared with a fifth of the level."
    _holm_counts(answer, [0.02, 0.3, 0.4, 0.5, 0.6], 0.05, 0, hint)


def _the_next_is_easier(answer: Callable) -> None:
    hint = "After 0.01 passed 0.05 / 3, the next has only two questions left: 0.02 passes 0.05 / 2."
    _holm_counts(answer, [0.6, 0.02, 0.01], 0.05, 2, hint)


def _it_stops(answer: Callable) -> None:
    hint = "0.03 fails 0.05 / 2, and what comes after a failure is not asked: 0.04 is out too."
    _holm_counts(answer, [0.01, 0.03, 0.04], 0.05, 1, hint)


def _all_may_pass(answer: Callable) -> None:
    _holm_counts(answer, [0.001, 0.002, 0.003, 0.05], 0.05, 4, "All four pass their levels.")
    _holm_counts(answer, [], 0.05, 0, "Without a question there is no answer.")


exercise(
    "ch18.holm",
    ("one question is compared with the level itself", _one_question),
    ("many questions make the first comparison stricter", _many_questions_cost),
    ("each yes makes the next comparison easier", _the_next_is_easier),
    ("the first no ends it", _it_stops),
    ("all may pass, and there may be none", _all_may_pass),
)


def _front_is(
    answer: Callable, systems: Mapping[str, tuple[float, float]], expected: list[str], hint: str
) -> None:
    found = list(answer(dict(systems)))
    shown = ", ".join(f"{name} {quality, cost}" for name, (quality, cost) in systems.items())
    assert found == expected, f"Of {shown} it returned {found}, expected {expected}. {hint}"


def _cheap_and_good_both_stay(answer: Callable) -> None:
    hint = "The cheap one and the good one both stay: neither beats the other in both."
    _front_is(answer, {"good": (30, 10), "cheap": (28, 1)}, ["cheap", "good"], hint)


def _worse_in_both_goes(answer: Callable) -> None:
    systems = {"good": (30, 10), "cheap": (28, 1), "neither": (27, 5)}
    _front_is(answer, systems, ["cheap", "good"], "The third is worse and dearer than the cheap.")


def _equal_in_one(answer: Callable) -> None:
    hint = "At the same cost the better one wins; at the same quality the cheaper one."
    _front_is(answer, {"a": (30, 5), "b": (29, 5), "c": (30, 6)}, ["a"], hint)


def _twins_stay(answer: Callable) -> None:
    hint = "Two equal systems: neither is strictly better, so nobody beats either."
    _front_is(answer, {"b": (30, 5), "a": (30, 5)}, ["a", "b"], hint)


exercise(
    "ch18.front",
    ("a cheap one and a good one both stay", _cheap_and_good_both_stay),
    ("what is worse and dearer goes", _worse_in_both_goes),
    ("equal in one, better in the other: beaten", _equal_in_one),
    ("twins stay, and names are sorted", _twins_stay),
)


#: Comparisons of each kind, images of each, and how many images lie between two looks.
_COMPARISONS, _IMAGES, _LOOK = 400, 100, 10


def _one_look(answer: Callable) -> None:
    clear = np.array([0.5, 0.6, 0.5, 0.4] * 25)
    assert answer(clear), "A hundred images at about 0.5 dB, none below 0.4: call it real."
    assert not answer(np.array([0.2, -0.2] * 50)), (
        "A hundred images at 0.2 dB for one and for the other in turn: there is nothing to settle."
    )


def _stopped(answer: Callable, effect: float, seed: int, until: int = _IMAGES) -> float:
    """Share of comparisons that a rule calls real at one of its looks."""
    sides = np.where(np.arange(_COMPARISONS) % 2, 1.0, -1.0)[:, None]
    noise = np.random.default_rng(seed).standard_normal((_COMPARISONS, _IMAGES))
    looks = range(_LOOK, until + 1, _LOOK)
    gaps = 0.2 * (noise + effect * sides)
    return sum(any(answer(row[:n].copy()) for n in looks) for row in gaps) / _COMPARISONS


def _nothing_is_rarely_real(answer: Callable) -> None:
    share = _stopped(answer, 0, seed=1)
    assert share <= 0.07, (
        f"Without any difference it called {share:.1%} of the comparisons real, expected at most "
        "7 of 100. Ten looks are ten chances to err: each must be stricter than a single one."
    )


def _small_ones_are_found(answer: Callable) -> None:
    share = _stopped(answer, 0.4, seed=2)
    assert share >= 0.6, (
        f"Of small differences, in either direction, it found {share:.1%} within 100 images, "
        "expected 6 of 10. It is too strict, or looks to one side only."
    )


def _large_ones_are_found_early(answer: Callable) -> None:
    share = _stopped(answer, 1.0, seed=3, until=40)
    assert share >= 0.75, (
        f"Of large differences it found {share:.1%} within 40 images, expected 3 of 4. What is "
        "clear early should be said early."
    )


exercise(
    "ch18.settled",
    ("what is clear is settled and chance is not", _one_look),
    ("where there is nothing it seldom stops", _nothing_is_rarely_real),
    ("small differences are mostly found", _small_ones_are_found),
    ("large differences are found early", _large_ones_are_found_early),
)
