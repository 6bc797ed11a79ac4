"""Guided attention and blocks against their textbook forms (properties 3, 5 and 7)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.nn import NafBlock, TransformerBlock, TransposedAttention
from irlib.nn.guided_blocks import (
    GuidedAttention,
    GuidedMixer,
    GuidedNafBlock,
    GuidedTransformerBlock,
)
from irlib.nn.layer_norm import WithBiasLayerNorm


def randomised(module):
    """Every parameter drawn, so that norms and scales are none of them neutral."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape) * (0.5 if parameter.ndim > 2 else 1))
    return module


def usual_attention(layer, guide, x):
    """The plain form: three full convolutions, unit rows, attention on the values, projection."""
    query, _, _ = _convolved(layer, guide).chunk(3, dim=1)
    _, key, value = _convolved(layer, x).chunk(3, dim=1)
    query, key, value = (
        t.flatten(2).unflatten(1, (layer.num_heads, -1)) for t in (query, key, value)
    )
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    attention = (query @ key.transpose(-2, -1) * layer.temperature).softmax(dim=-1)
    return layer.project_out((attention @ value).flatten(1, 2).unflatten(2, x.shape[2:]))


def _convolved(layer, x):
    return layer.depthwise(layer.qkv(x))


def usual_norm(norm, x):
    centred = x - x.mean(1, keepdim=True)
    unit = centred / (x.var(1, unbiased=False, keepdim=True) + norm.epsilon).sqrt()
    return unit * norm.weight.view(-1, 1, 1) + norm.bias.view(-1, 1, 1)


def usual_mixer(mixer, x, guide):
    mixed = usual_attention(
        mixer.attention, usual_norm(mixer.norm_guide, guide), usual_norm(mixer.norm1, x)
    )
    if mixer.second is None:
        return mixed
    middle = usual_norm(mixer.norm_middle, mixed)
    return usual_attention(mixer.second, middle, middle)


sizes = given(
    batch=st.integers(1, 3),
    height=st.integers(1, 9),
    width=st.integers(2, 9),
    heads=st.sampled_from([1, 2, 4]),
    bias=st.booleans(),
    seed=st.integers(0, 2**31),
)


