"""Resizing moves values between space and channels and loses none."""

import torch

from irlib.nn import Downsample, Upsample


def test_down_halves_and_doubles_and_up_reverses():
    x = torch.randn(2, 8, 6, 10)
    assert Downsample(8)(x).shape == (2, 16, 3, 5)
    assert Upsample(8)(x).shape == (2, 4, 12, 20)
    assert Upsample(16)(Downsample(8)(x)).shape == x.shape


def test_rearranging_is_a_round_trip():
    x = torch.randn(2, 8, 6, 10)
    torch.testing.assert_close(Upsample(8).rearrange(Downsample(8).rearrange(x)), x)


def test_resizing_convolutions_have_a_bias_only_where_asked():
    assert Downsample(8).conv.bias is None
    assert Upsample(8).conv.bias is None
    assert Downsample(8, bias=True).conv.bias.shape == (4,)
    assert Upsample(8, bias=True).conv.bias.shape == (16,)
