"""Prompts are mixed by the image, resized without antialiasing, and learn."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn import PromptGeneration, PromptInteraction


@pytest.fixture
def generation() -> PromptGeneration:
    torch.manual_seed(0)
    return PromptGeneration(dim=6, prompt_dim=4, prompt_len=5, prompt_size=8)


def test_weights_are_shares(generation):
    weights = generation.weights(torch.randn(3, 6, 8, 8))
    assert weights.shape == (3, 5)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(3))


def test_zero_head_gives_the_mean_of_the_components(generation):
    torch.nn.init.zeros_(generation.weight_head.weight)
    torch.nn.init.zeros_(generation.weight_head.bias)
    expected = generation.conv(generation.components.mean(0, keepdim=True))
    torch.testing.assert_close(generation(torch.randn(1, 6, 8, 8)), expected)


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (4, 4), (6, 10)])
def test_prompt_has_the_size_of_the_features(generation, size):
    x = torch.randn(2, 6, *size)
    assert generation(x).shape == (2, 4, *size)
    mixed = torch.einsum("bn,npij->bpij", generation.weights(x), generation.components)
    resized = F.interpolate(mixed, size, mode="bilinear", align_corners=False, antialias=False)
    torch.testing.assert_close(generation(x), generation.conv(resized), atol=1e-5, rtol=1e-5)


def test_images_of_a_batch_do_not_mix(generation):
    x = torch.randn(3, 6, 8, 8)
    alone = torch.cat([generation(image[None]) for image in x])
    torch.testing.assert_close(generation(x), alone, atol=1e-6, rtol=1e-5)


def test_different_images_get_different_weights(generation):
    first, second = generation.weights(torch.randn(2, 6, 8, 8) * 10)
    assert (first - second).abs().max() > 1e-3


def test_components_learn(generation):
    generation(torch.randn(1, 6, 8, 8)).square().sum().backward()
    assert (generation.components.grad != 0).any()


def test_interaction_reduces_features_and_prompt():
    interaction = PromptInteraction(6, 4, 3, num_heads=2)
    assert interaction(torch.randn(2, 6, 8, 8), torch.randn(2, 4, 8, 8)).shape == (2, 3, 8, 8)
