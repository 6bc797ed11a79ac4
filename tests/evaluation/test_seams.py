import pytest
import torch
from torch import nn

from irlib.errors import UsageError
from irlib.evaluation.seams import tiling_cost


class Average(nn.Module):
    """Adds a part of the mean of all it sees, the simplest global network."""

    multiple = 8

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, image):
        return image + self.share * image.mean()


def ramp(height=200, width=317):
    return torch.linspace(0.1, 0.6, width).expand(3, height, width)


def test_a_local_network_pays_nothing():
    cost = tiling_cost(Average(0), ramp(), tile=64, overlap=16, clean=ramp().flip(2))
    assert cost.mean_difference < 1e-6
    assert cost.step_at_borders < 1e-6
    assert cost.psnr_change == pytest.approx(0, abs=1e-4)


def test_a_global_network_changes_only_where_tiles_fade():
    image = ramp(200, 320)  # a multiple of 8, so that no padding moves the mean
    cost = tiling_cost(Average(0.2), image, tile=64, overlap=16, clean=image)
    assert cost.mean_difference > 0.01
    # Inside a tile the difference is one constant, so that every step lies in a fade.
    assert cost.step_inside < 1e-6 < cost.step_at_borders
    assert cost.psnr_whole == pytest.approx(float(-20 * (0.2 * image.mean()).log10()), abs=1e-3)


def test_one_tile_is_the_whole():
    cost = tiling_cost(Average(0.2), ramp(40, 50), tile=64, overlap=16)
    assert (cost.mean_difference, cost.step_at_borders, cost.step_inside) == (0, 0, 0)
    assert cost.psnr_change is None


def test_a_whole_restoration_at_hand_is_used():
    image = ramp(64, 96)
    cost = tiling_cost(Average(0), image, tile=32, overlap=8, whole=image + 0.25)
    assert cost.mean_difference == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize("name", ["clean", "whole"])
def test_images_of_two_sizes_are_refused(name):
    with pytest.raises(UsageError, match=rf"{name}.*\(3, 8, 8\)"):
        tiling_cost(Average(0), ramp(), **{name: torch.zeros(3, 8, 8)})
