"""UIQM: colour, sharpness and contrast of an underwater picture in one number; no reference."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from irlib.errors import UsageError
from irlib.metrics.eight_bit import eight_bit

COLOUR, SHARPNESS, CONTRAST = 0.0282, 0.2953, 3.5753
"""Weights of the three terms, fitted by the authors to the opinions of observers."""
_CAST, _VARIETY = -0.0268, 0.1586
_CHANNELS = (0.299, 0.587, 0.114)
_TRIMMED = 0.1


class Parts(NamedTuple):
    """The three terms of UIQM, each of shape (B,): UICM, UISM and UIConM."""

    colour: Tensor
    sharpness: Tensor
    contrast: Tensor


def uiqm(image: Tensor, block: int = 10) -> Tensor:
    """Returns the underwater image quality measure of each image; higher is "better".

    ``UIQM = 0.0282 UICM + 0.2953 UISM + 3.5753 UIConM``, see :func:`uiqm_parts`. It knows nothing
    of the scene: noise and halos raise it. Taught in chapter 22.

    Codes in circulation differ, by more than papers do. Taken here, and what else is met:

    - blocks of 10 x 10 pixels that fit whole; others take 8 x 8, or 8 for one term and 10 for the
      other, or count the cut blocks at the right and bottom too;
    - the weight 0.114 of blue, as in the paper; a widely copied code has 0.144;
    - tenths trimmed from both ends for the mean colour alone, the variance over all pixels; others
      trim both, or lose one value more at the low end;
    - edges as Sobel magnitudes scaled to a largest value of 255 times the channel, in floats;
      others scale otherwise, or let the product run over in 8-bit numbers;
    - plain subtraction and addition in UIConM, over the extremes of all three channels; the paper
      prints the operations of "parametrised logarithmic image processing", and some take luma.

    Compare only values of one code.

    Args:
        image: (B, 3, H, W) or (3, H, W), clipped to [0, 1] and rounded to 8 bits first.
        block: Side of a block in pixels.

    Returns:
        Shape (B,), float64; about 1 to 4 for photographs.

    Raises:
        UsageError: A wrong shape, or an image smaller than a block.

    Source:
        Panetta, Gao and Agaian, "Human-visual-system-inspired underwater image quality measures",
        IEEE JOE 2016.
    """
    colour, sharpness, contrast = uiqm_parts(image, block)
    return COLOUR * colour + SHARPNESS * sharpness + CONTRAST * contrast


def uiqm_parts(image: Tensor, block: int = 10) -> Parts:
    """Returns the three terms of :func:`uiqm`.

    - UICM, colour: of ``RG = R - G`` and ``YB = (R + G)/2 - B`` the trimmed means m and the mean
      squares v about them: ``-0.0268 sqrt(m_RG² + m_YB²) + 0.1586 sqrt(v_RG + v_YB)``. Negative
      for an even colour cast.
    - UISM, sharpness: ``2 mean log(max/min)`` over blocks of each channel's edges, weighted as in
      luma. Blocks with a zero count as 0.
    - UIConM, contrast: ``-mean r log r`` over blocks, ``r = (max - min)/(max + min)``: largest at
      r = 1/e, and 0 for a flat block and for one from black to white alike.

    Args:
        image: As in :func:`uiqm`.
        block: Side of a block in pixels.
    """
    pixels = eight_bit(image, "UIQM")
    if block < 1 or min(pixels.shape[-2:]) < block:
        raise UsageError(
            f"UIQM was given {pixels.shape[-2]} × {pixels.shape[-1]} pixels and blocks of {block}; "
            "expected a block of at least 1 pixel and an image that holds one."
        )
    return Parts(_colour(pixels), _sharpness(pixels, block), _contrast(pixels, block))


def _colour(pixels: Tensor) -> Tensor:
    red, green, blue = pixels.flatten(2).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    count = opponents.shape[-1]
    kept = opponents.sort(dim=-1).values[
        ..., math.ceil(_TRIMMED * count) : count - math.floor(_TRIMMED * count)
    ]
    # An image of one pixel has nothing left after trimming.
    mean = (kept if kept.shape[-1] else opponents).mean(-1, keepdim=True)
    variance = (opponents - mean).square().mean(-1)
    cast = mean[..., 0].square().sum(1).sqrt()
    return _CAST * cast + _VARIETY * variance.sum(1).sqrt()


def _sharpness(pixels: Tensor, block: int) -> Tensor:
    edges = _sobel(pixels)
    largest = edges.amax(dim=(-2, -1), keepdim=True).clamp(min=1e-12)
    high, low = _extremes(pixels * edges * (255 / largest), block)
    ratio = torch.where(low > 0, high / low.clamp(min=1e-12), 1)
    per_channel = 2 * ratio.log().mean(dim=(-2, -1))
    weights = torch.tensor(_CHANNELS, dtype=pixels.dtype, device=pixels.device)
    return (per_channel * weights).sum(1)


def _contrast(pixels: Tensor, block: int) -> Tensor:
    high, low = _extremes(pixels, block)
    high, low = high.amax(1), low.amin(1)
    ratio = (high - low) / (high + low).clamp(min=1e-12)
    return -torch.xlogy(ratio, ratio).mean(dim=(-2, -1))


def _sobel(pixels: Tensor) -> Tensor:
    """Magnitude of the Sobel gradient of each channel; the border pixels are repeated outwards."""
    wide = functional.pad(pixels, (1, 1, 1, 1), mode="replicate")
    smooth_rows = wide[..., :-2, :] + 2 * wide[..., 1:-1, :] + wide[..., 2:, :]
    smooth_columns = wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]
    across = smooth_rows[..., 2:] - smooth_rows[..., :-2]
    down = smooth_columns[..., 2:, :] - smooth_columns[..., :-2, :]
    return torch.hypot(across, down)


def _extremes(pixels: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """Largest and smallest value of every block that fits whole."""
    high = functional.max_pool2d(pixels, block)
    return high, -functional.max_pool2d(-pixels, block)
