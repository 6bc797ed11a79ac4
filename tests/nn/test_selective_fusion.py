"""Selective fusion: shares of two maps, channel by channel."""

import pytest
import torch

from irlib.nn import SelectiveFusion


@pytest.mark.parametrize(("dim", "parameters"), [(32, 384), (64, 1_536), (128, 6_144), (1, 12)])
def test_parameters(dim, parameters):
    fusion = SelectiveFusion(dim)
    assert sum(parameter.numel() for parameter in fusion.parameters()) == parameters


def test_property_9_shares_sum_to_one_and_equal_maps_are_returned():
    torch.manual_seed(0)
    fusion, first, second = SelectiveFusion(8), torch.randn(2, 8, 5, 6), torch.randn(2, 8, 5, 6)
    shares = fusion.weights(first, second)
    assert shares.shape == (2, 2, 8, 1, 1)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2, 8, 1, 1))
    assert torch.equal(fusion(first, first), first)
    expected = shares[:, 0] * first + shares[:, 1] * second
    torch.testing.assert_close(fusion(first, second), expected)


def test_property_10_without_excitation_it_is_the_average():
    fusion, first, second = SelectiveFusion(8), torch.randn(2, 8, 5, 6), torch.randn(2, 8, 5, 6)
    torch.nn.init.zeros_(fusion.excite.weight)
    torch.testing.assert_close(fusion(first, second), (first + second) / 2)


def test_the_first_half_of_the_scores_belongs_to_the_first_map():
    fusion = SelectiveFusion(4)
    torch.nn.init.ones_(fusion.squeeze.weight)
    with torch.no_grad():
        fusion.excite.weight.zero_()
        fusion.excite.weight[:4] = 9.0
    first, second = torch.ones(1, 4, 3, 3), torch.zeros(1, 4, 3, 3)
    torch.testing.assert_close(fusion(first, second), first)
