"""The prompt that words gate: shares, gates, and what a fresh one ignores."""

import pytest
import torch

from irlib.models.task_words import token_ids
from irlib.nn import TextPrompt, WordSigns, WordVector


def prompt(**config):
    torch.manual_seed(0)
    return TextPrompt(**{"dim": 16, "prompt_len": 5, "prompt_size": 8, "text_dim": 12} | config)


def test_shares_sum_to_1_and_equal_sizes_are_not_resized_property_14():
    part, x = prompt(), torch.randn(3, 16, 8, 8)
    shares = part.weights(x)
    torch.testing.assert_close(shares.sum(1), torch.ones(3))
    mixed = torch.einsum("bk,kchw->bchw", shares, part.components)
    torch.testing.assert_close(part.visual(x), mixed)
    assert part.visual(torch.randn(1, 16, 5, 9)).shape == (1, 16, 5, 9)


def test_a_fresh_prompt_does_not_see_where_property_9():
    part, x, told = prompt(), torch.randn(1, 16, 8, 8), torch.randn(1, 12)
    shuffled = x.flatten(2)[..., torch.randperm(64)].view_as(x)
    torch.testing.assert_close(part(x, told), part(shuffled, told))
    torch.nn.init.ones_(part.feature_scale)
    assert (part(x, told) - part(shuffled, told)).abs().max() > 0.1


def test_scales_can_leave_the_features_alone_property_10():
    part, x = prompt(), torch.randn(2, 16, 8, 8)
    torch.nn.init.zeros_(part.prompt_scale)
    torch.nn.init.ones_(part.feature_scale)
    assert torch.equal(part(x, torch.randn(2, 12)), x)


def test_words_gate_places_and_the_picture_gates_channels():
    part, x = prompt(text_dim=0), torch.randn(2, 16, 8, 8)
    text = part.read_words(part.words(token_ids(["derain", "dehazy"]), (8, 8)))
    assert text.shape == (2, 16, 1, 8)
    places = part.spatial_gate(text, (8, 8))
    assert places.shape == (2, 1, 8, 8)
    channels = part.channel_gate(part.visual(x))
    assert channels.shape == (2, 16, 1, 1)
    for gate in (places, channels):
        assert ((gate > 0) & (gate < 1)).all()


def test_signs_are_laid_along_the_width_and_repeat():
    part, ids = WordSigns(16), token_ids(["derain", "denoise_15"])
    grid, entries = part(ids, (3, 40)), part.entries(ids)
    assert grid.shape == (2, 16, 1, 40)
    for column in (0, 15, 16, 39):
        expected = entries[:, column % 16].sign() / 4
        assert torch.equal(grid[:, :, 0, column], expected[:, None].expand(-1, 16))


def test_mixed_signs_take_the_texts_in_turn():
    part, ids = WordSigns(16), token_ids(["derain", "denoise_15", "dehazy"])
    own, mixed = part(ids, (7, 20)), part(ids, (7, 20), mix_batch=True)
    assert mixed.shape == (1, 16, 7, 20)
    for row in range(7):
        assert torch.equal(mixed[0, :, row], own[row % 3, :, 0])


def test_ids_stay_exact_under_autocast():
    part, ids = WordSigns(16), token_ids(["denoise_15"])
    exact = part.entries(ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(part.entries(ids), exact)


def test_a_vector_counts_by_its_direction():
    part, vector = WordVector(12, 16), torch.randn(2, 12)
    assert part(vector).shape == (2, 16, 1, 1)
    torch.testing.assert_close(part(vector), part(7 * vector))


def test_channel_gate_has_a_sixteenth_or_the_least_that_is_asked_for():
    assert prompt(dim=96).channel[0].out_channels == 6
    assert prompt(dim=16).channel[0].out_channels == 1
    assert prompt(dim=16, least_gate=4).channel[0].out_channels == 4


@pytest.mark.parametrize("size", [(8, 8), (4, 12)])
def test_size_is_kept(size):
    assert prompt()(torch.randn(2, 16, *size), torch.randn(2, 12)).shape == (2, 16, *size)
