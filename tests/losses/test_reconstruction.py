"""Plain losses: equal to their formulas, and weighting images as they say."""

import math

import pytest
import torch

from irlib.errors import UsageError
from irlib.losses import l1, losses, psnr_loss
from irlib.metrics import psnr


def images(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(3, 3, 12, 10, generator=generator)
    return (target + 0.1 * torch.randn(target.shape, generator=generator)).clamp(0, 1), target


def test_l1_is_the_mean_absolute_error():
    restored, target = images()
    assert float(l1(restored, target)) == pytest.approx(float((restored - target).abs().mean()))


def test_property_10_psnr_loss_is_minus_the_mean_psnr():
    restored, target = images()
    mean = sum(
        -10 * math.log10(float((a - b).square().mean()))
        for a, b in zip(restored, target, strict=True)
    )
    assert float(psnr_loss(restored, target)) == pytest.approx(-mean / 3, abs=1e-4)
    quantised = float(torch.as_tensor(psnr(restored, target, "whole")).mean())
    assert float(psnr_loss(restored, target)) == pytest.approx(-quantised, abs=0.05)


def test_psnr_loss_counts_relative_errors():
    """Halving the error of a good image gains as much as halving that of a bad one: 6.02 dB."""
    _, target = images()
    for error in (0.2, 0.01):
        gain = psnr_loss(target + error, target) - psnr_loss(target + error / 2, target)
        assert float(gain) == pytest.approx(20 * math.log10(2), abs=0.02)


def test_property_10_psnr_loss_is_finite_on_a_perfect_image():
    _, target = images()
    restored = target.clone().requires_grad_()
    loss = psnr_loss(restored, target)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(-80)
    assert torch.isfinite(restored.grad).all()


def test_psnr_loss_of_luma_weights_the_colours():
    _, target = images()
    green, blue = target.clone(), target.clone()
    green[:, 1] += 0.1
    blue[:, 2] += 0.1
    assert float(psnr_loss(green, target)) == pytest.approx(float(psnr_loss(blue, target)))
    gain = float(psnr_loss(green, target, luma=True) - psnr_loss(blue, target, luma=True))
    assert gain == pytest.approx(20 * math.log10(128.553 / 24.966), abs=1e-3)


def test_losses_are_found_by_name():
    assert losses.get("psnr") is psnr_loss
    with pytest.raises(UsageError, match="psnr"):
        losses.get("psrn")
