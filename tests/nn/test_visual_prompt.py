"""The visual prompt: what ones leave of it, and what learned masks make of it."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn import VisualPrompt


def long_way(prompt, x, masks):
    """The prompt block as the released code computes it, mask after mask."""
    shares = (x.mean(dim=(2, 3)) @ prompt.weight_head.weight.T + prompt.weight_head.bias).softmax(1)
    resized = [F.interpolate(m[None], x.shape[2:], mode="bilinear") for m in masks]
    mixture = sum(shares[:, k, None, None, None] * m for k, m in enumerate(resized))
    beta = F.interpolate(prompt.beta, x.shape[2:], mode="bilinear")
    return x * (1 + F.conv2d(mixture, prompt.project.weight) * beta)


@pytest.mark.parametrize("side", [8, 5, 20])
def test_property_5_ones_cancel_to_a_fixed_gain(side):
    torch.manual_seed(side)
    prompt, x = VisualPrompt(6, 8), 9 * torch.randn(2, 6, side, side)
    torch.nn.init.normal_(prompt.beta)
    torch.testing.assert_close(prompt(x), long_way(prompt, x, torch.ones(7, 6, 8, 8)),
                               atol=1e-5, rtol=1e-5)  # fmt: skip


@pytest.mark.parametrize("side", [8, 5, 20])
def test_learned_masks_are_mixed_by_the_features(side):
    torch.manual_seed(side)
    prompt, x = VisualPrompt(6, 8, "learned"), torch.randn(2, 6, side, side)
    torch.nn.init.normal_(prompt.beta)
    torch.testing.assert_close(prompt(x), long_way(prompt, x, prompt.masks), atol=1e-5, rtol=1e-5)
    assert prompt.masks.min() >= 0
    assert prompt.masks.max() < 1


@pytest.mark.parametrize("masks", ["ones", "learned"])
def test_property_8_a_prompt_without_projection_is_the_identity(masks):
    prompt, x = VisualPrompt(4, 8, masks), torch.randn(2, 4, 12, 12)
    torch.nn.init.zeros_(prompt.project.weight)
    assert torch.equal(prompt(x), x)
