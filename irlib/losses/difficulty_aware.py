"""L_dpl: near the target, far from the input and from what other networks made of it.

A contrastive ratio in the features of a frozen VGG whose negatives count by how hard they are to
beat at the moment. Taught in chapter 10.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from irlib.errors import UsageError

#: Weights of the four feature levels, shallow to deep. The paper gives none. "released" is the
#: authors' code; "c2pnet" is what remains of C2PNet's and AECR-Net's five VGG-19 weights without
#: the first.
LEVEL_WEIGHTS = {
    "released": (1 / 12, 1 / 6, 1 / 3, 1.0),
    "c2pnet": (1 / 16, 1 / 8, 1 / 4, 1.0),
}

Features = Callable[[Tensor], Sequence[Tensor]]

_SMALLEST_DENOMINATOR = 1e-6
_SMALLEST_ERROR = 1e-10


class DifficultyAware(NamedTuple):
    """The loss, and what to watch it by.

    Attributes:
        loss: Scalar.
        smallest_denominator: Scalar without gradient, the least over samples and levels. Near zero
            means that the output is still the input: the ratio and its gradient explode.
    """

    loss: Tensor
    smallest_denominator: Tensor


def difficulty_aware(
    restored: Tensor,
    target: Tensor,
    degraded: Tensor,
    features: Features,
    *,
    proxies: Tensor | None = None,
    weights: Tensor | None = None,
    valid: Tensor | None = None,
    levels: Sequence[float] | str = "released",
    easy: float = 2.0,
) -> DifficultyAware:
    """``sum_i xi_i d_i(gt, out) / (easy d_i(in, out) + sum_q w_q m_q d_i(N_q, out))``.

    Perceive-IR, Eqs. 10 and 11, averaged over the batch; ``d_i`` is the mean absolute difference of
    level i's features. Gradient flows through ``restored`` alone. The denominator is held above
    1e-6. Without proxies a network that starts as the identity (output equal to input) must not be
    trained on this loss from its first step.

    Args:
        restored: (B, 3, H, W), the network's output; clamped to [0, 1] for the features.
        target: (B, 3, H, W), clean images.
        degraded: (B, 3, H, W), inputs: the easy negatives.
        features: Maps images in [0, 1] to a list of feature maps, shallow to deep.
        proxies: (B, Q, 3, H, W), the same crops restored by Q other networks: hard negatives.
        weights: (B, Q) or (Q,), :func:`difficulty_weights`; 1 by default.
        valid: (B, Q), zero or False where a proxy was not made for the sample's task. What its
            slot holds has no influence, not even through NaN.
        levels: A name in :data:`LEVEL_WEIGHTS` or one weight ``xi`` a level.
        easy: Weight ``lambda`` of the input as a negative; not the gamma of the weights.

    Raises:
        UsageError: Shapes that do not belong together, or another number of weights than levels.
    """
    _check_shapes(restored, target, degraded, proxies)
    negatives = [degraded]
    amounts = [restored.new_full((len(restored),), float(easy))]
    if proxies is not None:
        shape = proxies.shape[:2]
        counts = torch.ones(shape, device=restored.device) if weights is None else weights
        counts = counts.to(restored.device, torch.float32).expand(shape)
        if valid is not None:
            used = valid.to(restored.device).bool().expand(shape)
            proxies = torch.where(used[..., None, None, None], proxies, degraded[:, None])
            counts = counts * used
        negatives += list(proxies.unbind(1))
        amounts += list(counts.unbind(1))

    with torch.no_grad():
        positive = features(target.clamp(0, 1))
        repelling = [features(image.clamp(0, 1)) for image in negatives]
    own = features(restored.clamp(0, 1))
    xi = _level_weights(levels, len(own))

    loss, smallest = restored.new_zeros(()), restored.new_full((), torch.inf)
    for level, weight in enumerate(xi):
        apart = sum(
            amount * _distance(of_negative[level], own[level])
            for amount, of_negative in zip(amounts, repelling, strict=True)
        )
        smallest = torch.minimum(smallest, apart.detach().min())
        ratio = _distance(positive[level], own[level]) / apart.clamp_min(_SMALLEST_DENOMINATOR)
        loss = loss + weight * ratio.mean()
    return DifficultyAware(loss, smallest)


def difficulty_weights(psnr: Tensor, reference: float | Tensor, *, gamma: float = 0.25) -> Tensor:
    """Weight of each hard negative: ``1 + gamma`` for a hard, ``1 - gamma`` for a very hard one.

    Args:
        psnr: (B, Q), PSNR in dB of each proxy: of its patch (:func:`proxy_psnr`, what the released
            code does), or one constant for each proxy and data set (C2PNet).
        reference: PSNR in dB that the network in training reached at the start of the epoch
            (:func:`irlib.losses.probe_psnr`): a number, or (B,) for a threshold a task.
        gamma: 0.25 in the paper.

    Returns:
        (B, Q).
    """
    return torch.where(is_hard(psnr, reference), 1 + gamma, 1 - gamma)


def is_hard(psnr: Tensor, reference: float | Tensor) -> Tensor:
    """Whether the network is already as good as each proxy: ``PSNR(N_q) <= reference``.

    A proxy that is better than the network is a very hard negative instead: pushing away from it
    would push away from the target. Arguments as for :func:`difficulty_weights`; returns (B, Q).
    """
    threshold = torch.as_tensor(reference, device=psnr.device, dtype=torch.float32)
    return psnr <= threshold.reshape(-1, 1)


def hard_rates(hard: Tensor, valid: Tensor, task: Tensor) -> dict[tuple[int, int], float]:
    """Share of hard negatives by (task, proxy), over valid slots: one number to log for each.

    One threshold mixes tasks whose PSNR differs by ten decibels; these shares show it.

    Args:
        hard: (B, Q), of :func:`is_hard`.
        valid: (B, Q).
        task: (B,), whole numbers.
    """
    rates = {}
    for which in task.unique().tolist():
        for proxy in range(hard.shape[1]):
            chosen = (task == which) & valid[:, proxy].bool()
            if chosen.any():
                rates[which, proxy] = float(hard[chosen, proxy].float().mean())
    return rates


def proxy_psnr(proxies: Tensor, target: Tensor) -> Tensor:
    """PSNR in dB of each proxy's patch: (B, Q, 3, H, W) against (B, 3, H, W), gives (B, Q)."""
    return patch_psnr(proxies, target[:, None])


