"""Exercises of chapter 20: averages, two means, noise between seeds, a status, when to stop."""

from collections.abc import Callable

import numpy as np

from irlib.check import exercise


def _follows(
    answer: Callable, columns: list[float], printed: float, digits: int, expected: bool, hint: str
) -> None:
    found = bool(answer(list(columns), printed, digits))
    shown = ", ".join(f"{value:.{digits}f}" for value in columns)
    assert found is expected, (
        f"Columns {shown} and the average {printed:.{digits}f}: it returned {found}, expected "
        f"{expected}. {hint}"
    )


def _a_mean_follows(answer: Callable) -> None:
    hint = "Their mean is 29.674, which rounds to what is printed."
    _follows(answer, [33.03, 30.47, 27.12, 24.11, 33.64], 29.67, 2, True, hint)


def _the_last_digit_may_differ(answer: Callable) -> None:
    hint = (
        "Each column was rounded before it was printed, by up to half a unit, and so was the "
        "average: together a whole unit of the last digit."
    )
    _follows(answer, [0.868, 0.891, 0.923, 0.773, 0.723], 0.835, 3, True, hint)


def _more_does_not_follow(answer: Callable) -> None:
    hint = "Their mean is 30.716; no rounding makes that 30.75."
    _follows(answer, [33.72, 30.67, 27.63, 27.78, 33.78], 30.75, 2, False, hint)


def _the_digits_count(answer: Callable) -> None:
    hint = "With three decimals a unit is 0.001: what is near for dB is far for SSIM."
    _follows(answer, [0.880, 0.880], 0.875, 3, False, hint)


exercise(
    "ch20.follows",
    ("an average that is the mean follows", _a_mean_follows),
    ("rounding may move the last digit by one", _the_last_digit_may_differ),
    ("a larger gap is no rounding", _more_does_not_follow),
    ("the last digit of SSIM is smaller than that of PSNR", _the_digits_count),
)


def _is_mean(answer: Callable, scores: dict, counts: dict, expected: float, hint: str) -> None:
    found = float(answer(dict(scores), dict(counts)))
    assert abs(found - expected) < 1e-9, f"It returned {found:.4f}, expected {expected:.4f}. {hint}"


def _equal_sets(answer: Callable) -> None:
    hint = "Sets of one size weigh the same: the plain mean of the columns."
    _is_mean(answer, {"rain": 38.0, "haze": 30.0}, {"rain": 50, "haze": 50}, 34.0, hint)


def _large_sets_weigh_more(answer: Callable) -> None:
    hint = "Ninety images of haze and ten of rain: haze has nine tenths of the weight."
    _is_mean(answer, {"rain": 38.0, "haze": 30.0}, {"haze": 90, "rain": 10}, 30.8, hint)


def _only_sets_with_a_score(answer: Callable) -> None:
    hint = "A set without a score has no weight; its images belong in neither sum."
    counts = {"rain": 100, "haze": 300, "blur": 1000}
    _is_mean(answer, {"rain": 38.0, "haze": 30.0}, counts, 32.0, hint)


exercise(
    "ch20.over_images",
    ("with sets of one size it is the mean of the columns", _equal_sets),
    ("a set weighs as much as it has images", _large_sets_weigh_more),
    ("sets without a score do not count", _only_sets_with_a_score),
)


_RNG = np.random.default_rng(0)
_NOISE = _RNG.normal(0, 0.2, size=(4, 3))


def _is_noise(answer: Callable, scores: np.ndarray, expected: float, hint: str) -> None:
    found = float(answer(scores.copy()))
    assert abs(found - expected) < 1e-9, f"It returned {found:.4f}, expected {expected:.4f}. {hint}"


def _left(scores: np.ndarray) -> np.ndarray:
    rows, seeds = scores.mean(axis=1, keepdims=True), scores.mean(axis=0, keepdims=True)
    return scores - rows - seeds + scores.mean()


def _of_four_rows() -> float:
    return float(np.sqrt((_left(_NOISE) ** 2).sum() / 6))


def _nothing_left(answer: Callable) -> None:
    scores = np.array([[30.0], [27.0], [33.0]]) + np.array([[0.0, 0.4, -0.3]])
    hint = (
        "Here every system moves alike from seed to seed. Take out each row's mean and each "
        "seed's mean (and put the mean of all back once): nothing is left."
    )
    _is_noise(answer, scores, 0.0, hint)


