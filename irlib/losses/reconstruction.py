"""Distances between the restored image and the target."""

import math

import torch
from torch import Tensor

from irlib.metrics.colour import luma as to_luma


def l1(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error over all pixels and channels, of unclamped outputs.

    The only loss of Restormer and PromptIR (their released code; neither paper's body states it).

    Args:
        restored: Network output (B, 3, H, W).
        target: Clean image (B, 3, H, W) in [0, 1].
    """
    return (restored - target).abs().mean()


def psnr_loss(
    restored: Tensor, target: Tensor, floor: float = 1e-8, *, luma: bool = False
) -> Tensor:
    """Mean of minus the PSNR in dB, image by image, of unclamped outputs.

    ``(10 / ln 10) * mean_b ln(MSE_b + floor)``: each image counts by its relative error, so a light
    rain that is overlooked weighs as much as a haze half removed. NAFNet's loss (Chen et al.,
    "Simple Baselines for Image Restoration", ECCV 2022; ``PSNRLoss`` in its released code).

    Args:
        restored: Network output (B, 3, H, W).
        target: Clean image (B, 3, H, W) in [0, 1].
        floor: Mean squared error below which an image hardly counts any more.
        luma: Whether to compare the luma of both instead of the three colours.
    """
    if luma:
        restored, target = to_luma(restored), to_luma(target)
    error = (restored - target).square().mean(dim=(1, 2, 3))
    return 10 / math.log(10) * torch.log(error + floor).mean()
