"""Mixup: training samples blended with one another, as Restormer's code does for denoising."""

import random

from torch import Tensor

from irlib.data.seeding import generator_for


def mixed(degraded: Tensor, target: Tensor, beta: float, *key: int | str) -> tuple[Tensor, Tensor]:
    r"""Blends every sample of a batch with another one, in half of all batches.

    With probability 1/2 the batch stays as it is. Else one :math:`\lambda` is drawn from
    :math:`\mathrm{Beta}(\beta, \beta)` and both images become
    :math:`\lambda x_i + (1 - \lambda) x_{\pi(i)}` with one permutation :math:`\pi`. A batch of one
    has no other sample, so nothing happens to it. Source: Restormer's released code, with
    :math:`\beta = 1.2`; its paper does not mention it.

    Args:
        degraded: Inputs (B, 3, H, W).
        target: Their targets, of the same shape.
        beta: Both parameters of the Beta distribution, above 0.
        *key: Names the batch: the same key draws the same mix on every machine and after a restart.
    """
    draw = random.Random(generator_for("mixup", *key).initial_seed())
    if draw.random() < 0.5:
        return degraded, target
    share = draw.betavariate(beta, beta)
    order = draw.sample(range(len(degraded)), len(degraded))
    return tuple(share * x + (1 - share) * x[order] for x in (degraded, target))
