"""Steps happen in the stated order; the eleven classes of CDD-11 in the order of their authors."""

import pytest
import torch

from irlib.degradations import (
    CDD11,
    cdd11_steps,
    compose,
    degrade,
    dim_illumination,
    list_degradations,
)
from irlib.degradations.composition import illumination
from irlib.errors import UsageError


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_composition_is_its_steps_one_after_the_other():
    clean = torch.rand(3, 24, 24, generator=seeded())
    together = compose(clean, ["blur", "noise25"], generator=seeded(1)).image
    generator = seeded(1)
    first = degrade(clean, "blur", generator=generator).image
    second = degrade(first, "noise25", generator=generator).image
    assert torch.equal(together, second)


def test_order_matters():
    clean = torch.rand(3, 48, 48, generator=seeded())
    grain = compose(clean, ["blur", "noise25"], generator=seeded(1)).image
    smeared = compose(clean, ["noise25", "blur"], generator=seeded(1)).image
    assert grain.diff(dim=-1).abs().mean() > 1.5 * smeared.diff(dim=-1).abs().mean()


def test_parameters_are_named_by_their_step():
    drawn = compose(
        torch.rand(2, 3, 16, 16), ["noise", "haze", "noise"], generator=seeded()
    ).parameters
    assert {"noise.sigma", "haze.beta", "noise_2.sigma"} <= set(drawn)
    assert drawn["noise_2.sigma"].shape == (2,)


def test_the_eleven_names():
    assert len(CDD11) == len(set(CDD11)) == 11
    assert [f"cdd11_{name}" for name in CDD11] == list_degradations()[-11:]


@pytest.mark.parametrize("name", CDD11)
def test_the_steps_of_each_class_are_its_parts_in_the_authors_order(name):
    steps = cdd11_steps(name)
    assert sorted(steps) == sorted(name.split("_"))
    order = ["low", "rain", "snow", "haze"]
    assert steps == sorted(steps, key=order.index)


@pytest.mark.parametrize("name", CDD11)
def test_each_class_draws_for_its_steps_in_that_order(name):
    drawn = degrade(torch.rand(3, 16, 16), f"cdd11_{name}", generator=seeded()).parameters
    met = list(dict.fromkeys(key.split(".")[0] for key in drawn))
    assert met == cdd11_steps(name)


def test_haze_lies_over_the_rain():
    """In CDD-11 distant rain is veiled too: dense haze hides the streaks."""
    depth = torch.ones(1, 64, 64)
    image = degrade(
        torch.zeros(3, 64, 64), "cdd11_haze_rain", severity="heavy", generator=seeded(), depth=depth
    )
    transmission = torch.exp(-image.parameters["haze.beta"] * 0.7)
    span = image.image.max() - image.image.min()
    assert span <= transmission + 1e-5


def test_depth_is_cut_off_at_seven_tenths():
    drawn = degrade(
        torch.rand(3, 8, 8), "cdd11_haze", generator=seeded(), depth=torch.ones(1, 8, 8)
    ).parameters
    assert drawn["haze.depth"].max() == pytest.approx(0.7)


def test_dimming_lowers_the_illumination_and_keeps_the_colour(generator):
    clean = torch.rand(3, 64, 64) * torch.linspace(0.2, 1, 64)
    image = dim_illumination(clean, 3.0, 0.0, generator=generator).image
    light = illumination(clean[None])[0]
    torch.testing.assert_close(image, clean * light**2)


def test_no_steps_and_unknown_steps_are_refused():
    with pytest.raises(UsageError, match="list of names"):
        compose(torch.rand(3, 8, 8), [], generator=seeded())
    with pytest.raises(UsageError, match="list of names"):
        compose(torch.rand(3, 8, 8), "haze", generator=seeded())
    with pytest.raises(UsageError, match="did you mean 'rain'"):
        compose(torch.rand(3, 8, 8), ["rian"], generator=seeded())
