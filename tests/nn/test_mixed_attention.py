"""Mixed attention: its size, and a gate that is read from strips."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn import MixedAttention, StripGate, TransposedAttention


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("dim", [24, 96, 384])
def test_parameters(dim):
    assert count(MixedAttention(dim)) == 71 * dim**2 + 14 * dim
    ratio = count(MixedAttention(dim)) / count(TransposedAttention(dim, 1))
    assert 13.5 < ratio < 17.5


def test_gate_is_what_the_whole_map_would_give():
    torch.manual_seed(0)
    part, x = StripGate(6), torch.randn(2, 6, 9, 12)
    rows, columns = part.rows(x.mean(3, keepdim=True)), part.columns(x.mean(2, keepdim=True))
    expected = part.excite(F.relu(part.fuse(rows + columns))).sigmoid()  # on all pixels
    torch.testing.assert_close(part.gate(x), expected)
    torch.testing.assert_close(part(x), x * expected)


def test_gate_is_between_0_and_1_and_constant_along_what_is_constant_property_12():
    torch.manual_seed(0)
    part = StripGate(8)
    along_height = torch.randn(1, 8, 1, 20).expand(-1, -1, 16, -1)
    gate = part.gate(along_height)
    assert ((gate > 0) & (gate < 1)).all()
    inner = gate[:, :, 1:-1]  # the 1-D convolution sees zeros beyond the ends
    torch.testing.assert_close(inner, inner[:, :, :1].expand_as(inner))
    assert (gate[:, :, 0] - gate[:, :, 1]).abs().max() > 1e-4
    turned = part.gate(torch.randn(1, 8, 20, 1).expand(-1, -1, -1, 16))[..., 1:-1]
    torch.testing.assert_close(turned, turned[..., :1].expand_as(turned))


def test_a_pixel_reaches_its_whole_row_and_column():
    torch.manual_seed(0)
    part, x = MixedAttention(8), torch.randn(1, 8, 12, 12)
    changed = x.clone()
    changed[..., 5, 6] += 1
    moved = (part(changed) - part(x)).abs().amax(1)[0] > 1e-6
    assert moved[5].all()
    assert moved[:, 6].all()
    assert not moved[0, 0]


def test_bias_reaches_the_joining_convolution_only():
    assert count(MixedAttention(8, bias=True)) == count(MixedAttention(8)) + 8
