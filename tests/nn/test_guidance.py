"""Guidance by a prior: the same at every pixel, neutral at first (properties 4, 6 and 8)."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.nn import TransformerBlock
from irlib.nn.guidance import PGM_BODIES, GuidedStage, PromptGuidance
from irlib.nn.guided_blocks import GuidedTransformerBlock

PRIOR = 6


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("dim", "body", "parameters"),
    [
        (96, "linear_conv1x1", 190_848),
        (192, "linear_conv1x1", 418_560),
        (384, "linear_conv1x1", 984_576),
        (384, "mlp", 1_279_488),
        (48, "mlp", 95_424),
        (96, "linear_conv3x3", 190_848 + 2 * 8 * 96**2),
    ],
)
def test_parameter_counts(dim, body, parameters):
    with torch.device("meta"):
        assert count(PromptGuidance(896, dim, body)) == parameters


def set_by_hand(guidance, scale, shift):
    """Makes a guidance answer every prior with one scale and one shift a channel."""
    with torch.no_grad():
        for parameter in guidance.parameters():
            parameter.zero_()
        if guidance.body == "mlp":
            guidance.mlp[2].bias.copy_(torch.cat([scale, shift]))
        elif guidance.body == "shift":
            guidance.shift.bias.copy_(shift)
        else:
            guidance.scale[2].bias.copy_(scale)
            guidance.shift[2].bias.copy_(shift)


@pytest.mark.parametrize("one_plus_gamma", [True, False])
@pytest.mark.parametrize("body", PGM_BODIES)
def test_property_6_a_scale_and_a_shift_for_each_channel(body, one_plus_gamma):
    scale, shift, x = torch.randn(4), torch.randn(4), torch.randn(2, 4, 5, 3)
    guidance = PromptGuidance(PRIOR, 4, body, one_plus_gamma)
    set_by_hand(guidance, scale, shift)
    factor = (1 + scale if one_plus_gamma else scale) if body != "shift" else torch.ones(4)
    expected = factor[:, None, None] * x + shift[:, None, None]
    torch.testing.assert_close(guidance(x, torch.randn(2, PRIOR)), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("body", PGM_BODIES)
def test_property_6_every_pixel_is_treated_alike(body):
    guidance = PromptGuidance(PRIOR, 4, body, zero_init=False)
    guide = guidance(torch.ones(2, 4, 5, 3), torch.randn(2, PRIOR))
    torch.testing.assert_close(guide, guide[..., :1, :1].expand_as(guide), atol=0, rtol=0)
    assert not torch.equal(guide[0], guide[1])  # but each image by its own prior


@pytest.mark.parametrize("one_plus_gamma", [True, False])
@pytest.mark.parametrize("body", PGM_BODIES)
def test_property_4_a_fresh_guidance_changes_nothing(body, one_plus_gamma):
    guidance, x = PromptGuidance(PRIOR, 4, body, one_plus_gamma), torch.randn(2, 4, 5, 3)
    assert torch.equal(guidance(x, torch.randn(2, PRIOR)), x)


def test_the_released_initialisation_changes_something():
    guidance, x = PromptGuidance(PRIOR, 4, "mlp", zero_init=False), torch.randn(2, 4, 5, 3)
    assert not torch.allclose(guidance(x, torch.randn(2, PRIOR)), x)


def test_the_mlp_gives_scale_first_then_shift():
    guidance = PromptGuidance(PRIOR, 4, "mlp", zero_init=False)
    prior, x = torch.randn(2, PRIOR), torch.randn(2, 4, 5, 3)
    hidden = F.gelu(F.linear(prior, guidance.mlp[0].weight, guidance.mlp[0].bias))
    both = F.linear(hidden, guidance.mlp[2].weight, guidance.mlp[2].bias)[..., None, None]
    expected = (1 + both[:, :4]) * x + both[:, 4:]
    torch.testing.assert_close(guidance(x, prior), expected)


def test_eight_of_nine_taps_of_a_wide_kernel_see_only_padding():
    guidance = PromptGuidance(PRIOR, 4, "linear_conv3x3", zero_init=False)
    x, prior = torch.randn(2, 4, 5, 3), torch.randn(2, PRIOR)
    before = guidance(x, prior)
    with torch.no_grad():
        for branch in (guidance.scale, guidance.shift):
            kept = branch[2].weight[..., 1, 1].clone()
            branch[2].weight.fill_(7.0)
            branch[2].weight[..., 1, 1] = kept
    assert torch.equal(guidance(x, prior), before)


def test_unknown_body_is_named():
    with pytest.raises(UsageError, match="did you mean 'mlp'"):
        PromptGuidance(PRIOR, 4, "mlpp")


def test_a_level_shares_one_guide_and_blocks_of_their_own_get_their_own():
    seen = []

    class Note(nn.Module):
        def forward(self, x, guide):
            seen.append(guide)
            return x + 1

    x, prior = torch.randn(1, 4, 3, 3), torch.randn(1, PRIOR)
    own = [PromptGuidance(PRIOR, 4, zero_init=False) for _ in range(3)]
    GuidedStage([Note() for _ in range(3)], own[:1])(x, prior)
    assert all(torch.equal(guide, own[0](x, prior)) for guide in seen)
    seen.clear()
    GuidedStage([Note() for _ in range(3)], own)(x, prior)
    for i, guide in enumerate(seen):
        torch.testing.assert_close(guide, own[i](x + i, prior))
    seen.clear()
    torch.testing.assert_close(GuidedStage([Note() for _ in range(3)], [])(x, prior), x + 3)
    for i, guide in enumerate(seen):
        torch.testing.assert_close(guide, x + i)


@pytest.mark.parametrize("guidances", [1, 3])
def test_plain_blocks_start_from_the_guide_and_keep_their_own_chain(guidances):
    x, prior = torch.randn(1, 4, 3, 3), torch.randn(1, PRIOR)
    blocks = [TransformerBlock(4, 2) for _ in range(3)]
    own = [PromptGuidance(PRIOR, 4, zero_init=False) for _ in range(guidances)]
    expected = x
    for position, block in enumerate(blocks):
        if position < guidances:
            expected = own[position](expected, prior)
        expected = block(expected)
    torch.testing.assert_close(GuidedStage(blocks, own, guided=False)(x, prior), expected)


def depth_ratio(dim, heads, guidances, double=False, residual="guidance"):
    """Gradient norm of the first feed-forward layer of eight blocks over that of the last."""
    torch.manual_seed(0)
    blocks = [
        GuidedTransformerBlock(dim, heads, double=double, residual=residual) for _ in range(8)
    ]
    stage = GuidedStage(blocks, [PromptGuidance(PRIOR, dim) for _ in range(guidances)])
    x, target = torch.randn(2, 2, dim, 16, 16)
    F.mse_loss(stage(x, torch.randn(2, PRIOR)), target).backward()
    norms = [
        torch.cat([p.grad.flatten() for p in block.feed_forward.parameters()]).norm()
        for block in (blocks[0], blocks[-1])
    ]
    return float(norms[0] / norms[1])


@pytest.mark.parametrize(("dim", "heads"), [(8, 1), (16, 2), (48, 8)])
def test_property_8_gradient_reaches_the_first_block(dim, heads):
    assert 0.5 < depth_ratio(dim, heads, guidances=8) < 2
    assert 0.5 < depth_ratio(dim, heads, guidances=1, residual="input") < 2


@pytest.mark.parametrize(("dim", "heads"), [(8, 1), (16, 2), (48, 8)])
@pytest.mark.parametrize("double", [False, True])
def test_property_8_a_shared_guide_on_the_residual_path_starves_it(dim, heads, double):
    assert depth_ratio(dim, heads, guidances=1, double=double) < 1e-4
