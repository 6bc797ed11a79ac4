"""Convolutions of few inputs a channel, taken sixteen at a time in bf16."""

import pytest
import torch
from torch import nn

from irlib.nn.sparse_conv import sparse_conv


@pytest.mark.parametrize(("inside", "kernel"), [(1, 3), (1, 5), (2, 5)])
@pytest.mark.parametrize("bias", [False, True])
def test_blocks_compute_the_same(inside, kernel, bias):
    torch.manual_seed(0)
    conv = nn.Conv2d(
        32 * inside, 32, kernel, padding=kernel // 2, groups=32, bias=bias, dtype=torch.bfloat16
    )
    x = torch.randn(2, 32 * inside, 9, 7, dtype=torch.bfloat16)
    given, exact = sparse_conv(x, conv), conv.float()(x.float())
    assert given.dtype == torch.bfloat16
    torch.testing.assert_close(given.float(), exact, atol=0.02, rtol=0.02)


def test_gradients_reach_the_small_weights():
    torch.manual_seed(0)
    conv, x = nn.Conv2d(32, 16, 3, padding=1, groups=16), torch.randn(1, 32, 8, 8)
    conv(x).square().sum().backward()
    expected = conv.weight.grad.clone()
    conv.weight.grad = None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        given = sparse_conv(x, conv)
    assert given.dtype == torch.bfloat16
    given.float().square().sum().backward()
    assert (conv.weight.grad - expected).abs().max() < 0.03 * expected.abs().max()


@pytest.mark.parametrize("channels", [12, 32])
def test_elsewhere_nothing_changes(channels):
    conv, x = nn.Conv2d(channels, channels, 3, groups=channels), torch.randn(1, channels, 6, 6)
    assert torch.equal(sparse_conv(x, conv), conv(x))
