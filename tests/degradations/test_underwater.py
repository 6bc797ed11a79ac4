"""Water takes the red first and gives back its own colour."""

import pytest
import torch

from irlib.degradations import underwater
from irlib.errors import UsageError


def test_no_distance_is_the_identity(generator):
    clean = torch.rand(2, 3, 12, 12)
    torch.testing.assert_close(underwater(clean, 0.0, generator=generator).image, clean)


def test_far_away_only_the_water_is_seen(generator):
    result = underwater(torch.rand(3, 12, 12), 1000.0, generator=generator)
    colour = result.parameters["colour"][:, None, None]
    torch.testing.assert_close(result.image, colour.expand(3, 12, 12), atol=1e-4, rtol=0)


def test_the_equation(generator):
    clean, depth = torch.rand(3, 6, 7), torch.rand(1, 6, 7)
    image, drawn = underwater(clean, 1.3, 1.4, depth=depth, generator=generator)
    z = 1.3 * (0.25 + 0.75 * depth)
    b, colour = drawn["attenuation"][:, None, None], drawn["colour"][:, None, None]
    expected = clean * torch.exp(-b * z) + colour * (1 - torch.exp(-1.4 * b * z))
    torch.testing.assert_close(image, expected.clamp(0, 1))


@pytest.mark.parametrize(("water", "strongest"), [("green", 1), ("blue", 2)])
def test_the_cast_is_that_of_the_water(water, strongest, generator):
    grey = torch.full((20, 3, 8, 8), 0.5)
    mean = underwater(grey, 2.0, water=water, generator=generator).image.mean((2, 3))
    assert (mean.argmax(1) == strongest).all()
    assert (mean.argmin(1) == 0).all()  # red is lost first


def test_an_unknown_water_is_refused(generator):
    with pytest.raises(UsageError, match="did you mean 'green'"):
        underwater(torch.rand(3, 8, 8), water="gren", generator=generator)
