"""Deformable convolution: the standard operator, in pieces, with gradients of its own."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torchvision.ops import deform_conv2d

from irlib.errors import UsageError
from irlib.nn import deformable
from irlib.nn.deformable import DeformableConv, deformable_conv


def drawn(batch=2, channels=3, out=4, height=6, width=7, side=3, reach=1.5, seed=0):
    """Features, weight, offsets and masks, in double precision where that matters."""
    g = torch.Generator().manual_seed(seed)
    taps = side**2
    return (
        torch.randn(batch, channels, height, width, generator=g),
        torch.randn(out, channels, side, side, generator=g),
        reach * torch.randn(batch, 2 * taps, height, width, generator=g),
        torch.rand(batch, taps, height, width, generator=g),
    )


def one_by_one(features, weight, offsets, masks):
    """The definition, point by point."""
    batch, _, height, width = features.shape
    side = weight.shape[2]
    result = torch.zeros(batch, weight.shape[0], height, width)

    def value(image, y, x):
        total = torch.zeros(image.shape[0])
        for row in (math.floor(y), math.floor(y) + 1):
            for column in (math.floor(x), math.floor(x) + 1):
                if 0 <= row < height and 0 <= column < width:
                    total += (1 - abs(y - row)) * (1 - abs(x - column)) * image[:, row, column]
        return total

    for b in range(batch):
        for y in range(height):
            for x in range(width):
                for t in range(side**2):
                    down = y + t // side - side // 2 + float(offsets[b, 2 * t, y, x])
                    right = x + t % side - side // 2 + float(offsets[b, 2 * t + 1, y, x])
                    taken = value(features[b], down, right) * masks[b, t, y, x]
                    result[b, :, y, x] += weight[:, :, t // side, t % side] @ taken
    return result


@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    side=st.sampled_from([1, 3]),
    reach=st.sampled_from([0.0, 0.7, 4.0]),
    seed=st.integers(0, 99),
)
def test_property_2_it_is_its_definition(height, width, side, reach, seed):
    given_ = drawn(1, 2, 2, height, width, side, reach, seed)
    torch.testing.assert_close(deformable_conv(*given_), one_by_one(*given_), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("most", [500, 10**6])
def test_it_is_torchvisions_operator_with_its_gradients(monkeypatch, most):
    monkeypatch.setitem(deformable.SAMPLED_AT_ONCE, "cpu", most)
    given_ = [t.requires_grad_() for t in drawn(height=17, width=12, reach=3.0)]
    theirs = [t.detach().clone().requires_grad_() for t in given_]
    ours = deformable_conv(*given_)
    features, weight, offsets, masks = theirs
    expected = deform_conv2d(features, offsets, weight, None, 1, 1, mask=masks)
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-5)
    above = torch.randn_like(ours)
    ours.backward(above)
    expected.backward(above)
    for our, their in zip(given_, theirs, strict=True):
        torch.testing.assert_close(our.grad, their.grad, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("size", [(6, 7), (1, 7), (6, 1), (1, 1)])
def test_property_2_without_offsets_it_is_a_convolution(size):
    features, weight, offsets, masks = drawn(height=size[0], width=size[1])
    found = deformable_conv(features, weight, 0 * offsets, torch.ones_like(masks))
    torch.testing.assert_close(found, F.conv2d(features, weight, padding=1), atol=1e-5, rtol=1e-5)


def test_property_2_whole_steps_shift_the_image_down_first_then_right():
    features, weight, offsets, masks = drawn()
    for channel, shift in ((0, (1, 0)), (1, (0, 1))):
        moved = torch.zeros_like(offsets)
        moved[:, channel::2] = 1
        found = deformable_conv(features, weight, moved, torch.ones_like(masks))
        shifted = F.conv2d(torch.roll(features, (-shift[0], -shift[1]), (2, 3)), weight, padding=1)
        inside = (..., slice(2, -2), slice(2, -2))
        torch.testing.assert_close(found[inside], shifted[inside], atol=1e-5, rtol=1e-5)


def test_property_2_far_outside_is_nothing():
    features, weight, offsets, masks = drawn()
    for far in (50.0, -50.0, 1e6):
        moved = torch.full_like(offsets, far)
        assert not deformable_conv(features, weight, moved, masks).any()


def test_between_border_and_outside_the_border_fades():
    ones, tap = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 1, 1)
    moved = torch.zeros(1, 2, 4, 4)
    moved[:, 0] = -0.25
    found = deformable_conv(ones, tap, moved, torch.ones(1, 1, 4, 4))
    torch.testing.assert_close(found[0, 0, 0], torch.full((4,), 0.75))
    assert (found[0, 0, 1:] == 1).all()


@pytest.mark.parametrize("size", [(5, 6), (1, 5)])
def test_property_2_gradients_are_those_of_finite_differences(size):
    tensors = drawn(2, 2, 3, *size, reach=0.4)
    # Away from whole steps, where bilinear interpolation has a corner.
    tensors = (
        *tensors[:2],
        tensors[2].round() + 0.3 + 0.4 * torch.rand_like(tensors[2]),
        tensors[3],
    )
    tensors = [t.requires_grad_() for t in tensors]
    above = torch.randn(2, 3, *size)
    deformable_conv(*tensors).mul(above).sum().backward()
    for tensor in tensors:
        assert tensor.grad.any()
        direction = torch.randn_like(tensor)
        step = 1e-2 * direction / direction.abs().max()
        with torch.no_grad():
            sides = []
            for sign in (1, -1):
                changed = [t + sign * step if t is tensor else t for t in tensors]
                sides.append(float((deformable_conv(*changed) * above).double().sum()))
        expected = (sides[0] - sides[1]) / 2
        assert float((tensor.grad * step).sum()) == pytest.approx(expected, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("most", [1, 150, 400, 2000, 10**6])
def test_pieces_change_neither_output_nor_gradient(monkeypatch, most):
    def run():
        tensors = [t.requires_grad_() for t in drawn(3)]
        out = deformable_conv(*tensors)
        out.square().sum().backward()
        with torch.no_grad():
            assert torch.equal(deformable_conv(*tensors), out)
        return [out, *(t.grad for t in tensors)]

    whole = run()
    monkeypatch.setitem(deformable.SAMPLED_AT_ONCE, "cpu", most)
    for found, expected in zip(run(), whole, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def test_no_more_is_sampled_at_once_than_allowed(monkeypatch):
    monkeypatch.setitem(deformable.SAMPLED_AT_ONCE, "cpu", 9 * 8 * 20 * 4)
    sizes, sample = [], F.grid_sample
    monkeypatch.setattr(
        F, "grid_sample", lambda *a, **k: (r := sample(*a, **k), sizes.append(r.numel()))[0]
    )
    module = DeformableConv(8, 8)
    with torch.no_grad():
        module(torch.rand(2, 8, 30, 20), torch.rand(2, 8, 30, 20))
    assert max(sizes) <= 9 * 8 * 20 * 4
    assert sum(sizes) == 2 * 8 * 9 * 30 * 20
    assert len(set(sizes)) <= 2, "even shares"


def test_the_gradient_can_be_compiled_too():
    tensors = drawn(1, 2, 2, 4, 5)
    wanted = [t.clone().requires_grad_() for t in tensors]
    deformable_conv(*wanted).sum().backward()
    given_ = [t.clone().requires_grad_() for t in tensors]
    torch.compile(deformable_conv, backend="eager", fullgraph=True)(*given_).sum().backward()
    torch._dynamo.reset()
    for ours, expected in zip(given_, wanted, strict=True):
        torch.testing.assert_close(ours.grad, expected.grad, atol=1e-5, rtol=1e-5)


def test_property_3_a_fresh_one_is_half_a_convolution():
    module = DeformableConv(4, 5)
    features, guide = torch.rand(2, 4, 8, 9), torch.rand(2, 5, 8, 9)
    half = 0.5 * F.conv2d(features, module.weight, padding=1)
    torch.testing.assert_close(module(features, guide), half)
    assert module.weight.abs().max() <= 1 / 6
    assert module.weight.abs().max() > 0.8 / 6


def test_offsets_come_first_and_masks_last():
    module, features = DeformableConv(2, 1), torch.rand(1, 2, 5, 5)
    bias = module.offsets_and_masks.bias
    with torch.no_grad():
        bias[18:] = 50.0  # masks of one
        bias[:18:2] = 1.0  # all one down
        found = module(features, torch.rand(1, 1, 5, 5))
    expected = F.conv2d(torch.roll(features, -1, 2), module.weight, padding=1)
    torch.testing.assert_close(found[..., 1:3, :], expected[..., 1:3, :], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_positions_keep_their_digits_in_half_precision(dtype):
    module, features = DeformableConv(4, 4), torch.rand(1, 4, 40, 40)
    torch.nn.init.normal_(module.offsets_and_masks.weight, std=0.05)
    exact = module(features, features)
    with torch.autocast("cpu", dtype=dtype):
        rough = module(features, features)
    rough.float().sum().backward()
    assert module.offsets_and_masks.weight.grad.isfinite().all()
    assert (rough.float() - exact).abs().max() < 0.03


@pytest.mark.parametrize(
    "shapes",
    [
        [(1, 2, 4, 4), (2, 3, 3, 3), (1, 18, 4, 4), (1, 9, 4, 4)],
        [(1, 2, 4, 4), (2, 2, 2, 2), (1, 8, 4, 4), (1, 4, 4, 4)],
        [(1, 2, 4, 4), (2, 2, 3, 3), (1, 9, 4, 4), (1, 9, 4, 4)],
        [(1, 2, 4, 4), (2, 2, 3, 3), (1, 18, 4, 5), (1, 9, 4, 5)],
        [(1, 2, 4, 4), (2, 2, 3, 5), (1, 30, 4, 4), (1, 15, 4, 4)],
    ],
)
def test_shapes_that_do_not_belong_together_are_refused(shapes):
    with pytest.raises(UsageError, match="expected"):
        deformable_conv(*map(torch.zeros, shapes))
