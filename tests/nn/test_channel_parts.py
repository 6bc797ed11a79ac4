"""Parts of a map's channels, computed one by one, are the parts of the whole."""

import pytest
import torch
from torch import nn

from irlib.nn import channel_parts as module
from irlib.nn import feed_forward
from irlib.nn.channel_parts import channel_parts, channel_range, slice_width
from irlib.nn.feed_forward import GatedFeedForward, gelu_gate


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_parts_are_those_of_the_whole(bias, count):
    torch.manual_seed(0)
    convs = (nn.Conv2d(5, 12, 1, bias=bias), nn.Conv2d(12, 12, 3, padding=1, groups=12, bias=bias))
    x = torch.randn(2, 5, 6, 7)
    whole = convs[1](convs[0](x))
    parts = channel_parts(x, convs, count)
    torch.testing.assert_close(torch.cat(list(parts), dim=1), whole)
    torch.testing.assert_close(channel_range(x, convs, 3, 8), whole[:, 3:8])


def test_parts_are_contiguous_channels_last():
    x = torch.randn(2, 5, 6, 7).contiguous(memory_format=torch.channels_last)
    for part in channel_parts(x, (nn.Conv2d(5, 12, 1),), 2):
        assert part.is_contiguous(memory_format=torch.channels_last)


def test_large_maps_have_narrow_slices_of_whole_vectors():
    assert slice_width(torch.empty(1, 3, 256, 256, device="meta")) == 64
    assert slice_width(torch.empty(1, 3, 4000, 6000, device="meta")) == module._MULTIPLE
    assert slice_width(torch.empty(8, 3, 8, 8, device="meta")) % module._MULTIPLE == 0


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("width", [1, 4, 10, 11])
def test_a_feed_forward_layer_in_slices_is_the_same(monkeypatch, bias, width):
    torch.manual_seed(0)
    layer = GatedFeedForward(4, 2.66, bias)  # 10 hidden channels
    x = torch.randn(2, 4, 6, 5)
    with_gradients = layer(x)
    monkeypatch.setattr(feed_forward, "slice_width", lambda _: width)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), with_gradients)
        torch.testing.assert_close(layer._in_slices(x, width), with_gradients)


def test_the_gate_has_the_gradients_of_its_equation():
    generator = torch.Generator().manual_seed(0)
    gate, content = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(gelu_gate, (gate.requires_grad_(), content.requires_grad_()))
    torch.testing.assert_close(gelu_gate(gate, content), nn.functional.gelu(gate) * content)
