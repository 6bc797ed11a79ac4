"""The two layer norms do what the released code does, in the layout that needs no copy."""

import pytest
import torch
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.nn import NORMS, BiasFreeLayerNorm, WithBiasLayerNorm


def perturbed(norm):
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return norm


def test_with_bias_is_layer_norm_over_channels():
    norm = perturbed(WithBiasLayerNorm(12))
    x = torch.randn(2, 12, 5, 7)
    expected = F.layer_norm(x.permute(0, 2, 3, 1), (12,), norm.weight, norm.bias, 1e-5)
    torch.testing.assert_close(norm(x), expected.permute(0, 3, 1, 2), atol=1e-6, rtol=0)


def test_bias_free_follows_its_equation():
    norm = perturbed(BiasFreeLayerNorm(12)).double()
    x = torch.randn(2, 12, 5, 7, dtype=torch.float64)
    variance = x.var(dim=1, unbiased=False, keepdim=True)
    expected = x / torch.sqrt(variance + 1e-5) * norm.weight.view(-1, 1, 1)
    torch.testing.assert_close(norm(x), expected, atol=1e-12, rtol=0)


def test_bias_free_keeps_the_mean_in_the_numerator():
    norm = BiasFreeLayerNorm(12)
    x = torch.randn(1, 12, 4, 4)
    assert (norm(x + 1) - norm(x)).abs().min() > 0.1
    torch.testing.assert_close(WithBiasLayerNorm(12)(x + 1), WithBiasLayerNorm(12)(x))


def test_bias_free_ignores_a_large_scale():
    norm = BiasFreeLayerNorm(12)
    x = torch.randn(1, 12, 4, 4)
    torch.testing.assert_close(norm(1000 * x), norm(100 * x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["WithBias", "BiasFree"])
def test_norms_keep_channels_last(name):
    x = torch.randn(2, 12, 5, 7).contiguous(memory_format=torch.channels_last)
    assert NORMS.get(name)(12)(x).is_contiguous(memory_format=torch.channels_last)


def test_unknown_norm_suggests_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'BiasFree'"):
        NORMS.get("BiasFre")
