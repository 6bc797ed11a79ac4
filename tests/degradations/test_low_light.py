"""Darkness follows exposure and gamma; its noise grows with the light as photons' does."""

import pytest
import torch

from irlib.degradations import degrade_task, low_light
from irlib.errors import UsageError

QUIET = {"shot": 0.0, "read": 0.0}


def test_full_exposure_without_noise_is_the_identity(generator):
    clean = torch.rand(3, 12, 12)
    image = low_light(clean, 1.0, 1.0, **QUIET, generator=generator).image
    torch.testing.assert_close(image, clean)


def test_exposure_and_gamma_act_as_stated(generator):
    clean = torch.rand(3, 12, 12)
    image = low_light(clean, 0.2, 1.8, **QUIET, generator=generator).image
    torch.testing.assert_close(image, 0.2 * clean**1.8)


@pytest.mark.parametrize("light", [0.2, 0.8])
def test_the_variance_is_shot_times_light_plus_read_squared(light, generator):
    clean = torch.full((3, 256, 256), light)
    image = low_light(clean, 1.0, 1.0, 0.004, 0.02, generator=generator).image
    assert image.var() == pytest.approx(0.004 * light + 0.02**2, rel=0.03)
    assert image.mean() == pytest.approx(light, abs=1e-3)


def test_quantising_leaves_grey_levels(generator):
    image = low_light(torch.rand(3, 32, 32), 0.1, quantise=True, generator=generator).image * 255
    assert torch.allclose(image, image.round(), atol=1e-3)
    assert len(image.round().unique()) < 40


def test_the_cast_differs_by_channel(generator):
    drawn = low_light(torch.rand(20, 3, 4, 4), 0.2, cast=0.3, generator=generator).parameters
    assert (drawn["exposure"] / 0.2 - 1).abs().max() <= 0.3001
    assert drawn["exposure"].std(dim=1).min() > 0


def test_training_covers_the_darkness_of_lol(shared, generator):
    from irlib.data.images import read_image

    folder = shared / "data" / "LOL_our485_part"
    real, ours = [], []
    for path in sorted((folder / "target").iterdir()):
        clean = read_image(path).rgb()
        dark = read_image(folder / "input" / path.name).rgb()
        real.append(dark.mean() / clean.mean())
        crops = clean[:, 100:228, 100:228].expand(12, -1, -1, -1)
        drawn = degrade_task(crops, "lowlight", generator).image
        ours += list(drawn.mean((1, 2, 3)) / crops.mean((1, 2, 3)))
    assert min(ours) < min(real)
    assert max(ours) > max(real)


def test_values_out_of_range_are_refused(generator):
    for wrong in ({"exposure": 1.5}, {"gamma": 0.0}, {"shot": -1.0}, {"read": 2.0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            low_light(torch.rand(3, 8, 8), **wrong, generator=generator)