@settings(max_examples=10, deadline=None)
@sizes
def test_guided_attention_equals_the_plain_form(batch, height, width, heads, bias, seed):
    torch.manual_seed(seed)
    layer = GuidedAttention(8, heads, bias)
    guide, x = torch.randn(2, batch, 8, height, width)
    torch.testing.assert_close(
        layer(guide, x), usual_attention(layer, guide, x), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("residual", ["guidance", "input"])
@settings(max_examples=4, deadline=None)
@sizes
def test_transformer_block_equals_the_plain_form(
    double, residual, batch, height, width, heads, bias, seed
):
    torch.manual_seed(seed)
    block = GuidedTransformerBlock(8, heads, 2.66, bias, double=double, residual=residual)
    guide, x = torch.randn(2, batch, 8, height, width)
    expected = (guide if residual == "guidance" else x) + usual_mixer(block.mixer, x, guide)
    layer = block.feed_forward
    gate, content = layer.depthwise(layer.project_in(usual_norm(block.norm2, expected))).chunk(2, 1)
    expected = expected + layer.project_out(F.gelu(gate) * content)
    torch.testing.assert_close(block(x, guide), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("residual", ["guidance", "input"])
def test_naf_block_equals_the_plain_form(double, residual):
    torch.manual_seed(0)
    block = randomised(GuidedNafBlock(8, 2, double=double, residual=residual)).double()
    guide, x = torch.randn(2, 2, 8, 6, 5, dtype=torch.float64)
    kept = guide if residual == "guidance" else x
    expected = kept + block.beta * usual_mixer(block.mixer, x, guide)
    first, second = block.feed_forward.project_in(usual_norm(block.norm2, expected)).chunk(2, 1)
    expected = expected + block.gamma * block.feed_forward.project_out(first * second)
    torch.testing.assert_close(block(x, guide), expected, atol=1e-5, rtol=1e-5)


def test_single_precision_stays_within_1e5_of_double():
    torch.manual_seed(0)
    for block in (GuidedTransformerBlock(16, 4), randomised(GuidedNafBlock(16, 4))):
        guide, x = torch.randn(2, 2, 16, 12, 12)
        wide = block(x, guide)
        exact = block.double()(x.double(), guide.double()).detach()
        torch.testing.assert_close(
            wide.double(), exact, atol=1e-5 * float(exact.abs().max()), rtol=0
        )


@pytest.mark.parametrize("bias", [False, True])
def test_property_3_equals_a_plain_block_when_the_guide_is_the_input(bias):
    torch.manual_seed(0)
    plain = randomised(TransformerBlock(8, 2, bias=bias))
    guided = GuidedTransformerBlock(8, 2, bias=bias)
    guided.mixer.norm1.load_state_dict(plain.norm1.state_dict())
    guided.mixer.norm_guide.load_state_dict(plain.norm1.state_dict())
    guided.mixer.attention.load_state_dict(plain.attention.state_dict())
    guided.norm2.load_state_dict(plain.norm2.state_dict())
    guided.feed_forward.load_state_dict(plain.feed_forward.state_dict())
    x = torch.randn(2, 8, 9, 7).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        assert (guided(x, x) - plain(x)).abs().max() <= 1e-5 * plain(x).abs().max()


def test_property_5_a_fresh_naf_block_returns_its_guide():
    guide, x = torch.randn(2, 2, 8, 6, 5)
    assert torch.equal(GuidedNafBlock(8, 2)(x, guide), guide)
    assert torch.equal(GuidedNafBlock(8, 2)(x, x), x)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_property_7_attention_is_between_channels_and_its_rows_sum_to_one(heads):
    layer, seen = GuidedAttention(8, heads), []
    attention = layer.attention
    layer.attention = lambda *rows: seen.append(attention(*rows)) or seen[-1]
    layer(*torch.randn(2, 3, 8, 6, 5))
    assert seen[0].shape == (3, heads, 8 // heads, 8 // heads)
    torch.testing.assert_close(seen[0].sum(-1), torch.ones(3, heads, 8 // heads))


def test_property_7_the_scale_of_the_query_does_not_matter():
    layer = GuidedAttention(8, 2)
    guide, x = torch.randn(2, 2, 8, 6, 5)
    torch.testing.assert_close(layer(7 * guide, x), layer(guide, x), atol=1e-6, rtol=1e-5)
    assert not torch.allclose(layer(torch.randn_like(guide), x), layer(guide, x))


def test_the_guide_asks_and_the_features_answer():
    layer = GuidedAttention(8, 2)
    guide, x = torch.randn(2, 1, 8, 6, 5)
    assert torch.equal(layer(guide, torch.zeros_like(x)), torch.zeros_like(x))  # no values
    assert not torch.allclose(layer(guide, x), layer(x, x))


def test_sizes_of_guided_blocks():
    def count(module):
        return sum(parameter.numel() for parameter in module.parameters())

    for dim, heads in ((48, 1), (96, 2), (384, 8)):
        plain = count(TransformerBlock(dim, heads))
        assert count(GuidedTransformerBlock(dim, heads)) == plain + 2 * dim
        assert count(GuidedMixer(dim, heads, False, WithBiasLayerNorm)) == (
            4 * dim**2 + 27 * dim + heads + 4 * dim
        )
        more = count(GuidedTransformerBlock(dim, heads, double=True))
        assert more == plain + 4 * dim + count(TransposedAttention(dim, heads))
    increase = [
        count(GuidedNafBlock(dim, heads)) - count(NafBlock(dim))
        for dim, heads in ((32, 1), (64, 2), (128, 4), (256, 8))
    ]
    assert sum(increase) == 2_415


def test_blocks_keep_channels_last():
    guide, x = (t.contiguous(memory_format=torch.channels_last) for t in torch.randn(2, 2, 8, 6, 5))
    for block in (GuidedTransformerBlock(8, 2), GuidedTransformerBlock(8, 2, double=True)):
        assert block(x, guide).is_contiguous(memory_format=torch.channels_last)
    block = randomised(GuidedNafBlock(8, 2))
    assert block(x, guide).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("block", [GuidedTransformerBlock, GuidedNafBlock])
def test_unknown_residual_is_named(block):
    with pytest.raises(UsageError, match="did you mean 'guidance'"):
        block(8, 2, residual="guidence")
