"""How far a mean over images would move had other images of the same kind been drawn.

Taught in chapter 18.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95


def bootstrap_interval(
    values: Sequence[float], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the mean over images (Efron, 1979).

    The images are drawn again with replacement `resamples` times; the interval holds the middle
    `level` of the resulting means. It says how much the choice of test images matters, not how
    much a new training run would.

    Args:
        values: One value per image.
        level: Share of means inside the interval, in (0, 1).
        resamples: Number of draws.
        seed: Seed of the draws; the same values give the same interval.

    Returns:
        (low, high), or None where it means nothing: fewer than two values, or an infinite one.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size < 2 or not np.isfinite(array).all():
        return None
    draws = np.random.default_rng(seed).integers(array.size, size=(resamples, array.size))
    low, high = np.quantile(array[draws].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def spread_of(rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> dict[str, Any]:
    """The spread over images of each value, as a ledger record keeps it.

    Args:
        rows: Per-image values.
        keys: The values to describe, such as ``("psnr", "ssim")``.

    Returns:
        By key: standard deviation, bootstrap interval, and how both were computed.
    """
    spread: dict[str, Any] = {}
    for key in keys:
        values = [row[key] for row in rows]
        interval = bootstrap_interval(values)
        if interval is not None:
            spread[key] = {
                "over": "images",
                "deviation": float(np.std(values, ddof=1)),
                "low": interval[0],
                "high": interval[1],
                "method": "percentile bootstrap of the mean",
                "level": LEVEL,
                "resamples": RESAMPLES,
                "seed": 0,
            }
    return spread
