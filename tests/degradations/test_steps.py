"""A step with its arguments does what the function with these arguments does."""

import pytest
import torch

from irlib.degradations import compose, gaussian_noise, haze, rain
from irlib.degradations.steps import step_of
from irlib.errors import UsageError


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


CLEAN = torch.rand(3, 20, 28, generator=seeded())


def test_arguments_reach_the_function():
    written = compose(CLEAN, ["haze:beta=1.5,airlight=0.6..0.7"], generator=seeded(1))
    called = haze(CLEAN, 1.5, (0.6, 0.7), generator=seeded(1))
    assert torch.equal(written.image, called.image)
    assert torch.equal(written.parameters["haze.airlight"], called.parameters["airlight"])


def test_severity_plays_no_part_where_arguments_are_given():
    light, heavy = (
        compose(CLEAN, ["rain:length=20"], severity=severity, generator=seeded(1)).image
        for severity in ("light", "heavy")
    )
    assert torch.equal(light, heavy)
    assert torch.equal(light, rain(CLEAN, length=20, generator=seeded(1)).image)


def test_a_switch_is_true_or_false():
    written = compose(CLEAN, ["noise:sigma=30,clipped=true"], generator=seeded(1)).image
    assert torch.equal(written, gaussian_noise(CLEAN, 30, clipped=True, generator=seeded(1)).image)


def test_a_true_depth_reaches_the_step():
    depth = torch.rand(1, 20, 28, generator=seeded(3))
    written = compose(CLEAN, ["haze:beta=2"], generator=seeded(1), depth=depth).image
    assert torch.equal(written, haze(CLEAN, 2, generator=seeded(1), depth=depth).image)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("fog:beta=1", "unknown degradation 'fog'"),
        ("noise25:sigma=3", "takes no arguments"),
        ("haze:thickness=1", "unknown argument of haze 'thickness'"),
        ("haze:depth=1", "unknown argument of haze 'depth'"),
        ("haze:beta", "expected NAME=VALUE"),
        ("haze:beta=much", "expected a number, or a range"),
        ("haze:cast=0..1", "expected a number."),
        ("noise:clipped=1", "expected true or false"),
        ("haze:", "expected NAME=VALUE"),
    ],
)
def test_what_cannot_be_read_is_refused(text, part):
    with pytest.raises(UsageError) as told:
        step_of(text)
    assert part in str(told.value)


def test_values_out_of_range_are_refused_by_the_function():
    with pytest.raises(UsageError, match="airlight"):
        compose(CLEAN, ["haze:airlight=2"], generator=seeded())
