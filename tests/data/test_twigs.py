"""Twigs: thin lines that a picture may have without any rain."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.data.embedded import EmbeddedPairs
from irlib.data.twigs import twigs


def drawn(seed: int, height: int = 64, width: int = 48, level: float = 0.5) -> torch.Tensor:
    grey = torch.full((3, height, width), level)
    return twigs(grey, torch.Generator().manual_seed(seed))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 80), st.integers(8, 80), st.sampled_from([0.0, 1.0]))
def test_lines_stay_in_range_and_leave_the_rest_alone(seed, height, width, level):
    image = drawn(seed, height, width, level)
    assert image.shape == (3, height, width)
    assert 0 <= image.min() <= image.max() <= 1


def test_lines_are_thin_and_some_are_lighter_and_some_darker():
    images = torch.stack([drawn(seed) for seed in range(40)])
    touched = (images - 0.5).abs() > 0.02
    assert 0.02 < touched.float().mean() < 0.35
    assert (images > 0.6).any()
    assert (images < 0.4).any()


def test_the_same_generator_draws_the_same_lines():
    assert torch.equal(drawn(3), drawn(3))
    assert not torch.equal(drawn(3), drawn(4))


def test_crossed_targets_differ_in_the_tasks_that_rain_could_be_seen_in_and_there_alone():
    tasks = ("denoise", "dehaze", "derain", "deblur", "lowlight")
    settings = {"scenes": 2, "scene_size": 80, "patch": 48}
    plain, crossed = (EmbeddedPairs(tasks, **settings, crossed=share) for share in (0.0, 1.0))
    for position in range(20):
        same = torch.equal(plain[position]["target"], crossed[position]["target"])
        assert same == (tasks[position % 5] in ("dehaze", "lowlight"))


def test_the_share_alone_decides_which_patches_are_crossed():
    settings = {"scenes": 2, "scene_size": 80, "patch": 48}
    plain, half = (EmbeddedPairs(("deblur",), **settings, crossed=share) for share in (0.0, 0.5))
    equal = [torch.equal(plain[p]["target"], half[p]["target"]) for p in range(40)]
    assert 8 < sum(equal) < 32
