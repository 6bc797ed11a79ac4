"""Rain is added, grey, sparse, as dense and as slanted as asked; in the manner of Rain100L."""

import math
from pathlib import Path

import pytest
import torch

from irlib.degradations import degrade_task, rain
from irlib.degradations.rain import _paint
from irlib.errors import UsageError


def slant(layer: torch.Tensor) -> float:
    """Direction of least change in degrees from the vertical (structure tensor)."""
    dy, dx = torch.gradient(layer)
    theta = 0.5 * torch.atan2(2 * (dx * dy).sum(), (dx * dx).sum() - (dy * dy).sum())
    # theta is the direction of greatest change; streaks run across it.
    return math.degrees(-float(theta))


def test_rain_adds_grey_light(generator):
    clean = torch.full((3, 96, 96), 0.2)
    result = rain(clean, 0.1, brightness=0.3, layers=1, generator=generator)
    added = result.image - clean
    assert added.min() >= -1e-6
    assert torch.allclose(added[0], added[1])
    visible = result.parameters["streaks"]
    assert torch.allclose(added[:1], visible.clamp(max=0.8), atol=1e-5)


def test_no_density_and_no_veil_is_the_identity(generator):
    clean = torch.rand(2, 3, 20, 20)
    torch.testing.assert_close(rain(clean, 0.0, generator=generator).image, clean)


def test_the_veil_greys_the_scene(generator):
    veiled = rain(torch.zeros(3, 16, 16), 0.0, veil=0.5, generator=generator).image
    assert veiled.mean() == pytest.approx(0.425, abs=1e-3)


@pytest.mark.parametrize("angle", [-40.0, 0.0, 25.0])
def test_streaks_lean_as_asked(angle, generator):
    streaks = rain(torch.zeros(3, 256, 256), 0.15, 40.0, angle, 1, generator=generator).parameters[
        "streaks"
    ]
    assert slant(streaks[0]) == pytest.approx(angle, abs=5)


def test_twice_the_density_is_twice_the_light(generator):
    black = torch.zeros(8, 3, 128, 128)
    fixed = {"length": 30.0, "brightness": 0.5, "generator": generator}
    thin = rain(black, 0.05, **fixed).parameters["streaks"].mean()
    thick = rain(black, 0.1, **fixed).parameters["streaks"].mean()
    assert thick / thin == pytest.approx(2, rel=0.2)


def test_density_does_not_depend_on_the_size_of_the_crop(generator):
    def light(size: int, count: int) -> float:
        black = torch.zeros(count, 3, size, size)
        layer = rain(black, 0.15, 30.0, brightness=0.5, generator=generator)
        return float(layer.parameters["streaks"].mean())

    assert light(48, 200) == pytest.approx(light(256, 8), rel=0.2)


def test_longer_streaks_change_less_along_their_way(generator):
    def roughness(length: float) -> float:
        layer = rain(torch.zeros(3, 256, 256), 0.15, length, 0.0, 1, generator=generator)
        streaks = layer.parameters["streaks"][0]
        return float(streaks.diff(dim=0).square().mean() / streaks.square().mean())

    assert roughness(60.0) < 0.5 * roughness(15.0)


@pytest.mark.parametrize(
    "wrong", [{"angle": 80.0}, {"density": 2.0}, {"layers": 0}, {"veil": -0.1}, {"length": 0.0}]
)
def test_values_out_of_range_are_refused(wrong, generator):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        rain(torch.rand(3, 8, 8), **wrong, generator=generator)


def test_training_rain_resembles_rain100l(shared: Path, generator):
    """Mean light, coverage and bright tail lie within the spread of the real training pairs."""
    from irlib.data.images import read_image

    folder = shared / "data" / "RainTrainL"
    targets = sorted((folder / "target").iterdir())
    if not targets:
        pytest.skip("needs pairs of RainTrainL")

    def facts(rainy: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
        added = (rainy - clean).mean(0).flatten()
        return torch.stack([added.mean(), (added > 0.02).float().mean(), added.quantile(0.99)])

    real, ours = [], []
    for path in targets:
        clean = read_image(path).rgb()
        real.append(facts(read_image(folder / "input" / f"{path.stem}.png").rgb(), clean))
        drawn = degrade_task(clean.expand(4, -1, -1, -1), "derain", generator).image
        ours += [facts(image, clean) for image in drawn]
    ratio = torch.stack(ours).mean(0) / torch.stack(real).mean(0)
    assert (ratio > 0.5).all(), ratio
    assert (ratio < 2).all(), ratio


def test_streaks_are_placed_right_beyond_the_exact_integers_of_float32(generator):
    """A 24-megapixel frame has more pixels than float32 counts exactly."""
    tall = torch.zeros(1, 1).expand(3, 9_000_001, 2)  # no memory behind it
    table = torch.tensor([[9_000_000.0, 1.0, 0.5, 0.4, 0.0, 0.9]])
    layer = _paint([table], tall[None])[0, 0]
    assert layer.argmax() == 9_000_000 * 2 + 1
