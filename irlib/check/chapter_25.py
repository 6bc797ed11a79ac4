"""Exercises of chapter 25: averages over turns, a dose, runs, forgetting, the next run."""

import random
import statistics
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise


def _picture(seed: int = 0, height: int = 6, width: int = 10) -> Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def _averaged(answer: Callable, restore: Callable, image: Tensor) -> Tensor:
    found = answer(restore, image)
    assert found.shape == image.shape, (
        f"It returned {tuple(found.shape)}, expected the shape it was given, {tuple(image.shape)}."
    )
    return found


def _all_eight(answer: Callable) -> None:
    given: list[Tensor] = []

    def restore(image: Tensor) -> Tensor:
        given.append(image)
        return image

    _averaged(answer, restore, _picture())
    seen = {(tuple(image.shape), tuple(image.flatten().tolist())) for image in given}
    assert len(seen) == 8, (
        f"The network saw {len(seen)} different pictures, expected 8: four turns of a quarter, "
        "each as it is and mirrored."
    )


def _nothing_done(answer: Callable) -> None:
    image = _picture(1)
    error = float((_averaged(answer, lambda given: given, image) - image).abs().max())
    assert error < 1e-6, (
        f"With a network that does nothing the picture came back {error:.3f} away. Undo the turn "
        "and the reflection in the opposite order."
    )


def _no_direction_left(answer: Callable) -> None:
    slope = torch.linspace(-1, 1, 8)[:, None].expand(3, 8, 8)
    image = _picture(2, 8, 8)
    error = float((_averaged(answer, lambda given: given + slope, image) - image).abs().max())
    assert error < 1e-5, (
        f"A network that always brightens the lower half left {error:.3f} of it; over all eight "
        "turns, turned back, that cancels."
    )


exercise(
    "ch25.average",
    ("a network that does nothing leaves the picture", _nothing_done),
    ("the network sees eight different pictures", _all_eight),
    ("what leans to one side cancels", _no_direction_left),
)


def _dose_of(answer: Callable, dose: float, across: float = 0.0) -> float:
    degraded, restored = _picture(3), _picture(4)
    change = restored - degraded
    other = _picture(5) - 0.5
    other = other - change * (change * other).sum() / change.square().sum()
    return float(answer(degraded, restored, degraded + dose * change + across * other))


def _found(answer: Callable) -> None:
    for dose in (0.5, 1.0, 1.3):
        found = _dose_of(answer, dose)
        assert abs(found - dose) < 1e-4, f"The best dose was {dose}, it returned {found:.4f}."


def _against(answer: Callable) -> None:
    found = _dose_of(answer, -0.4)
    assert abs(found + 0.4) < 1e-4, (
        f"Where the network went the wrong way the best dose is -0.4; it returned {found:.4f}. "
        "Keep the sign: project what was wanted onto what was done."
    )


def _across(answer: Callable) -> None:
    found = _dose_of(answer, 0.7, across=1.5)
    assert abs(found - 0.7) < 1e-3, (
        f"With an error across the change the best dose is still 0.7; it returned {found:.4f}. "
        "Sizes alone do not do: what counts is the part along the change."
    )


def _no_change(answer: Callable) -> None:
    image = _picture(6)
    found = float(answer(image, image, _picture(7)))
    assert found == 1, f"Where nothing was changed it returned {found}, expected 1."


exercise(
    "ch25.dose",
    ("a known dose is found", _found),
    ("what lies across the change does not count", _across),
    ("a wrong way has a negative dose", _against),
    ("no change is no accident", _no_change),
)


def _runs_of(answer: Callable, expected: int, hint: str, *given: float) -> None:
    found = answer(*given)
    assert found == expected, f"For {given} it returned {found}, expected {expected}. {hint}"


def _some_runs(answer: Callable) -> None:
    hint = "Both means spread, so the error is that of one mean times the root of 2."
    _runs_of(answer, 8, hint, 0.1, 0.1, 2)
    _runs_of(answer, 18, hint, 0.1, 0.1, 3)


