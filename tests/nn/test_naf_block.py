"""NAFNet's block: identity at first, then the equations, however they are rearranged."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn import (
    BaselineBlock,
    NafBlock,
    SimplifiedChannelAttention,
    SqueezeExcitation,
    WithBiasLayerNorm,
    scale_and_project,
    scaled_conv,
    simple_gate,
)

BLOCKS = pytest.mark.parametrize("block_class", [NafBlock, BaselineBlock])
WINDOWS = pytest.mark.parametrize("window", [None, (5, 20), (4, 3)])


def shaken(module):
    """Moves every parameter away from where it starts, so that no part is silent."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return module


def plain_norm(x, norm):
    mean = x.mean(1, keepdim=True)
    variance = x.var(1, unbiased=False, keepdim=True)
    normal = (x - mean) / torch.sqrt(variance + 1e-6)
    return normal * norm.weight[:, None, None] + norm.bias[:, None, None]


def plain_block(block, x):
    """The equations in their own order: full-size maps, nothing folded."""
    mixer, ffn = block.mixer, block.feed_forward
    gate = simple_gate if isinstance(block, NafBlock) and hasattr(mixer.attention, "conv") else None
    gate = gate or F.gelu
    wide = gate(mixer.depthwise(mixer.project_in(plain_norm(x, block.norm1))))
    y = x + block.beta * mixer.project_out(wide * mixer.attention.scales(wide))
    return y + block.gamma * ffn.project_out(gate(ffn.project_in(plain_norm(y, block.norm2))))


@BLOCKS
def test_property_2_a_fresh_block_is_the_identity(block_class):
    x = torch.randn(2, 8, 6, 5)
    assert torch.equal(block_class(8)(x), x)


@BLOCKS
@WINDOWS
def test_property_5_rearranged_and_plain_order_agree(block_class, window):
    torch.manual_seed(0)
    block = shaken(block_class(6, 2, 2, window)).double()
    x = torch.randn(2, 6, 7, 9, dtype=torch.float64, requires_grad=True)
    given = block(x.contiguous(memory_format=torch.channels_last))
    expected = plain_block(block, x)
    torch.testing.assert_close(given, expected, atol=1e-12, rtol=1e-10)
    wanted = [x, *block.parameters()]
    for ours, theirs in zip(
        torch.autograd.grad(given.square().sum(), wanted),
        torch.autograd.grad(expected.square().sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("dim", [4, 16, 32, 512])
def test_property_1_parameters_of_a_block(dim):
    with torch.device("meta"):
        block = NafBlock(dim)
    assert sum(p.numel() for p in block.parameters()) == 7 * dim**2 + 33 * dim
    assert len(block.state_dict()) == 18
    with torch.device("meta"):
        assert len(BaselineBlock(dim).state_dict()) == 20


def test_property_2_beta_alone_wakes_the_first_half():
    block = shaken(NafBlock(8))
    x = torch.randn(1, 8, 6, 6)
    with torch.no_grad():
        block.gamma.zero_()
        first = block(x)
        torch.testing.assert_close(first, x + block.mixer(block.norm1(x), block.beta))
        assert (first - x).abs().max() > 1e-3
        block.beta.zero_()
        assert torch.equal(block(x), x)


def test_property_3_the_gate_halves_and_does_not_care_which_half_is_which():
    x = torch.randn(2, 10, 3, 4)
    gated = simple_gate(x)
    assert gated.shape == (2, 5, 3, 4)
    assert torch.equal(gated, simple_gate(torch.cat([x[:, 5:], x[:, :5]], dim=1)))
    assert torch.equal(gated, x[:, :5] * x[:, 5:])


def test_property_4_simplified_attention_is_linear_in_the_means_and_has_no_sigmoid():
    attention = shaken(SimplifiedChannelAttention(6))
    x = torch.randn(1, 6, 5, 5)
    scales = attention.scales(x)
    means = x.mean(dim=(2, 3))
    torch.testing.assert_close(
        scales.flatten(1), F.linear(means, attention.conv.weight.flatten(1), attention.conv.bias)
    )
    assert (attention.scales(1000 * x) < 0).any()
    assert (attention.scales(1000 * x) > 1).any()
    torch.testing.assert_close(attention(x), x * scales)


def test_squeeze_excitation_stays_between_0_and_1():
    attention = shaken(SqueezeExcitation(6))
    scales = attention.scales(100 * torch.randn(4, 6, 5, 5))
    assert scales.min() >= 0
    assert scales.max() <= 1


def test_scaled_convolution():
    conv, scale = torch.nn.Conv2d(4, 6, 1), torch.randn(1, 6, 1, 1)
    x = torch.randn(2, 4, 5, 3)
    torch.testing.assert_close(scaled_conv(x, conv, scale), conv(x) * scale)
    assert torch.equal(scaled_conv(x, conv), conv(x))
    scales = torch.randn(2, 4, 1, 1)
    torch.testing.assert_close(scale_and_project(x, scales, conv), conv(x * scales))


def test_property_5_layer_norm_takes_nafnets_epsilon():
    norm = WithBiasLayerNorm(8, 1e-6)
    x = 1e-3 * torch.randn(1, 8, 4, 4)
    torch.testing.assert_close(norm(x), plain_norm(x, norm), atol=1e-6, rtol=1e-6)
    assert (norm(x) - WithBiasLayerNorm(8)(x)).abs().max() > 0.1
    big = NafBlock(8).norm1(100 * torch.randn(1, 8, 4, 4))
    torch.testing.assert_close(big.mean(1), torch.zeros(1, 4, 4), atol=1e-6, rtol=0)
    torch.testing.assert_close(big.var(1, unbiased=False), torch.ones(1, 4, 4))


@BLOCKS
@WINDOWS
def test_blocks_keep_channels_last(block_class, window):
    x = torch.randn(2, 8, 6, 8).contiguous(memory_format=torch.channels_last)
    block = shaken(block_class(8, window=window))
    assert block(x).is_contiguous(memory_format=torch.channels_last)
