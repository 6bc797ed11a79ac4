"""Resizing and normalising, as every foundation model does first."""

import torch
import torch.nn.functional as F

from irlib.foundation.images import CLIP_MEAN, CLIP_STD, normalise, resize


def test_resizing_is_bicubic_without_antialiasing_or_clamping():
    images = torch.rand(1, 3, 96, 64).round()
    expected = F.interpolate(images, (32, 32), mode="bicubic", align_corners=False)
    assert torch.equal(resize(images, 32), expected)
    enlarged = resize(images, 200)
    assert enlarged.min() < 0
    assert enlarged.max() > 1


def test_the_right_size_is_left_alone():
    images = torch.rand(2, 3, 32, 32)
    assert resize(images, 32) is images
    assert resize(images, (16, 48)).shape == (2, 3, 16, 48)


def test_noise_keeps_its_strength_when_a_picture_shrinks():
    noise = torch.randn(1, 3, 512, 384, generator=torch.Generator().manual_seed(0))
    averaged = F.interpolate(noise, (64, 64), mode="bicubic", antialias=True)
    assert averaged.std() < 0.3
    assert resize(noise, 64).std() > 0.6


def test_the_mean_becomes_zero_and_one_deviation_one():
    mean, std = torch.tensor(CLIP_MEAN), torch.tensor(CLIP_STD)
    images = torch.stack((mean, mean + std)).view(2, 3, 1, 1)
    result = normalise(images, CLIP_MEAN, CLIP_STD)[..., 0, 0]
    assert torch.allclose(result, torch.tensor([[0.0] * 3, [1.0] * 3]), atol=1e-6)