def _rounded_up(answer: Callable) -> None:
    _runs_of(answer, 3, "Round up: with one run less it does not suffice.", 0.17, 0.1, 2)


def _one_at_least(answer: Callable) -> None:
    _runs_of(answer, 1, "Without a run there is no mean.", 10.0, 0.1, 2)


exercise(
    "ch25.runs",
    ("the error is that of a difference of two means", _some_runs),
    ("the number is rounded up", _rounded_up),
    ("one run is the least", _one_at_least),
)


def _forgets(answer: Callable, scores: list[list[float]], expected: float, hint: str) -> None:
    found = float(answer(scores))
    assert abs(found - expected) < 1e-9, f"It returned {found:.3f}, expected {expected}. {hint}"


def _two_tasks(answer: Callable) -> None:
    hint = "Of the first task 30 became 27; the last task has had no time to be forgotten."
    _forgets(answer, [[30, 12], [27, 25]], 3, hint)


def _better_before(answer: Callable) -> None:
    scores = [[28, 10, 10], [30, 24, 11], [29, 20, 26]]
    _forgets(answer, scores, 2.5, "Take the best score that it ever had, not the first one.")


def _not_yet_learned(answer: Callable) -> None:
    scores = [[28, 25, 10], [28, 24, 11], [28, 23, 26]]
    hint = "A score in a task before it was learned does not count."
    _forgets(answer, scores, 0.5, hint)


def _none_lost(answer: Callable) -> None:
    _forgets(answer, [[28, 10], [29, 25]], 0, "What grew was not forgotten.")


exercise(
    "ch25.forgotten",
    ("two tasks in turn", _two_tasks),
    ("the best score counts", _better_before),
    ("only from when it was learned", _not_yet_learned),
    ("what grew was not forgotten", _none_lost),
)


_IDEAS, _RUNS, _RACES, _SPREAD = 8, 32, 300, 0.15


def _equal_turns(results: list[list[float]]) -> int:
    return min(range(len(results)), key=lambda idea: len(results[idea]))


def _race(answer: Callable, seed: int) -> float:
    """How far the idea that is taken lies behind the best one."""
    draw = random.Random(seed)
    true = [draw.gauss(0, _SPREAD) for _ in range(_IDEAS)]
    scores = [[gain + draw.gauss(0, _SPREAD) for _ in range(_RUNS)] for gain in true]
    results: list[list[float]] = [[] for _ in true]
    for _ in range(_RUNS):
        idea = answer([list(seen) for seen in results])
        assert idea in range(_IDEAS), f"It returned {idea!r}, expected a number from 0 to 7."
        results[idea].append(scores[idea][len(results[idea])])
    means = [statistics.fmean(seen) if seen else float("-inf") for seen in results]
    return max(true) - true[means.index(max(means))]


def _names_an_idea(answer: Callable) -> None:
    _race(answer, 0)


def _looks_at_the_scores(answer: Callable) -> None:
    results = [[0.0, 0.1] for _ in range(_IDEAS)]
    results[2], results[6] = [0.9, 1.0, 1.1], [-1.1, -1.0, -0.9]
    assert answer([list(seen) for seen in results]) != 6, (
        "Seven ideas have shown 0.05 and more, idea 6 had three scores near -1, and it gets the "
        "next run. That run will not change who is taken."
    )


def _loses_less(answer: Callable) -> None:
    lost = [
        statistics.fmean(_race(a, seed) for seed in range(_RACES)) for a in (answer, _equal_turns)
    ]
    assert lost[0] <= 0.75 * lost[1], (
        f"Over {_RACES} races the taken idea lies {lost[0]:.4f} behind the best, with equal turns "
        f"{lost[1]:.4f}; expected at most three quarters of that. Leave alone what is far behind, "
        "but do not drop an idea for one unlucky run."
    )


exercise(
    "ch25.next_run",
    ("every run goes to one of the ideas", _names_an_idea),
    ("an idea that is far behind gets no run", _looks_at_the_scores),
    ("it loses a quarter less than equal turns", _loses_less),
)
