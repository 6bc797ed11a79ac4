"""The gated feed-forward layer: widths, which half gates, which GELU."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn import GatedFeedForward


@pytest.mark.parametrize(("dim", "hidden"), [(48, 127), (96, 255), (192, 510), (384, 1021)])
def test_hidden_width_is_cut_to_an_integer(dim, hidden):
    layer = GatedFeedForward(dim)
    assert layer.project_in.out_channels == 2 * hidden
    assert layer.project_out.in_channels == hidden


def test_first_half_gates_with_the_exact_gelu():
    layer = GatedFeedForward(8)
    x = torch.randn(1, 8, 6, 6)
    first, second = layer.depthwise(layer.project_in(x)).chunk(2, dim=1)
    torch.testing.assert_close(layer(x), layer.project_out(F.gelu(first) * second))
    swapped = layer.project_out(F.gelu(second) * first)
    assert (layer(x) - swapped).abs().max() > 1e-3
    tanh = layer.project_out(F.gelu(first, approximate="tanh") * second)
    assert (layer(x) - tanh).abs().max() > 1e-7
