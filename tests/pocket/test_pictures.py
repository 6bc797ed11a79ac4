"""Crops and degraded samples that pocket models learn from."""

import pytest
import torch

from irlib.data.photos import TEST_PHOTOS
from irlib.data.seeding import generator_for
from irlib.pocket.degraded import (
    LEVELS,
    NAMES,
    RESTORED,
    DegradedPictures,
    imitate_restoration,
    spoil,
)
from irlib.pocket.pictures import LARGEST, SOURCES, Crop, Pictures


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return Pictures(scenes=1, seed=0)


def test_no_held_out_photograph_is_a_source():
    assert not set(SOURCES) & set(TEST_PHOTOS)


def test_crops_are_squares_of_many_sizes_from_all_sources(pictures):
    crops = [pictures.draw(generator_for("t", i)) for i in range(120)]
    sides = {crop.image.shape[-1] for crop in crops}
    assert all(crop.image.shape[-2] == crop.image.shape[-1] for crop in crops)
    assert min(sides) >= 64
    assert LARGEST >= max(sides) > 150
    assert len({crop.source for crop in crops}) > 12
    assert all(crop.image.min() >= 0 and crop.image.max() <= 1 for crop in crops)
    with_depth = [crop for crop in crops if crop.depth is not None]
    assert all(crop.depth.shape[-2:] == crop.image.shape[-2:] for crop in with_depth)
    assert any(crop.source == len(SOURCES) - 1 for crop in with_depth)


def test_without_scenes_only_photographs_are_cut():
    only = Pictures(scenes=0, seed=0)
    sources = {only.draw(generator_for("t", i)).source for i in range(20)}
    assert len(SOURCES) - 1 not in sources


def test_a_sample_depends_on_seed_and_position_alone(pictures):
    data = DegradedPictures(pictures, 0, 100)
    first, again = data[13], DegradedPictures(pictures, 0, 5)[13]
    assert torch.equal(first.image, again.image)
    assert first[1:] == again[1:]
    assert not torch.equal(first.image, DegradedPictures(pictures, 1, 100)[13].image)


def test_samples_name_what_they_suffer_from(pictures):
    data = DegradedPictures(pictures, 0, 64)
    samples = [data[i] for i in range(32)]
    assert all(sample.image.shape == (3, 64, 64) for sample in samples)
    assert [sample.name for sample in samples[: len(NAMES)]] == list(range(len(NAMES)))
    assert all((sample.level == 0) == (sample.name == 0) for sample in samples)
    assert {sample.level for sample in samples} == set(range(len(LEVELS)))


def test_imitated_restorations_are_rare_and_name_nothing(pictures):
    data = DegradedPictures(pictures, 0, 200, restored=True)
    restored = [s for s in (data[i] for i in range(120)) if s.name == RESTORED]
    assert 1 <= len(restored) <= 30
    assert {sample.level for sample in restored} == {1}
    plain = DegradedPictures(pictures, 0, 200)
    assert all(plain[i].name >= 0 for i in range(40))


def test_a_restoration_is_nearer_to_the_clean_picture(generator):
    clean = torch.nn.functional.avg_pool2d(torch.rand(3, 80, 80, generator=generator), 9, 1)
    crop = Crop(clean, None, 0)
    noisy = spoil(crop, NAMES.index("noise"), 3, generator)
    restored = imitate_restoration(noisy, clean, generator)
    assert 0 < (restored - clean).abs().mean() < (noisy - clean).abs().mean()


def test_the_clean_level_changes_nothing(generator):
    crop = Crop(torch.rand(3, 64, 64), None, 0)
    assert spoil(crop, 3, 0, generator) is crop.image