def _its_size(answer: Callable) -> None:
    hint = (
        "Four rows and three seeds leave (4 - 1) (3 - 1) = 6 degrees of freedom: divide the sum of "
        "squares by 6 before the root."
    )
    _is_noise(answer, _NOISE, _of_four_rows(), hint)


def _rows_do_not_matter(answer: Callable) -> None:
    scores = _NOISE + np.array([[30.0], [27.0], [33.0], [20.0]])
    hint = "How good a system is must not count as noise: take each row's mean out."
    _is_noise(answer, scores, _of_four_rows(), hint)


exercise(
    "ch20.noise",
    ("what all systems share from seed to seed is no noise", _nothing_left),
    ("the squares are divided by the degrees of freedom", _its_size),
    ("how good a system is does not matter", _rows_do_not_matter),
)


def _is_status(answer: Callable, given: tuple, expected: str, hint: str) -> None:
    found = answer(*given)
    shown = ", ".join("nothing" if value is None else f"{value:g}" for value in given)
    assert found == expected, (
        f"Printed, measured, margin {shown}: it returned {found!r}, expected {expected!r}. {hint}"
    )


def _nothing_measured(answer: Callable) -> None:
    _is_status(answer, (0.3, None, 0.1), "not run", "There is no number of ours.")


def _beyond_the_noise(answer: Callable) -> None:
    hint = "The sign is the printed one and the noise cannot have made it."
    _is_status(answer, (0.69, 0.5, 0.2), "same sign", hint)
    _is_status(answer, (-0.69, -0.5, 0.2), "same sign", "Two losses have one sign too.")


def _the_noise_comes_first(answer: Callable) -> None:
    hint = "The sign agrees, but another seed might have turned it. Ask for the noise first."
    _is_status(answer, (0.69, 0.1, 0.2), "inside the noise", hint)
    _is_status(answer, (0.69, -0.1, 0.2), "inside the noise", hint)


def _the_other_sign(answer: Callable) -> None:
    hint = "It is larger than the noise and has the other sign."
    _is_status(answer, (0.69, -0.5, 0.2), "not reproduced", hint)


def _one_seed(answer: Callable) -> None:
    hint = "With one seed of each nobody knows the noise, so nothing can be told."
    _is_status(answer, (0.69, 0.5, None), "inside the noise", hint)


exercise(
    "ch20.status",
    ("without a measurement nothing was run", _nothing_measured),
    ("a difference beyond the noise is compared by its sign", _beyond_the_noise),
    ("a difference inside the noise says nothing, whatever its sign", _the_noise_comes_first),
    ("the other sign beyond the noise is not reproduced", _the_other_sign),
    ("an unknown noise tells nothing", _one_seed),
)


_SEEDS, _GAMES = 12, 1000


def _played(answer: Callable, true: float) -> tuple[float, float]:
    """Share of the comparisons in which a difference is claimed, and seeds used on average."""
    claims, used = 0, 0
    for drawn in np.random.default_rng(1).normal(true, 1, (_GAMES, _SEEDS)):
        seen = drawn.tolist()
        claimed = next((n for n in range(1, _SEEDS + 1) if answer(seen[:n])), None)
        claims += claimed is not None
        used += claimed or _SEEDS
    return claims / _GAMES, used / _GAMES


def _rarely_wrong(answer: Callable) -> None:
    wrong, _ = _played(answer, 0)
    assert wrong <= 0.06, (
        f"Of equal systems it claimed a difference in {100 * wrong:.0f} of 100 comparisons, "
        "expected about 5. Every look is another chance to be wrong: look less often, or ask for "
        "more at each look than one look would have to."
    )


def _finds(answer: Callable) -> None:
    found, _ = _played(answer, 1.5)
    assert found >= 0.9, (
        f"Of true differences of one and a half deviations it found {100 * found:.0f} of 100, "
        "expected 90. Use more of the twelve seeds before giving up, or a limit less strict."
    )


def _saves(answer: Callable) -> None:
    _, used = _played(answer, 1.5)
    assert used <= 8, (
        f"It took {used:.1f} seeds on average to find a large difference, expected 8 at most. "
        "Look before the end as well, and pay for that look with stricter limits."
    )


exercise(
    "ch20.claim_now",
    ("equal systems are rarely told apart", _rarely_wrong),
    ("a large difference is found", _finds),
    ("a large difference is found with few seeds", _saves),
)
