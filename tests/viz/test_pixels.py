import base64
import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from irlib.errors import UsageError
from irlib.viz.pixels import encode_picture, to_uint8


def decode(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"))


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 5, 7), (1, 3, 5, 7), (5, 7, 3), (5, 7)])
def test_every_usual_shape_becomes_rows_of_colours(shape):
    assert to_uint8(torch.zeros(shape)).shape == (5, 7, 3)


def test_values_are_clipped_and_rounded():
    image = torch.tensor([-0.5, 0.0, 0.5, 1.0, 2.0]).expand(3, 1, 5)
    assert to_uint8(image)[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_eight_bit_pixels_pass_unchanged():
    image = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    assert np.array_equal(to_uint8(image), image)


def test_a_three_by_three_tensor_is_read_channels_first():
    image = torch.zeros(3, 3, 3)
    image[0] = 1.0
    assert to_uint8(image)[2, 2].tolist() == [255, 0, 0]


@pytest.mark.parametrize("shape", [(2, 5, 7), (4, 3, 5, 7), (7,), (3, 0, 5)])
def test_other_shapes_are_named_in_the_error(shape):
    with pytest.raises(UsageError, match=r"shape \("):
        to_uint8(torch.zeros(shape))


def test_nan_is_refused():
    with pytest.raises(UsageError, match="NaN"):
        to_uint8(torch.full((3, 4, 4), float("nan")))


def test_lossless_keeps_every_pixel():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    uri, size = encode_picture(image, lossless=True)
    assert size == (30, 20)
    assert np.array_equal(decode(uri), image)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(3_000, 30_000))
def test_the_limit_always_holds(height, width, limit):
    noise = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)
    uri, (shown_width, shown_height) = encode_picture(noise, limit=limit)
    assert len(uri) <= limit
    assert decode(uri).shape == (shown_height, shown_width, 3)


def test_a_lower_quality_makes_a_shorter_picture():
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    best, size = encode_picture(noise)
    lower, same = encode_picture(noise, quality=60)
    assert len(lower) < len(best)
    assert size == same == (80, 60)