def patch_psnr(image: Tensor, target: Tensor) -> Tensor:
    """PSNR in dB of patches (..., 3, H, W), both clamped to [0, 1]; never above 100 dB."""
    error = (image.float().clamp(0, 1) - target.float().clamp(0, 1)).square().mean(dim=(-3, -2, -1))
    return -10 * error.clamp_min(_SMALLEST_ERROR).log10()


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of each sample's features, (B,)."""
    return (a.float() - b.float()).abs().flatten(1).mean(dim=1)


def _level_weights(levels: Sequence[float] | str, count: int) -> Sequence[float]:
    if isinstance(levels, str):
        if levels not in LEVEL_WEIGHTS:
            known = ", ".join(LEVEL_WEIGHTS)
            raise UsageError(f"unknown level weights {levels!r}; expected {known} or numbers.")
        levels = LEVEL_WEIGHTS[levels]
    if len(levels) != count:
        raise UsageError(
            f"{len(levels)} level weights were given for {count} levels of features; expected one "
            "for each."
        )
    return levels


def _check_shapes(
    restored: Tensor, target: Tensor, degraded: Tensor, proxies: Tensor | None
) -> None:
    shapes = [tuple(x.shape) for x in (restored, target, degraded)]
    if proxies is not None:
        shapes.append((*proxies.shape[:1], *proxies.shape[2:]))
    if len(set(shapes)) > 1:
        raise UsageError(
            f"restored, target, degraded and proxies are of the shapes {shapes} (proxies without "
            "their second axis); expected one shape (B, 3, H, W)."
        )
