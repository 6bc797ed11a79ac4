"""Luma as MATLAB's ``rgb2ycbcr`` defines it, the colour space of many derained scores."""

import torch
from torch import Tensor

# ITU-R BT.601, limited range: black is 16 and white 235 on the 0-255 scale.
_BLACK = 16.0
_WEIGHTS = (65.481, 128.553, 24.966)


def luma(image: Tensor) -> Tensor:
    """Returns the Y channel of an RGB image in limited range.

    ``Y = (16 + 65.481 R + 128.553 G + 24.966 B) / 255`` for R, G, B in [0, 1], so Y lies in
    [16/255, 235/255]. The narrower range alone raises a PSNR with peak 1, by
    ``20 log10(255/219)`` dB for a grey error. Taught in chapter 1.

    Args:
        image: RGB, shape (…, 3, H, W), values in [0, 1].

    Returns:
        Y, shape (…, 1, H, W), the dtype of ``image``.

    Source:
        ITU-R Recommendation BT.601; MATLAB ``rgb2ycbcr``.
    """
    weights = torch.tensor(_WEIGHTS, dtype=image.dtype, device=image.device)
    weighted = (image * weights[:, None, None]).sum(dim=-3, keepdim=True)
    return (weighted + _BLACK) / 255
