import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr

from irlib.metrics import luma


def test_equals_scikit_image():
    image = torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = rgb2ycbcr(image.permute(1, 2, 0).numpy())[..., 0] / 255
    np.testing.assert_allclose(luma(image)[0].numpy(), theirs, atol=1e-6)


@pytest.mark.parametrize(("grey", "expected"), [(0.0, 16 / 255), (1.0, 235 / 255)])
def test_black_and_white_are_the_ends_of_the_limited_range(grey, expected):
    image = torch.full((2, 3, 4, 4), grey)
    torch.testing.assert_close(luma(image), torch.full((2, 1, 4, 4), expected))
