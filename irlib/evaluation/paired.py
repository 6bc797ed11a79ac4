"""Whether one system is better than another, or only met kinder images and a luckier run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irlib.errors import UsageError
from irlib.evaluation.spread import LEVEL, RESAMPLES


@dataclass(frozen=True)
class PairedDifference:
    """How much one system gains over another on the same images.

    Attributes:
        mean: Mean of first minus second over the images.
        low: Lower end of its interval.
        high: Upper end.
        p: Twice the share of resampled means on the far side of zero, or at it.
        images: Number of images.
    """

    mean: float
    low: float
    high: float
    p: float
    images: int

    @property
    def real(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.low > 0 or self.high < 0


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    over_runs: bool = False,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedDifference:
    """Paired bootstrap of the difference between two systems (Efron, 1979).

    Both systems restored the same images, so an image that is hard for one is hard for the other:
    what is resampled is the *difference* on each image, and images are drawn again with
    replacement. The interval holds the middle `level` of the resulting means. Taught in
    chapter 18.

    Args:
        first: Values of one system, one an image, (images,), or (runs, images) for several
            training runs of it.
        second: Values of the other on the same images in the same order; its number of runs may
            be another.
        over_runs: Draw the runs again too, of each system by themselves. The interval then says
            what other runs *and* other images might have shown; without it the runs are averaged
            and taken as they are.
        level: Share of means inside the interval, in (0, 1).
        resamples: Number of draws.
        seed: Of the draws; the same values give the same interval.

    Raises:
        UsageError: Fewer than two images, other images for one than for the other, or values that
            are not finite.
    """
    one, other = _runs(first, "first"), _runs(second, "second")
    count = one.shape[1]
    if other.shape[1] != count:
        raise UsageError(
            f"first has {count} images and second {other.shape[1]}; a paired comparison needs the "
            "same images in the same order."
        )
    rng = np.random.default_rng(seed)
    images = rng.integers(count, size=(resamples, count))
    own_gaps = one.mean(axis=0) - other.mean(axis=0)  # (images,)
    if over_runs:
        gaps = _drawn_runs(one, resamples, rng) - _drawn_runs(other, resamples, rng)
        means = np.take_along_axis(gaps, images, axis=1).mean(axis=1)
    else:
        means = own_gaps[images].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    against = min((means <= 0).sum(), (means >= 0).sum())
    return PairedDifference(
        mean=float(own_gaps.mean()),
        low=float(low),
        high=float(high),
        p=float(min(1.0, 2 * (against + 1) / (resamples + 1))),
        images=count,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrects p-values of several questions asked of the same data (Holm, 1979).

    The smallest is multiplied by the number of questions, the next by one less, and so on; none
    becomes smaller than one before it. Below 0.05, all conclusions together are wrong with a
    chance of at most 0.05. Taught in chapter 18.

    Args:
        p_values: One a question.

    Returns:
        The corrected values, in the same order, at most 1.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def _runs(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Returns values as (runs, images)."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if array.ndim != 2 or array.shape[1] < 2 or not np.isfinite(array).all():
        raise UsageError(
            f"{name} has shape {np.shape(values)}; expected finite numbers (images,) or "
            "(runs, images), of two images or more."
        )
    return array


def _drawn_runs(
    values: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Returns means over runs that were drawn again, (resamples, images)."""
    runs = values.shape[0]
    counts = rng.multinomial(runs, np.full(runs, 1 / runs), size=resamples)
    return (counts / runs) @ values
