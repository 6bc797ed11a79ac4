"""DFPIR's perturbation: the property numbers are those of its specification."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from irlib.nn.attention import channel_logits
from irlib.nn.perturbation import (
    MaskedCrossAttention,
    Perturbation,
    channel_order,
    kept_channels,
    strongest_only,
)

DIM, HEADS, TEXT = 8, 2, 12


@pytest.fixture
def block() -> Perturbation:
    torch.manual_seed(0)
    return Perturbation(DIM, HEADS, TEXT)


@pytest.fixture
def x(generator) -> torch.Tensor:
    return torch.randn(2, DIM, 6, 5, generator=generator)


@given(st.integers(1, 40), st.integers(0, 10_000))
def test_property_3_an_order_is_a_permutation_that_sorts_downwards(channels, seed):
    scores = torch.randn(3, channels, generator=torch.Generator().manual_seed(seed))
    order = channel_order(scores)
    assert torch.equal(order.sort(dim=1).values, torch.arange(channels).expand(3, -1))
    assert torch.equal(scores.gather(1, order), scores.sort(dim=1, descending=True).values)


def test_property_3_scores_are_two_affine_layers_of_the_text(block, generator):
    text = torch.randn(3, TEXT, generator=generator)
    scores = block.text_out(block.text_in(text))
    assert torch.equal(block.order(text), channel_order(scores))
    halfway = block.scores(0.5 * text[:1] + 0.5 * text[1:2])
    assert torch.allclose(halfway, 0.5 * scores[:1] + 0.5 * scores[1:2], atol=1e-5)


def test_scores_keep_full_precision_under_autocast(block, generator):
    text = torch.randn(3, TEXT, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(block.scores(text), block.scores(text).float())
        inside = block.order(text)
    assert torch.equal(inside, block.order(text))


def test_property_5_the_query_is_one_composed_convolution(block, x, generator):
    order = block.order(torch.randn(2, TEXT, generator=generator))
    shuffled = torch.stack([g[o] for g, o in zip(block.widen(x), order, strict=True)])
    assert torch.allclose(block.query(x, order), block.narrow(shuffled), atol=1e-6)


def test_property_5_the_composed_convolution_has_the_permutation_as_a_matrix(block, generator):
    order = block.order(torch.randn(3, TEXT, generator=generator))
    permutations = F.one_hot(order, 2 * DIM).float()  # row j picks the channel at place j
    first, second = block.widen.weight.flatten(1), block.narrow.weight.flatten(1)
    matrices, biases = block.composed(order)
    assert torch.allclose(matrices, second @ permutations @ first, atol=1e-6)
    moved = permutations @ block.widen.bias
    assert torch.allclose(biases, moved @ second.T + block.narrow.bias, atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "keep", "kept"),
    [(48, 0.9, 43), (8, 0.9, 7), (10, 0.9, 9), (16, 0.9, 14), (1, 0.9, 1), (8, 1.0, 8)],
)
def test_property_6_the_number_of_kept_keys(channels, keep, kept):
    assert kept_channels(channels, keep) == kept


@pytest.mark.parametrize(("dim", "heads", "kept"), [(48, 1, 43), (96, 2, 43), (8, 1, 7)])
def test_property_6_rows_keep_the_largest_and_sum_to_one(dim, heads, kept, generator):
    layer = MaskedCrossAttention(dim, heads)
    query, key = torch.randn(2, 2, dim, 4, 9, generator=generator)
    attention = layer.attention(query, key)
    assert torch.equal((attention > 0).sum(dim=-1), torch.full(attention.shape[:-1], kept))
    assert torch.allclose(attention.sum(dim=-1), torch.ones(attention.shape[:-1]))
    logits = channel_logits(layer._by_head(query), layer._by_head(key), layer.temperature)
    dropped = logits.masked_fill(attention > 0, -torch.inf).amax(dim=-1)
    least = logits.masked_fill(attention == 0, torch.inf).amin(dim=-1)
    assert (dropped <= least).all()
    everything = logits.softmax(dim=-1) * (attention > 0)
    assert torch.allclose(attention, everything / everything.sum(dim=-1, keepdim=True))


def test_property_6_equal_logits_still_keep_just_as_many():
    assert (strongest_only(torch.zeros(2, 3, 10), 9) > 0).sum(dim=-1).eq(9).all()


def test_property_6_keeping_all_is_plain_attention(x, generator):
    layer = MaskedCrossAttention(DIM, HEADS, keep=1.0)
    query = torch.randn(x.shape, generator=generator)
    asked = layer.query_depthwise(layer.query(query))
    key, value = layer.key_value_depthwise(layer.key_value(x)).chunk(2, dim=1)
    asked, key, value = (layer._by_head(part) for part in (asked, key, value))
    unit = [F.normalize(part, dim=-1) for part in (asked, key)]
    plain = (layer.temperature * unit[0] @ unit[1].transpose(-2, -1)).softmax(dim=-1) @ value
    expected = layer.project_out(layer.scale * plain.flatten(1, 2).unflatten(2, x.shape[2:]))
    assert torch.allclose(layer(query, x), expected, atol=1e-6)


def test_property_8_without_scale_the_input_is_not_heard(block, x, generator):
    order = block.order(torch.randn(1, TEXT, generator=generator))
    with torch.no_grad():
        block.attention.scale.zero_()
        first, second = block(x, order), block(x.flip(0) + 1, order)
        nothing = block.feed_forward(block.norm_out(torch.zeros_like(x)))
    assert torch.equal(first, second)
    assert torch.allclose(first, nothing)


def test_property_10_moving_rows_of_the_first_convolution_undoes_an_order(block, x, generator):
    order = block.order(torch.randn(1, TEXT, generator=generator))
    expected = block(x, order)
    with torch.no_grad():
        block.widen.weight.copy_(block.widen.weight[order[0]])
        block.widen.bias.copy_(block.widen.bias[order[0]])
    assert torch.allclose(block(x, torch.arange(2 * DIM)[None]), expected, atol=1e-6)


def test_no_residual_leads_around_the_attention(block, x, generator):
    order = block.order(torch.randn(1, TEXT, generator=generator))
    attended = block.attention(block.norm_query(block.query(x, order)), block.norm_key(x))
    expected = attended + block.feed_forward(block.norm_out(attended))
    assert torch.equal(block(x, order), expected)


def test_autocast_changes_little(block, x, generator):
    order = block.order(torch.randn(2, TEXT, generator=generator))
    expected = block(x, order)
    with torch.autocast("cpu", torch.bfloat16):
        given_ = block(x, order)
    assert (given_ - expected).abs().max() < 0.05 * expected.abs().max()
