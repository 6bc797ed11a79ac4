"""Channel attention equals its textbook form, whatever the order in which we multiply."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from irlib.nn import TransposedAttention, attend_and_project, channel_attention


def usual_attention(query, key, value, temperature):
    """The form of the released code: unit rows first, then attention applied to the values."""
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    return (query @ key.transpose(-2, -1) * temperature).softmax(dim=-1) @ value


@settings(max_examples=20, deadline=None)
@given(
    batch=st.integers(1, 3),
    heads=st.integers(1, 3),
    per_head=st.integers(1, 4),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    seed=st.integers(0, 2**31),
)
def test_folded_form_equals_the_usual_one(batch, heads, per_head, height, width, seed):
    draw = torch.Generator().manual_seed(seed)
    channels = heads * per_head
    query, key, value = torch.randn(3, batch, heads, per_head, height * width, generator=draw)
    temperature = torch.randn(heads, 1, 1, generator=draw)
    weight = torch.randn(channels, channels, generator=draw)
    bias = torch.randn(channels, generator=draw)
    usual = usual_attention(query, key, value, temperature).flatten(1, 2)  # (B, C, N)
    expected = weight @ usual + bias.view(-1, 1)
    ours = attend_and_project(
        channel_attention(query, key, temperature),
        value.flatten(1, 2).unflatten(2, (height, width)),
        weight,
        bias,
    )
    torch.testing.assert_close(ours.flatten(2), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("pixels", [4, 64, 81])
def test_attention_is_between_channels_of_a_head(pixels):
    query, key = torch.randn(2, 2, 3, 5, pixels)
    attention = channel_attention(query, key, torch.ones(3, 1, 1))
    assert attention.shape == (2, 3, 5, 5)
    torch.testing.assert_close(attention.sum(-1), torch.ones(2, 3, 5))


def test_permuting_pixels_permutes_the_output():
    query, key, value = torch.randn(3, 1, 2, 4, 36)
    order = torch.randperm(36)
    temperature, weight = torch.ones(2, 1, 1), torch.randn(8, 8)

    def run(query, key, value):
        attention = channel_attention(query, key, temperature)
        return attend_and_project(attention, value.reshape(1, 8, 6, 6), weight).flatten(2)

    moved = run(query[..., order], key[..., order], value[..., order])
    torch.testing.assert_close(moved, run(query, key, value)[..., order], atol=1e-5, rtol=1e-5)


def test_temperature_zero_is_the_mean_of_the_values():
    query, key, value = torch.randn(3, 1, 2, 4, 9)
    attention = channel_attention(query, key, torch.zeros(2, 1, 1))
    ours = attend_and_project(attention, value.reshape(1, 8, 3, 3), torch.eye(8)).flatten(2)
    expected = value.mean(2, keepdim=True).expand_as(value).reshape(1, 8, 9)
    torch.testing.assert_close(ours, expected)


def test_temperature_multiplies():
    query, key = torch.randn(2, 1, 1, 4, 9)
    sharp = channel_attention(query, key, torch.full((1, 1, 1), 50.0))
    soft = channel_attention(query, key, torch.full((1, 1, 1), 0.1))
    assert sharp.max(-1).values.mean() > soft.max(-1).values.mean() + 0.2


def test_scale_of_the_query_does_not_matter():
    query, key = torch.randn(2, 1, 2, 4, 9)
    one = torch.ones(2, 1, 1)
    torch.testing.assert_close(
        channel_attention(7 * query, key, one), channel_attention(query, key, one)
    )


def test_a_silent_channel_gives_finite_attention_and_gradient():
    query = torch.zeros(1, 1, 4, 9, requires_grad=True)
    attention = channel_attention(query, torch.randn(1, 1, 4, 9), torch.ones(1, 1, 1))
    attention.square().sum().backward()
    assert attention.isfinite().all()
    assert query.grad.isfinite().all()


def test_float16_does_not_overflow():
    rows = torch.full((1, 1, 2, 512), 200.0, dtype=torch.float16)  # the product is far above 65504
    attention = channel_attention(rows, rows, torch.ones(1, 1, 1))
    torch.testing.assert_close(attention, torch.full((1, 1, 2, 2), 0.5))


def test_temperature_is_one_a_head_and_learns():
    layer = TransposedAttention(8, 2)
    assert layer.temperature.shape == (2, 1, 1)
    layer(torch.randn(1, 8, 4, 4)).square().sum().backward()
    assert (layer.temperature.grad != 0).all()


def test_layer_keeps_channels_last():
    x = torch.randn(2, 8, 4, 6).contiguous(memory_format=torch.channels_last)
    assert TransposedAttention(8, 2, bias=True)(x).is_contiguous(memory_format=torch.channels_last)
