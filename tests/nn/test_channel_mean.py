"""Means of channels: over everything, or over windows whose results can be counted by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from irlib.nn import ChannelMean, local_mean


def by_average_pooling(x, window):
    """The same means by PyTorch's pooling, whose cost grows with the window."""
    rows, columns = min(window[0], x.shape[2]), min(window[1], x.shape[3])
    inner = F.avg_pool2d(x, (rows, columns), stride=1)
    down, right = x.shape[2] - inner.shape[2], x.shape[3] - inner.shape[3]
    border = (right // 2, right - right // 2, down // 2, down - down // 2)
    return F.pad(inner, border, mode="replicate")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 30), st.integers(1, 30))
def test_local_means_are_average_pooling(height, width, rows, columns):
    x = torch.rand(2, 3, height, width) + 5
    exact = by_average_pooling(x.double(), (rows, columns))
    assert (local_mean(x, (rows, columns)) - exact).abs().max() < 2e-6


def test_one_row_by_hand():
    x = torch.tensor([0.0, 3, 6, 0, 3]).view(1, 1, 1, 5)
    expected = torch.tensor([1.5, 4.5, 3.0, 1.5, 1.5]).view(1, 1, 1, 5)
    torch.testing.assert_close(local_mean(x, (1, 2)), expected)  # the odd border goes right


def test_a_large_map_keeps_its_digits():
    generator = torch.Generator().manual_seed(0)
    x = 100 + torch.rand(1, 2, 300, 400, generator=generator)
    exact = by_average_pooling(x.double(), (48, 64))
    assert (local_mean(x, (48, 64)).double() - exact).abs().max() < 2e-5


def test_property_9_a_constant_map_is_its_own_mean():
    x = torch.full((1, 2, 9, 11), 0.3)
    torch.testing.assert_close(local_mean(x, (4, 3)), x)


@pytest.mark.parametrize(
    ("window", "size", "shape"),
    [
        (None, (9, 9), (1, 1)),
        ((9, 9), (9, 9), (1, 1)),
        ((9, 20), (9, 9), (1, 1)),
        ((8, 20), (9, 9), (9, 9)),
        ((20, 8), (9, 9), (9, 9)),
    ],
)
def test_windows_that_cover_the_map_give_one_mean(window, size, shape):
    x = torch.rand(1, 2, *size)
    means = ChannelMean(window)(x)
    assert means.shape == (1, 2, *shape)
    torch.testing.assert_close(means.mean(dim=(2, 3)), x.mean(dim=(2, 3)), atol=0.2, rtol=0)


def test_half_precision_sums_do_not_overflow():
    x = torch.full((1, 1, 400, 400), 60.0, dtype=torch.float16)
    means = local_mean(x, (300, 300))
    assert means.dtype == torch.float16
    torch.testing.assert_close(means, x)


def test_gradient_reaches_every_pixel():
    x = torch.rand(1, 2, 7, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: local_mean(x, (3, 4)), (x,))
