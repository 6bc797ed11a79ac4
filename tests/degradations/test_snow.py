"""Snow covers about as much as asked, and blends by its mask."""

import pytest
import torch

from irlib.degradations import snow


def test_no_density_is_the_identity(generator):
    clean = torch.rand(2, 3, 20, 20)
    torch.testing.assert_close(snow(clean, 0.0, generator=generator).image, clean)


def test_the_image_is_blended_by_the_mask(generator):
    clean = torch.rand(3, 40, 40)
    image, drawn = snow(clean, 0.2, generator=generator)
    mask = drawn["mask"]
    assert mask.min() >= 0
    assert mask.max() <= 1
    torch.testing.assert_close(image, clean * (1 - mask) + 0.98 * mask)


@pytest.mark.parametrize("density", [0.03, 0.1])
def test_the_area_under_flakes_is_the_stated_density(density, generator):
    black = torch.zeros(12, 3, 192, 192)
    mask = snow(black, density, 5.0, drift=0.5, opacity=1.0, generator=generator).parameters["mask"]
    covered = (mask > 0.3).float().mean()
    assert covered == pytest.approx(density, rel=0.35)


def test_drift_draws_flakes_out_along_their_fall(generator):
    black = torch.zeros(4, 3, 128, 128)
    mask = snow(black, 0.1, 5.0, 0.0, 4.0, generator=generator).parameters["mask"]
    assert mask.diff(dim=-1).abs().mean() > 1.5 * mask.diff(dim=-2).abs().mean()
