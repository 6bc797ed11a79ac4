"""UIQM and its three terms against values worked out by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.metrics import uiqm, uiqm_parts


def columns(*values, rows=2):
    """A grey image with one value a column, on the 0-255 scale."""
    return torch.tensor(values).float().expand(3, rows, len(values)) / 255


def test_a_flat_colour_by_hand():
    image = torch.tensor([10.0, 20.0, 40.0])[:, None, None].expand(3, 4, 4) / 255
    parts = uiqm_parts(image, block=2)
    # RG = -10, YB = 15 - 40 = -25 everywhere: only the cast counts.
    assert parts.colour.item() == pytest.approx(-0.0268 * math.hypot(10, 25))
    assert parts.sharpness.item() == 0
    ratio = (40 - 10) / (40 + 10)
    assert parts.contrast.item() == pytest.approx(-ratio * math.log(ratio))
    assert uiqm(image, block=2).item() == pytest.approx(1.07548, abs=1e-4)


def test_a_ramp_by_hand():
    # Sobel: 4 (20-10), 4 (40-10), 4 (80-20), 4 (80-40); times the value 400, 2400, 9600, 12800.
    parts = uiqm_parts(columns(10, 20, 40, 80), block=2)
    assert parts.sharpness.item() == pytest.approx(math.log(6) + math.log(12800 / 9600))
    # Both blocks double from left to right: r = 1/3.
    assert parts.contrast.item() == pytest.approx(math.log(3) / 3)
    assert parts.colour.item() == 0


def test_means_are_trimmed_and_variances_are_not():
    # R from 0 to 190 in steps of 10, G = B = 0: RG = R, YB = R/2; two of 20 go at either end.
    red = torch.zeros(3, 1, 20)
    red[0] = torch.arange(20) * 10 / 255
    variance = 100 * (20**2 - 1) / 12
    expected = -0.0268 * math.hypot(95, 47.5) + 0.1586 * math.sqrt(variance * 1.25)
    assert expected == pytest.approx(7.37827, abs=1e-4)
    assert uiqm_parts(red, block=1).colour.item() == pytest.approx(expected, abs=1e-4)
    outlier = red.clone()
    outlier[0, 0, -1] = 1
    assert outlier[0].mean() != red[0].mean()
    moved = (255**2 - 190**2 - 2 * 95 * (255 - 190)) / 20
    expected = -0.0268 * math.hypot(95, 47.5) + 0.1586 * math.sqrt((variance + moved) * 1.25)
    assert uiqm_parts(outlier, block=1).colour.item() == pytest.approx(expected, abs=1e-4)


def test_contrast_is_0_for_a_flat_block_and_from_black_to_white():
    for image in (columns(90, 90), columns(0, 255), columns(0, 0)):
        assert uiqm_parts(image, block=2).contrast.item() == pytest.approx(0, abs=1e-12)
    image = columns(90, 200)
    image[0] = 0  # without red every block has a zero
    assert uiqm_parts(image, block=2).contrast.item() == pytest.approx(0, abs=1e-12)


def test_pixels_beyond_the_last_whole_block_are_left_out_of_two_terms():
    first, second = columns(10, 20, 40, 80), columns(10, 20, 40, 80, 81)
    assert uiqm_parts(first, 2).contrast == uiqm_parts(second, 2).contrast
    assert uiqm_parts(first, 2).colour == uiqm_parts(second, 2).colour == 0


def test_values_below_half_a_grey_level_are_zeros():
    # As floats the ratio of the two would be in the thousands.
    image = columns(0.001, 80, 160, 240)
    assert uiqm(image, block=2).item() == uiqm(columns(0, 80, 160, 240), block=2).item()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), block=st.integers(1, 6))
def test_a_batch_is_its_images(seed, block):
    images = torch.rand(3, 3, 9, 8, generator=torch.Generator().manual_seed(seed))
    one_by_one = torch.cat([uiqm(image, block) for image in images])
    torch.testing.assert_close(uiqm(images, block), one_by_one)
    assert torch.isfinite(one_by_one).all()


def test_wrong_use():
    with pytest.raises(UsageError, match="4 × 4 pixels and blocks of 10"):
        uiqm(torch.rand(3, 4, 4))
    with pytest.raises(UsageError, match="blocks of 0"):
        uiqm(torch.rand(3, 4, 4), block=0)
    with pytest.raises(UsageError, match="three colours"):
        uiqm(torch.rand(4, 4))
