"""UCIQE against values worked out by hand, and what it must not depend on."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.metrics import uciqe


def flat(*rgb, size=4):
    return torch.tensor(rgb).float()[:, None, None].expand(3, size, size)


def halves(first, second):
    return torch.cat([flat(*first), flat(*second)], dim=-1)


def test_a_flat_grey_by_hand():
    # 128 of 255 has L* = 53.585, as a byte 137; a and b are the byte 128.
    chroma, lightness = 128 * math.sqrt(2) / 255, 137 / 255
    saturation = chroma / math.hypot(chroma, lightness)
    assert saturation == pytest.approx(0.79738, abs=1e-4)
    expected = 0.2576 * saturation  # neither spread nor contrast
    assert uciqe(flat(128 / 255, 128 / 255, 128 / 255)).item() == pytest.approx(expected, abs=1e-9)
    assert uciqe(flat(0.5, 0.5, 0.5), "definition").item() == pytest.approx(0, abs=1e-4)


def test_black_beside_white_by_hand():
    image = halves((0, 0, 0), (1, 1, 1))
    # Contrast is 1. Around 0 nothing is saturated; as bytes black counts as wholly saturated.
    assert uciqe(image, "definition").item() == pytest.approx(0.2745, abs=1e-4)
    chroma = 128 * math.sqrt(2) / 255
    saturation = (1 + chroma / math.hypot(chroma, 1)) / 2
    expected = 0.2745 + 0.2576 * saturation
    assert expected == pytest.approx(0.47786, abs=1e-4)
    assert uciqe(image).item() == pytest.approx(expected, abs=1e-9)


def test_red_beside_white_by_hand():
    # sRGB red is L* 53.24, a* 80.09, b* 67.20: chroma 104.55. White: 100, no chroma.
    spread, contrast, saturation = 1.0455 / 2, 1 - 0.5324, 1.0455 / 0.5324 / 2
    expected = 0.4680 * spread + 0.2745 * contrast + 0.2576 * saturation
    assert expected == pytest.approx(0.6260, abs=1e-3)
    image = halves((1, 0, 0), (1, 1, 1))
    assert uciqe(image, "definition").item() == pytest.approx(expected, abs=1e-3)


def test_the_spread_of_bytes_by_hand():
    image = halves((1, 0, 0), (1, 1, 1))
    # As bytes: red L 136, a 208, b 195; white L 255, a 128, b 128.
    red, white = math.hypot(208, 195) / 255, math.hypot(128, 128) / 255
    mean = (red + white) / 2
    spread = math.sqrt((abs(1 - (mean / red) ** 2) + abs(1 - (mean / white) ** 2)) / 2)
    saturation = (red / math.hypot(red, 136 / 255) + white / math.hypot(white, 1)) / 2
    expected = 0.4680 * spread + 0.2745 * (255 - 136) / 255 + 0.2576 * saturation
    assert uciqe(image).item() == pytest.approx(expected, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), variant=st.sampled_from(["bytes", "definition"]))
def test_it_does_not_see_where_pixels_are(seed, variant):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(3, 6, 5, generator=generator)
    order = torch.randperm(30, generator=generator)
    shuffled = image.flatten(1)[:, order].view(3, 6, 5)
    assert uciqe(image, variant).item() == pytest.approx(uciqe(shuffled, variant).item())
    batch = uciqe(torch.stack([image, 1 - image]), variant)
    assert batch[0] == pytest.approx(uciqe(image, variant).item())
    assert torch.isfinite(batch).all()


def test_a_black_picture_is_a_number():
    for variant in ("bytes", "definition"):
        assert torch.isfinite(uciqe(flat(0, 0, 0), variant)).all()


def test_wrong_use():
    with pytest.raises(UsageError, match="did you mean 'definition'"):
        uciqe(flat(0, 0, 0), "definitoin")
    with pytest.raises(UsageError, match="expected \\(B, 3, H, W\\)"):
        uciqe(torch.rand(1, 4, 4))
    with pytest.raises(UsageError, match="Divide 8-bit values"):
        uciqe(torch.zeros(3, 4, 4, dtype=torch.uint8))
