"""Padding reaches the multiple by mirroring or repeating and cuts back to the same bits."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.nn import pad_to_multiple


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 8, 16]))
def test_any_size_reaches_the_multiple_and_cuts_back(mode, height, width, multiple):
    image = torch.rand(3, height, width)
    padded, (kept_height, kept_width) = pad_to_multiple(image, multiple, mode)
    assert padded.shape[1] % multiple == padded.shape[2] % multiple == 0
    assert padded.shape[1] - height < multiple
    assert torch.equal(padded[..., :kept_height, :kept_width], image)
    assert set(padded.unique().tolist()) == set(image.unique().tolist())


def test_a_fitting_size_is_not_touched():
    image = torch.rand(1, 3, 16, 24)
    assert pad_to_multiple(image, 8)[0] is image


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_padding_is_torchs_where_that_exists(mode):
    image = torch.rand(1, 3, 13, 18)
    torch.testing.assert_close(
        pad_to_multiple(image, 8, mode)[0], F.pad(image, (0, 6, 0, 3), mode=mode)
    )


@pytest.mark.parametrize(("height", "width"), [(1, 30), (16, 24), (25, 7)])
def test_sides_reach_the_least(height, width):
    image = torch.rand(3, height, width)
    padded, (kept_height, kept_width) = pad_to_multiple(image, 8, least=24)
    assert padded.shape[1:] == (max(24, -(-height // 8) * 8), max(24, -(-width // 8) * 8))
    assert torch.equal(padded[..., :kept_height, :kept_width], image)


def test_unknown_padding_is_named():
    with pytest.raises(UsageError, match="'zeros'"):
        pad_to_multiple(torch.rand(3, 5, 5), 8, "zeros")
