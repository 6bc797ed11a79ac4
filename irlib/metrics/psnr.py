"""Peak signal-to-noise ratio, in decibels."""

from torch import Tensor

from irlib.metrics.protocol import Protocol, prepare


def psnr(restored: Tensor, target: Tensor, protocol: "Protocol | str" = "all-in-one") -> Tensor:
    """Returns the peak signal-to-noise ratio of each image under a protocol.

    ``PSNR = 10 log10(1 / MSE)``, the mean squared error taken over all channels and pixels of one
    image together, peak 1. Equal images give infinity. Taught in chapter 1.

    Args:
        restored: (B, 3, H, W) or (3, H, W), values meant for [0, 1] and clipped to it.
        target: Same shape, values in [0, 1].
        protocol: A :class:`~irlib.metrics.Protocol` or its name.

    Returns:
        Decibels, shape (B,), float64, on the device that `prepare` names. One image has B = 1.

    Raises:
        UsageError: Shapes differ, are not RGB, or are too small for the protocol; or the
            protocol's name is unknown.
    """
    restored, target = prepare(restored, target, protocol)
    return psnr_of_prepared(restored, target)


def psnr_of_prepared(restored: Tensor, target: Tensor) -> Tensor:
    """Returns the PSNR of float64 batches (B, C, H, W) as they are, without a protocol."""
    mean_squared_error = (restored - target).square().mean(dim=(1, 2, 3))
    return -10 * mean_squared_error.log10()
