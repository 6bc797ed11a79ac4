"""AM-PromptIR's loss: a smooth absolute error, of the picture and of its spectrum."""

import torch
from torch import Tensor

SPECTRUM_WEIGHT = 0.01


def charbonnier(restored: Tensor, target: Tensor, epsilon: float = 1e-3) -> Tensor:
    r"""Returns the mean of :math:`\sqrt{(x - y)^2 + \epsilon^2}`, L1 with a rounded tip.

    Equal images give epsilon, not 0 (AM-PromptIR's released code). Taught in chapter 14.

    Args:
        restored: Network output (B, 3, H, W), not clamped.
        target: Clean image (B, 3, H, W) in [0, 1].
        epsilon: Error below which the loss is nearly flat.
    """
    return ((restored - target).square() + epsilon**2).sqrt().mean()


def spectrum_l1(restored: Tensor, target: Tensor) -> Tensor:
    r"""Returns the mean modulus of the difference of two spectra.

    The transform is not normalised, so a value counts up to :math:`\sqrt{HW}` times: patches of
    another size have another weight (AM-PromptIR's released code). Taught in chapter 14.

    Args:
        restored: (B, 3, H, W).
        target: (B, 3, H, W).
    """
    difference = (restored - target).float()  # half formats have no transform
    return torch.fft.fft2(difference).abs().mean()


def charbonnier_fft(restored: Tensor, target: Tensor) -> Tensor:
    """Returns :func:`charbonnier` plus a hundredth of :func:`spectrum_l1`.

    Args:
        restored: Network output (B, 3, H, W), not clamped.
        target: Clean image (B, 3, H, W) in [0, 1].
    """
    return charbonnier(restored, target) + SPECTRUM_WEIGHT * spectrum_l1(restored, target)
