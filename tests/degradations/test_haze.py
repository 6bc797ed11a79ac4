"""Haze obeys the scattering equation at its limits and in between."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irlib.degradations import haze
from irlib.errors import UsageError


def test_beta_zero_is_the_identity(generator):
    clean = torch.rand(2, 3, 16, 24)
    torch.testing.assert_close(haze(clean, 0.0, generator=generator).image, clean)


@pytest.mark.parametrize("beta", [1e6, float("inf")])
def test_beta_to_infinity_leaves_the_airlight(beta, generator):
    clean, depth = torch.rand(3, 16, 24), torch.full((1, 16, 24), 0.3)
    image = haze(clean, beta, 0.8, generator=generator, depth=depth).image
    torch.testing.assert_close(image, torch.full_like(clean, 0.8))


def test_nothing_lies_between_the_camera_and_depth_zero(generator):
    clean, depth = torch.rand(3, 8, 8), torch.zeros(1, 8, 8)
    image = haze(clean, float("inf"), generator=generator, depth=depth).image
    torch.testing.assert_close(image, clean)


@given(st.floats(0, 5), st.floats(0, 1), st.integers(0, 1000))
def test_the_equation(beta, airlight, seed):
    generator = torch.Generator().manual_seed(seed)
    clean = torch.rand(3, 6, 7, generator=generator)
    depth = torch.rand(1, 6, 7, generator=generator)
    t = torch.exp(-beta * depth)
    image = haze(clean, beta, airlight, generator=generator, depth=depth).image
    torch.testing.assert_close(image, clean * t + airlight * (1 - t), atol=1e-5, rtol=1e-5)


def test_further_is_hazier(generator):
    clean = torch.zeros(3, 4, 32)
    depth = torch.linspace(0, 1, 32).expand(1, 4, 32)
    image = haze(clean, 1.5, 0.9, generator=generator, depth=depth).image
    assert (image.diff(dim=-1) > 0).all()


def test_each_image_may_have_its_own_depth(generator):
    clean, depth = torch.rand(2, 3, 8, 8), torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
    result = haze(clean, 50.0, 1.0, generator=generator, depth=depth)
    torch.testing.assert_close(result.image[0], clean[0])
    torch.testing.assert_close(result.image[1], torch.ones(3, 8, 8))
    assert torch.equal(result.parameters["depth"], depth)


def test_the_cast_colours_the_airlight(generator):
    airlight = haze(torch.rand(50, 3, 4, 4), 1.0, 0.8, cast=0.1, generator=generator).parameters[
        "airlight"
    ]
    assert airlight.shape == (50, 3)
    assert (airlight - 0.8).abs().max() <= 0.1001
    assert airlight.std(dim=1).mean() > 0.02


def test_wrong_depths_are_refused(generator):
    clean = torch.rand(2, 3, 8, 8)
    with pytest.raises(UsageError, match="depth has shape"):
        haze(clean, generator=generator, depth=torch.rand(1, 4, 4))
    with pytest.raises(UsageError, match="negative or non-finite"):
        haze(clean, generator=generator, depth=torch.full((1, 8, 8), float("nan")))


def test_wrong_strengths_are_refused(generator):
    with pytest.raises(UsageError, match="beta"):
        haze(torch.rand(3, 8, 8), -1.0, generator=generator)
    with pytest.raises(UsageError, match="airlight"):
        haze(torch.rand(3, 8, 8), 1.0, (0.5, 1.5), generator=generator)
