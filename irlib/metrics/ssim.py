"""Structural similarity, with either of the two windows that papers use."""

import torch
from torch import Tensor

from irlib.errors import UsageError
from irlib.metrics.protocol import Protocol, get_protocol, prepare

_K1, _K2 = 0.01, 0.03
_GAUSSIAN_SIGMA = 1.5


def ssim(restored: Tensor, target: Tensor, protocol: "Protocol | str" = "all-in-one") -> Tensor:
    """Returns the mean structural similarity of each image under a protocol.

    In every window, with means ``m``, variances ``s²`` and covariance ``c`` of the two images,
    ``SSIM = (2 m_x m_y + C1)(2 c + C2) / ((m_x² + m_y² + C1)(s_x² + s_y² + C2))``, where
    ``C1 = 0.01²`` and ``C2 = 0.03²`` for peak 1. The score is the mean over all windows that lie
    wholly inside the image, and over channels. Taught in chapter 1.

    ``uniform7`` is scikit-image's default: a 7 × 7 box and the sample covariance (factor 49/48).
    ``gaussian11`` is the original: 11 × 11 Gaussian weights of deviation 1.5.

    Args:
        restored: (B, 3, H, W) or (3, H, W), values meant for [0, 1] and clipped to it.
        target: Same shape, values in [0, 1].
        protocol: A :class:`~irlib.metrics.Protocol` or its name.

    Returns:
        Similarity, at most 1, shape (B,), float64, on the device that `prepare` names.

    Raises:
        UsageError: Shapes differ, are not RGB, or are smaller than the window; or the protocol's
            name is unknown.

    Source:
        Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
        structural similarity", 2004, Eq. 13.
    """
    protocol = get_protocol(protocol)
    restored, target = prepare(restored, target, protocol)
    return ssim_of_prepared(restored, target, protocol.ssim_window)


def ssim_of_prepared(restored: Tensor, target: Tensor, window: str) -> Tensor:
    """Returns the SSIM of float64 batches (B, C, H, W) as they are, without a protocol."""
    weights, covariance_factor = _window(window, restored)
    size = len(weights)
    height, width = restored.shape[-2:]
    if min(height, width) < size:
        raise UsageError(
            f"SSIM with the window {window} needs images of at least {size} × {size} pixels after "
            f"cropping, but these are {height} × {width}. Measure larger images, or PSNR alone."
        )
    moments = torch.stack(
        (restored, target, restored * restored, target * target, restored * target)
    )
    moments = _filtered(_filtered(moments, weights, -2), weights, -1)  # (5, B, C, H', W')
    mean_x, mean_y, square_x, square_y, product = moments
    variance_x = covariance_factor * (square_x - mean_x * mean_x)
    variance_y = covariance_factor * (square_y - mean_y * mean_y)
    covariance = covariance_factor * (product - mean_x * mean_y)
    c1, c2 = _K1**2, _K2**2
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    similarity /= (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    return similarity.mean(dim=(1, 2, 3))


def _filtered(image: Tensor, weights: Tensor, dim: int) -> Tensor:
    """Weighted sums along one axis, where the window fits whole.

    A sum of shifted views, several times faster on CPU than float64 convolutions of one channel.
    """
    length = image.shape[dim] - len(weights) + 1
    first, *others = weights.tolist()
    result = first * image.narrow(dim, 0, length)
    for shift, weight in enumerate(others, 1):
        result.add_(image.narrow(dim, shift, length), alpha=weight)
    return result


def _window(name: str, like: Tensor) -> tuple[Tensor, float]:
    """Returns the 1-D weights of a separable window and its covariance factor."""
    if name == "uniform7":
        weights = torch.full((7,), 1 / 7, dtype=like.dtype, device=like.device)
        return weights, 49 / 48
    offsets = torch.arange(-5, 6, dtype=like.dtype, device=like.device)
    weights = torch.exp(-(offsets**2) / (2 * _GAUSSIAN_SIGMA**2))
    return weights / weights.sum(), 1.0
