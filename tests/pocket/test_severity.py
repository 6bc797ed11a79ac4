"""Distances and whether they grow with the severity of a degradation."""

import pytest
import torch

from irlib.foundation import Vgg
from irlib.foundation.sources import Source
from irlib.foundation.vgg import vgg_layers
from irlib.pocket.severity import (
    perceptual_distance,
    severity_order,
    severity_orders,
    squared_error,
    unit_length_distance,
)


@pytest.fixture
def vgg():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Vgg(vgg_layers((4, 4, 4, 4, 4, 4, 4)), Source("file"))


@pytest.fixture
def pictures(generator):
    return torch.rand(2, 2, 3, 16, 16, generator=generator)


def test_squared_error_orders_noise_and_its_opposite_does_not():
    found = severity_order(squared_error, per_side=1, sides=(64,))
    assert found["order/noise"] == 1.0
    assert found["order"] > 0.5
    backwards = severity_order(lambda a, b: -squared_error(a, b), per_side=1, sides=(64,))
    assert backwards["order/noise"] == 0.0
    assert found["order/chance"] == pytest.approx(1 / 6)


def test_the_perceptual_distance_weighs_four_depths(vgg, pictures):
    first, second = pictures
    distance = perceptual_distance(vgg)
    parts = [
        (a - b).abs().mean(dim=(1, 2, 3))
        for a, b in zip(vgg.features(first), vgg.features(second), strict=True)
    ]
    expected = parts[0] / 12 + parts[1] / 6 + parts[2] / 3 + parts[3]
    assert torch.allclose(distance(first, second), expected)
    assert torch.equal(distance(first, first), torch.zeros(2))


def test_the_distance_of_unit_length_is_that_of_directions(vgg, pictures):
    first, second = pictures
    expected = torch.zeros(2)
    maps = zip(vgg.features(first), vgg.features(second), strict=True)
    for weight, (a, b) in zip((1 / 12, 1 / 6, 1 / 3, 1), maps, strict=True):
        present = [(x.square().sum(dim=1) > 0).float() for x in (a, b)]
        cosine = torch.cosine_similarity(a, b, dim=1)
        expected += weight * (sum(present) - 2 * cosine).mean(dim=(1, 2))
    found = unit_length_distance(vgg)(first, second)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert (found > 0.01).all()
    assert torch.equal(unit_length_distance(vgg)(first, first), torch.zeros(2))


class Loud(Vgg):
    """The second and later pictures of a batch answer three times as loud."""

    def features(self, images):
        loud = torch.ones(len(images), 1, 1, 1)
        loud[1:] = 3
        return [x * loud for x in super().features(images)]


def test_how_strong_features_are_does_not_count(pictures):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        loud = Loud(vgg_layers((4, 4, 4, 4, 4, 4, 4)), Source("file"))
    twice = pictures[0][:1].expand(2, -1, -1, -1)
    assert unit_length_distance(loud)(twice[:1], twice)[1] < 1e-6
    assert perceptual_distance(loud)(twice[:1], twice)[1] > 1e-3


def test_all_are_measured_on_the_same_ladders(vgg):
    values = severity_orders(vgg, vgg, per_side=1, sides=(64,))
    assert values["order"] == values["order/untrained"]
    assert values["unit_length_order"] == values["unit_length_order/untrained"]
    alone = severity_order(squared_error, per_side=1, sides=(64,))
    assert values["order/squared-error"] == alone["order"]
    assert values["order/chance"] == pytest.approx(1 / 6)
    assert "unit_length_order/chance" not in values
