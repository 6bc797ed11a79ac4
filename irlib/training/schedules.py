"""Learning rates as plain functions of the step, so that a restart needs no scheduler state.

Taught in chapter 5.
"""

import math


def warmup_cosine(
    step: int, *, steps: int, rate: float, warmup: int = 0, floor: float = 0.0
) -> float:
    """Linear warm-up from 0, then one cosine from ``rate`` to ``floor``.

    Args:
        step: Optimiser steps taken so far (0 for the first step).
        steps: Steps of the whole run.
        rate: Highest learning rate.
        warmup: Steps of the warm-up; step ``warmup`` is the first at ``rate``.
        floor: Learning rate at ``step == steps``.
    """
    if step < warmup:
        return rate * (step + 1) / (warmup + 1)
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return floor + 0.5 * (rate - floor) * (1 + math.cos(math.pi * progress))


def restormer_rate(step: int, rate: float = 3e-4) -> float:
    """Restormer's released schedule: constant for 92,000 iterations, a cosine to 1e-6 at 300,000.

    Upstream counts iterations from 1 and steps its scheduler from the second on, so iteration ``i``
    trains with the value at ``step = i - 1``.

    Args:
        step: Optimiser steps taken so far.
        rate: Learning rate of the constant part; the authors' by default.
    """
    if step <= 92_000:
        return rate
    progress = min(1.0, (step - 92_000) / 208_000)
    return 1e-6 + 0.5 * (rate - 1e-6) * (1 + math.cos(math.pi * progress))


def promptir_rate(epoch: int, rate: float = 2e-4, *, legacy_lag: bool = False) -> float:
    """PromptIR's released schedule, by epoch: 15 epochs of warm-up, a cosine laid out for 150.

    Training stops after 120 epochs, so the cosine never reaches zero.

    Args:
        epoch: Epoch, counted from 0.
        rate: Highest learning rate; the authors' by default.
        legacy_lag: Lightning steps this scheduler with the index of the epoch just finished, so the
            authors' epochs 0 and 1 both run at rate 0 and every later one lags by one. ``True``
            reproduces that.
    """
    t = max(0, epoch - 1) if legacy_lag else epoch
    if t < 15:
        return rate * t / 14
    return 0.5 * rate * (1 + math.cos(math.pi * (t - 15) / 135))
