"""CIE L*a*b*: scikit-image's values, and what a grey must be."""

import pytest
import torch
from skimage.color import rgb2lab

from irlib.metrics import cielab


def test_the_values_of_scikit_image():
    image = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    image[0, :, 0, :3] = torch.tensor([0.0, 0.01, 0.03])  # the straight part near black
    for ours, one in zip(cielab(image), image, strict=True):
        theirs = torch.from_numpy(rgb2lab(one.permute(1, 2, 0).numpy())).permute(2, 0, 1)
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


def test_greys_have_no_colour():
    grey = torch.linspace(0, 1, 11).expand(3, 1, 11)
    lightness, a, b = cielab(grey)
    assert lightness[0, 0] == pytest.approx(0, abs=1e-3)
    assert lightness[0, -1] == pytest.approx(100, abs=1e-3)
    assert (lightness[0].diff() > 0).all()
    assert max(a.abs().max(), b.abs().max()) < 0.01
