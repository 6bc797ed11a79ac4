"""Both scores of a batch at once."""

import torch
from torch import Tensor

from irlib.metrics.protocol import Protocol, get_protocol, prepare
from irlib.metrics.psnr import psnr_of_prepared
from irlib.metrics.ssim import ssim_of_prepared


@torch.no_grad()
def measure(
    restored: Tensor, target: Tensor, protocol: Protocol | str = "all-in-one"
) -> dict[str, Tensor]:
    """Returns ``{"psnr": (B,), "ssim": (B,)}`` of a batch, preparing the images once.

    Args:
        restored: (B, 3, H, W) or (3, H, W), values meant for [0, 1] and clipped to it.
        target: Same shape, values in [0, 1].
        protocol: A protocol or its name.

    Raises:
        UsageError: As :func:`irlib.metrics.psnr` and :func:`irlib.metrics.ssim`.
    """
    protocol = get_protocol(protocol)
    restored, target = prepare(restored, target, protocol)
    return {
        "psnr": psnr_of_prepared(restored, target),
        "ssim": ssim_of_prepared(restored, target, protocol.ssim_window),
    }
