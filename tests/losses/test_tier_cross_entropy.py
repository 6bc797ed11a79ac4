"""Stage 1's cross entropy: its floor without a scale, and the order of the tiers."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.losses import tier_cross_entropy, tier_logits

ONE_IMAGE = -math.log(math.e / (math.e + 2 / math.e))
TRIPLET = math.log(1 + 2 * math.exp(-1.5))
TIERS = torch.arange(3)


def directions(seed: int, count: int = 3, dim: int = 8) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, dim, generator=generator), dim=1)


def test_the_floors_are_those_of_the_book():
    assert pytest.approx(0.2395, abs=5e-5) == ONE_IMAGE
    assert pytest.approx(0.36898, abs=5e-6) == TRIPLET


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_scale_1_cannot_come_below_its_floors(seed):
    images, texts = directions(seed), directions(seed + 1)
    for tier in range(3):
        assert float(tier_cross_entropy(images[:1], texts, TIERS[tier : tier + 1], 1.0)) >= (
            ONE_IMAGE - 1e-6
        )
    assert float(tier_cross_entropy(images, texts, TIERS, 1.0)) >= TRIPLET - 1e-6


def test_one_image_reaches_its_floor_when_the_other_texts_are_opposite():
    texts = torch.tensor([[-1.0, 0], [-1, 0], [1, 0]])
    loss = tier_cross_entropy(texts[2:], texts, TIERS[2:], 1.0)
    assert float(loss) == pytest.approx(ONE_IMAGE, abs=1e-6)


def test_a_triplet_reaches_its_floor_at_120_degrees_and_descent_finds_no_lower():
    angles = torch.tensor([0.0, 2 / 3, 4 / 3]) * math.pi
    texts = torch.stack([angles.cos(), angles.sin()], dim=1)
    assert float(tier_cross_entropy(texts, texts, TIERS, 1.0)) == pytest.approx(TRIPLET, abs=1e-6)
    images, texts = directions(0).requires_grad_(), directions(1).requires_grad_()
    for _ in range(60):
        found = tier_cross_entropy(
            F.normalize(images, dim=1), F.normalize(texts, dim=1), TIERS, 1.0
        )
        slopes = torch.autograd.grad(found, (images, texts))
        with torch.no_grad():
            for leaf, slope in zip((images, texts), slopes, strict=True):
                leaf -= 2 * slope
    assert float(found.detach()) == pytest.approx(TRIPLET, abs=1e-3)
    assert float(found.detach()) >= TRIPLET - 1e-6


def test_equal_similarities_give_ln_3():
    images = directions(3)
    texts = directions(4, count=1).expand(3, -1)
    for scale in (1.0, 100.0):
        loss = tier_cross_entropy(images, texts, TIERS, scale)
        assert float(loss) == pytest.approx(math.log(3), abs=1e-5)


def test_labels_follow_low_medium_high():
    """Stacked [low, medium, high], each batch of images is nearest to its own tier's text."""
    texts = torch.eye(3)
    images = texts.repeat_interleave(4, dim=0)
    tiers = TIERS.repeat_interleave(4)
    right = float(tier_cross_entropy(images, texts, tiers))
    swapped = float(tier_cross_entropy(images, texts, 2 - tiers))
    assert right < 1e-6 < 1 < swapped


def test_logits_are_scaled_cosines():
    images, texts = directions(5), directions(6)
    assert torch.allclose(tier_logits(images, texts, 100.0), 100 * images @ texts.t())
