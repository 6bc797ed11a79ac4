"""Drawn depth is smooth, in [0, 1], and mostly further at the top of the frame."""

import torch

from irlib.degradations import synthetic_depth


def test_range_shape_and_smoothness(generator):
    for _ in range(20):
        depth = synthetic_depth(48, 64, generator)
        assert depth.shape == (1, 48, 64)
        assert depth.min() >= 0
        assert depth.max() <= 1
        assert depth.diff(dim=-1).abs().max() < 0.15


def test_the_top_of_the_frame_is_further_on_average(generator):
    mean = torch.stack([synthetic_depth(32, 32, generator) for _ in range(100)]).mean(0)[0]
    assert mean[:8].mean() > mean[-8:].mean() + 0.2


def test_one_pixel_has_a_depth(generator):
    assert synthetic_depth(1, 1, generator).shape == (1, 1, 1)
