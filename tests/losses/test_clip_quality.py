"""L_clip: range, direction, and where its gradient goes."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from irlib.losses import clip_quality, good_share

LOWEST = 1 - math.e / (math.e + 2 / math.e)
HIGHEST = 1 - (1 / math.e) / (1 / math.e + 2 * math.e)


def directions(seed: int, count: int = 3, dim: int = 8) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, dim, generator=generator), dim=1)


class StubEncoder(nn.Module):
    """Images (B, 3, H, W) to unit features (B, 8)."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 8, 3, stride=2)
        self.eval().requires_grad_(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.conv(images - 0.5).tanh().mean((2, 3)), dim=1)


def test_the_range_is_that_of_the_book():
    assert pytest.approx(0.2130, abs=5e-5) == LOWEST
    assert pytest.approx(0.9366, abs=5e-5) == HIGHEST


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_the_value_stays_in_its_range(seed):
    shares = 1 - good_share(directions(seed, 5), directions(seed + 1))
    assert (shares >= LOWEST - 1e-6).all()
    assert (shares <= HIGHEST + 1e-6).all()


def test_both_ends_of_the_range_are_reached():
    texts = torch.tensor([[-1.0, 0], [-1, 0], [1, 0]])
    ends = 1 - good_share(torch.tensor([[1.0, 0], [-1, 0]]), texts)
    assert ends.tolist() == pytest.approx([LOWEST, HIGHEST], abs=1e-6)


def test_equal_similarities_give_two_thirds_and_usual_ones_hardly_differ():
    one = directions(2, 1)
    assert float(1 - good_share(one, one.expand(3, -1))) == pytest.approx(2 / 3, abs=1e-6)
    cosines = torch.tensor([[0.25, 0.25, 0.27]])
    assert float(1 - good_share(cosines, torch.eye(3))) == pytest.approx(0.662, abs=5e-4)


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_it_falls_on_the_way_to_the_good_prompt(scale):
    texts, image = directions(7), directions(8, 1)
    way = torch.linspace(0, 1, 6)[:, None]
    values = 1 - good_share(
        F.normalize(image + way * (texts[2:] - image), dim=1), texts, scale=scale
    )
    assert (values.diff() < 0).all()


def test_gradient_reaches_the_image_not_the_prompts_nor_the_encoder():
    encoder = StubEncoder()
    restored = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(1)).requires_grad_()
    texts = directions(9).requires_grad_()
    clip_quality(restored, encoder, texts).backward()
    assert float(restored.grad.abs().max()) > 0
    assert texts.grad is None
    assert all(p.grad is None for p in encoder.parameters())


def test_a_step_along_the_gradient_makes_the_image_better():
    encoder, texts = StubEncoder(), directions(9)
    restored = torch.full((1, 3, 12, 12), 0.5).requires_grad_()
    before = clip_quality(restored, encoder, texts)
    (slope,) = torch.autograd.grad(before, restored)
    after = clip_quality(restored - 0.01 * slope / slope.abs().max(), encoder, texts)
    assert float(after.detach()) < float(before.detach())


def test_pixels_out_of_range_are_clamped_and_get_no_gradient():
    encoder, texts = StubEncoder(), directions(9)
    inside = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    outside = inside.clone()
    outside[..., 0, 0] = 1.5
    inside[..., 0, 0] = 1.0
    outside.requires_grad_()
    loss = clip_quality(outside, encoder, texts)
    assert float(loss.detach()) == float(clip_quality(inside, encoder, texts))
    loss.backward()
    assert float(outside.grad[..., 0, 0].abs().max()) == 0


def test_autocast_does_not_blur_the_cosines():
    images, texts = directions(11, 5), directions(12)
    with torch.autocast("cpu", torch.bfloat16):
        shares = good_share(images, texts)
    assert torch.equal(shares, good_share(images, texts))
