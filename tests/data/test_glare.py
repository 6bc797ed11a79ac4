"""Glare: bright plain areas that a picture may have without any haze."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.data.embedded import EmbeddedPairs
from irlib.data.glare import glare
from irlib.degradations import FIVE_TASKS

SMALL = {"scenes": 2, "scene_size": 80, "patch": 48}


def lit(seed: int, height: int = 64, width: int = 48, level: float = 0.3) -> torch.Tensor:
    grey = torch.full((3, height, width), level)
    return glare(grey, torch.Generator().manual_seed(seed))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 80), st.integers(8, 80), st.sampled_from([0.0, 1.0]))
def test_values_stay_in_range(seed, height, width, level):
    image = lit(seed, height, width, level)
    assert image.shape == (3, height, width)
    assert 0 <= image.min() <= image.max() <= 1


def test_areas_are_bright_nearly_grey_and_leave_a_part_alone():
    images = torch.stack([lit(seed) for seed in range(60)])
    areas = images.mean(1) > 0.62  # beyond what a longer exposure makes of 0.3
    assert 0.15 < areas.float().mean() < 0.75
    assert (images.amax(1) - images.amin(1)).max() < 0.17
    assert sum(bool((~one).any()) for one in areas) > 50


def test_some_pictures_are_exposed_longer_and_half_are_not():
    corners = [float(lit(seed).amin()) for seed in range(60)]
    assert 15 < sum(abs(corner - 0.3) < 1e-4 for corner in corners) < 45
    assert max(corner for corner in corners if corner < 0.58) > 0.4


def test_the_same_generator_makes_the_same_picture():
    assert torch.equal(lit(3), lit(3))
    assert not torch.equal(lit(3), lit(4))


def test_lit_targets_differ_in_the_tasks_that_haze_could_be_seen_in_and_there_alone():
    plain, bright = (EmbeddedPairs(**SMALL, lit=share) for share in (0.0, 1.0))
    for position in range(20):
        same = torch.equal(plain[position]["target"], bright[position]["target"])
        assert same == (FIVE_TASKS[position % 5] in ("dehaze", "lowlight"))
