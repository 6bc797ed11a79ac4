"""Names, severities, and the physics that more severity means a lower mean PSNR."""

import pytest
import torch

from irlib.data.photos import TEST_PHOTOS, photo
from irlib.degradations import degrade, list_degradations
from irlib.degradations.presets import FIXED_NOISE
from irlib.errors import UsageError


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    """(24, 3, 96, 96) crops of the held-out photographs."""
    generator = torch.Generator().manual_seed(7)
    result = []
    for name in [*TEST_PHOTOS, *TEST_PHOTOS, *TEST_PHOTOS][:24]:
        image = photo(name)
        top = int(torch.randint(image.shape[1] - 95, (), generator=generator))
        left = int(torch.randint(image.shape[2] - 95, (), generator=generator))
        result.append(image[:, top : top + 96, left : left + 96])
    return torch.stack(result)


def mean_psnr(degraded: torch.Tensor, clean: torch.Tensor) -> float:
    return float((-10 * (degraded - clean).square().mean((1, 2, 3)).log10()).mean())


@pytest.mark.parametrize("name", [n for n in list_degradations() if n not in FIXED_NOISE])
def test_more_severity_lowers_the_mean_psnr(name, crops):
    depth = torch.linspace(1, 0, 96)[:, None].expand(1, 96, 96)
    scores = [
        mean_psnr(
            degrade(
                crops,
                name,
                severity=severity,
                generator=torch.Generator().manual_seed(0),
                depth=depth,
            ).image,
            crops,
        )
        for severity in ("light", "medium", "heavy")
    ]
    assert scores[0] > scores[1] > scores[2], scores


@pytest.mark.parametrize(("name", "sigma"), FIXED_NOISE.items())
def test_named_noise_levels_hold_at_every_severity(name, sigma):
    grey = torch.full((3, 128, 128), 0.5)
    for severity in ("light", "heavy", "train"):
        image = degrade(
            grey, name, severity=severity, generator=torch.Generator().manual_seed(0)
        ).image
        assert 255 * image.std() == pytest.approx(sigma, rel=0.03)


def test_the_expected_names_are_there():
    names = list_degradations()
    assert {"noise", "haze", "rain", "blur", "lowlight", "underwater", "snow"} <= set(names)
    assert len(names) == len(set(names))


def test_unknown_names_and_severities_are_refused():
    generator = torch.Generator()
    with pytest.raises(UsageError, match="did you mean 'haze'"):
        degrade(torch.rand(3, 8, 8), "hase", generator=generator)
    with pytest.raises(UsageError, match="did you mean 'heavy'"):
        degrade(torch.rand(3, 8, 8), "haze", severity="havy", generator=generator)
