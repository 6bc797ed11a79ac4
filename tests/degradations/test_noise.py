"""Noise has the stated deviation; cutting off decimals darkens by half a grey level."""

import pytest
import torch

from irlib.degradations import gaussian_noise
from irlib.errors import UsageError


@pytest.mark.parametrize("sigma", [5.0, 15.0, 25.0, 50.0])
def test_the_deviation_is_the_stated_one(sigma, generator):
    noise = gaussian_noise(torch.full((3, 256, 256), 0.5), sigma, generator=generator).image - 0.5
    assert 255 * noise.std() == pytest.approx(sigma, rel=0.01)
    assert abs(255 * noise.mean()) < 4 * sigma / (3 * 256 * 256) ** 0.5


def test_noise_is_white(generator):
    noise = gaussian_noise(torch.full((3, 256, 256), 0.5), 25.0, generator=generator).image - 0.5
    neighbours = (noise[..., 1:] * noise[..., :-1]).mean() / noise.var()
    channels = (noise[0] * noise[1]).mean() / noise.var()
    assert abs(neighbours) < 0.02
    assert abs(channels) < 0.02


def test_zero_sigma_is_the_identity(generator):
    clean = torch.rand(3, 16, 16)
    assert torch.equal(gaussian_noise(clean, 0.0, generator=generator).image, clean)


def test_quantising_truncates_to_grey_levels(generator):
    clean = torch.full((3, 256, 256), 0.5)
    noisy = gaussian_noise(clean, 25.0, generator=generator, quantise=True).image * 255
    assert torch.allclose(noisy, noisy.round(), atol=1e-3)
    assert float(noisy.mean() - 127.5) == pytest.approx(-0.5, abs=0.25)


def test_quantised_noise_equals_the_authors_line(generator):
    clean = torch.randint(0, 256, (3, 32, 32), generator=generator).float() / 255
    state = generator.get_state()
    torch.rand((), generator=generator)
    noise = torch.randn(3, 32, 32, generator=generator)
    expected = (clean * 255 + noise * 40).clamp(0, 255).to(torch.uint8)
    generator.set_state(state)
    noisy = gaussian_noise(clean, 40.0, generator=generator, quantise=True).image * 255
    # A sum that lies on a whole number may round to either side.
    assert (noisy.round() == expected).float().mean() > 0.999


def test_unclipped_by_default_and_clipped_on_request(generator):
    black = torch.zeros(3, 64, 64)
    assert gaussian_noise(black, 50.0, generator=generator).image.min() < 0
    clipped = gaussian_noise(black, 50.0, generator=generator, clipped=True).image
    assert clipped.min() == 0
    assert 255 * clipped.std() < 40  # clipping shrinks the deviation


def test_a_range_is_drawn_for_each_image(generator):
    result = gaussian_noise(torch.full((200, 3, 8, 8), 0.5), (10.0, 20.0), generator=generator)
    sigma = result.parameters["sigma"]
    assert sigma.min() >= 10
    assert sigma.max() <= 20
    assert sigma.std() > 2
    measured = 255 * result.image.std(dim=(1, 2, 3))
    assert torch.corrcoef(torch.stack([sigma, measured]))[0, 1] > 0.8


def test_a_negative_sigma_is_refused(generator):
    with pytest.raises(UsageError, match="sigma is -1"):
        gaussian_noise(torch.rand(3, 8, 8), -1, generator=generator)
