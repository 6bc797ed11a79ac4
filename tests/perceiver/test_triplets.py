"""Qualities of one scene are cut and flipped alike."""

import pytest
import torch

from irlib.data.images import write_image
from irlib.data.seeding import generator_for
from irlib.errors import UsageError
from irlib.perceiver.sources import EmbeddedSource
from irlib.perceiver.triplets import Triplets, cut_alike


def coordinates(height: int, width: int) -> torch.Tensor:
    """An image whose pixels say where they are."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([y / 100, x / 100, torch.zeros(height, width)])


@pytest.mark.parametrize("seed", range(8))
def test_the_same_square_and_flip_of_every_quality(seed):
    images = [coordinates(40, 50), coordinates(38, 50), coordinates(40, 47)]
    cut = cut_alike(images, 16, torch.Generator().manual_seed(seed))
    assert cut.shape == (3, 3, 16, 16)
    assert torch.equal(cut[0], cut[1])
    assert torch.equal(cut[0], cut[2])
    assert float(cut[:, 0].max()) * 100 < 38.5, "the common top-left size"
    assert float(cut[:, 1].max()) * 100 < 47.5
    step = cut[0, 1, 0].diff()
    assert torch.allclose(step.abs(), torch.full_like(step, 0.01), atol=1e-6), "not resized"


def test_both_flips_and_many_places_occur():
    image = [coordinates(40, 50)]
    cuts = [cut_alike(image, 16, generator_for("cut", i))[0] for i in range(60)]
    flipped = [float(cut[1, 0, 0] - cut[1, 0, -1]) > 0 for cut in cuts]
    assert 15 < sum(flipped) < 45
    tops = {round(float(cut[0, 0, 0]) * 100) for cut in cuts}
    assert {min(tops), max(tops)} == {0, 24}


def test_small_images_are_enlarged():
    images = [torch.rand(3, 10, 21), torch.rand(3, 12, 20)]
    cut = cut_alike(images, 32, torch.Generator().manual_seed(0))
    assert cut.shape == (2, 3, 32, 32)
    assert 0 <= float(cut.min()) <= float(cut.max()) <= 1


@pytest.fixture(scope="module")
def source() -> EmbeddedSource:
    return EmbeddedSource(("derain",), side=32, cuts=1, scenes=0, photographs=2)


@pytest.fixture
def medium(source, tmp_path):
    files = [tmp_path / f"{i}.png" for i in range(len(source))]
    for file in files:
        write_image(file, torch.full((3, 32, 32), 0.2))
    return files


def test_tiers_run_from_degraded_to_clean(source, medium):
    low, high = source.pair(0)
    grey = torch.full((3, 32, 32), 0.2)
    assert [
        torch.equal(a, b)
        for a, b in zip(Triplets(source, (), tiers=2).images(0), (low, high), strict=True)
    ] == [True, True]
    three = Triplets(source, medium).images(0)
    assert torch.allclose(three[1], grey)
    assert torch.equal(three[2], high)
    four = Triplets(source, medium, tiers=4).images(0)
    assert torch.equal(four[3], high)
    assert torch.allclose(four[2], (grey + high) / 2)


def test_fixed_cuts_are_the_same_every_time(source, medium):
    triplets = Triplets(source, medium, size=16)
    assert torch.equal(triplets.fixed_cuts(0, 3), triplets.fixed_cuts(0, 3))
    assert triplets.fixed_cuts(0, 3).shape == (3, 3, 3, 16, 16)
    assert not torch.equal(triplets.fixed_cuts(0, 2)[0], triplets.fixed_cuts(0, 2)[1])


def test_wrong_numbers_are_told(source, medium):
    with pytest.raises(UsageError, match="5 tiers"):
        Triplets(source, medium, tiers=5)
    with pytest.raises(UsageError, match="1 medium images were given for 2"):
        Triplets(source, medium[:1])
