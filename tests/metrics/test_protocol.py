import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.metrics import PROTOCOLS, Protocol, get_protocol, measure, prepare, psnr, ssim


def test_cbsd68_is_cropped_as_the_authors_crop_it():
    image = torch.arange(321 * 481.0).view(1, 321, 481).expand(3, -1, -1)
    cropped = PROTOCOLS.get("all-in-one").crop(image)
    assert cropped.shape == (3, 320, 480)
    # A remainder of 1 leaves 1 // 2 = 0 at the top and the left.
    assert cropped[0, 0, 0] == 0


@given(st.integers(16, 100), st.integers(16, 100))
def test_the_smaller_half_goes_first(height, width):
    image = torch.zeros(3, height, width)
    cropped = Protocol("p", crop_multiple=16).crop(image)
    offset = cropped.storage_offset()
    assert (offset // width, offset % width) == (height % 16 // 2, width % 16 // 2)
    assert cropped.shape[1] == height - height % 16
    assert cropped.shape[2] == width - width % 16


def test_rounding_and_truncating():
    image = torch.tensor([0.4, 0.45, 0.6, 254.999, 255.0, 300.0]).view(1, 1, 6) / 255
    image = image.expand(3, 1, 6)
    for quantise, expected in (
        ("round", [0, 0, 1, 255, 255, 255]),
        ("truncate", [0, 0, 0, 254, 255, 255]),
    ):
        measured, _ = prepare(image, image, Protocol("p", quantise=quantise))
        assert (measured[0, 0, 0] * 255).tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_truncating_keeps_values_that_are_already_8_bit(dtype):
    steps = torch.arange(256)
    image = (steps.to(dtype) / 255).view(1, 16, 16).expand(3, 16, 16)
    measured, _ = prepare(image, image, Protocol("p", quantise="truncate"))
    assert torch.equal((measured[0, 0] * 255).round().long().flatten(), steps)


def test_luma_of_8_bit_images_is_8_bit_as_in_matlab():
    image = torch.tensor([255.0, 100.0, 3.0]).view(3, 1, 1).expand(3, 8, 8) / 255
    measured, _ = prepare(image, image, "restormer-y")
    # 16 + (65.481·255 + 128.553·100 + 24.966·3) / 255 = 132.187…
    assert (measured * 255).unique().tolist() == pytest.approx([132.0])


def test_measure_equals_its_parts():
    generator = torch.Generator().manual_seed(0)
    restored, target = torch.rand(2, 2, 3, 40, 40, generator=generator)
    for name in PROTOCOLS.names():
        both = measure(restored, target, name)
        assert torch.equal(both["psnr"], psnr(restored, target, name))
        assert torch.equal(both["ssim"], ssim(restored, target, name))


def test_a_protocol_passes_through_and_a_name_is_looked_up():
    own = Protocol("own", border=3)
    assert get_protocol(own) is own
    assert get_protocol("all-in-one").crop_multiple == 16
    assert own.as_dict()["border"] == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "bgr"},
        {"quantise": "floor"},
        {"ssim_window": "gaussian7"},
        {"border": -1},
        {"crop_multiple": 0},
    ],
)
def test_a_protocol_refuses_what_it_cannot_do(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Protocol("wrong", **wrong)
