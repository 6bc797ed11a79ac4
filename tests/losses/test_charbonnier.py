"""AM-PromptIR's loss: its least value, its scale, and a spectrum that is only its constant."""

import pytest
import torch

from irlib.losses import charbonnier, charbonnier_fft, losses, spectrum_l1


def images(size=(48, 64)):
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))


def test_equal_images_property_15():
    x = images()
    assert charbonnier(x, x).item() == pytest.approx(1e-3)
    assert spectrum_l1(x, x).item() == 0
    assert charbonnier_fft(x, x).item() == pytest.approx(1e-3)


def test_a_constant_offset_is_one_bin_of_the_spectrum_property_15():
    x = images()
    assert spectrum_l1(x + 0.25, x).item() == pytest.approx(0.25, rel=1e-3)
    assert charbonnier(x + 0.25, x).item() == pytest.approx(0.25, rel=1e-3)


def test_scale_on_independent_images():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 8, 3, 64, 64, generator=generator)
    assert charbonnier(first, second).item() == pytest.approx(0.333, abs=0.005)
    assert spectrum_l1(first, second).item() == pytest.approx(23.1, abs=0.3)
    normal = torch.randn(2, 8, 3, 64, 64, generator=generator)
    assert charbonnier(*normal).item() == pytest.approx(1.13, abs=0.01)
    assert spectrum_l1(*normal).item() == pytest.approx(80, abs=1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_are_finite_even_where_nothing_differs(dtype):
    x = images((8, 8))
    restored = x.to(dtype).requires_grad_()
    losses.get("charbonnier-fft")(restored, x.to(dtype)).backward()
    assert restored.grad.isfinite().all()
