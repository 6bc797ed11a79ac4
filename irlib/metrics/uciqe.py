"""UCIQE: how colourful, saturated and contrasty an underwater picture is; no reference needed."""

import torch
from torch import Tensor

from irlib.errors import UsageError
from irlib.metrics.eight_bit import eight_bit
from irlib.metrics.lab import cielab
from irlib.registry import unknown_name

CHROMA, CONTRAST, SATURATION = 0.4680, 0.2745, 0.2576
"""Weights of the three terms, fitted by the authors to the opinions of observers."""
VARIANTS = ("bytes", "definition")
_SHARE = 0.01


def uciqe(image: Tensor, variant: str = "bytes") -> Tensor:
    """Returns the underwater colour image quality evaluation of each image; higher is "better".

    ``UCIQE = 0.4680 s + 0.2745 k + 0.2576 m``: the spread s of chroma, the contrast k of lightness
    (its 99th less its 1st percentile) and the mean saturation m, in L*a*b*. It knows nothing of the
    scene: a strong colour cast can raise it. Taught in chapter 22.

    The paper leaves scales open, and codes in circulation differ by more than papers do. Known are:

    - ``bytes`` (taken here by default): a MATLAB code that is widely passed on. L, a, b are
      bytes divided by 255, so a grey has a = b = 128/255 and never no chroma. With chroma
      ``C = sqrt(a² + b²)``: ``s = sqrt(mean |1 - (mean C / C)²|)``, ``m = mean C / sqrt(C² + L²)``.
    - ``definition``: the words of the paper on L*a*b* around 0, all three divided by 100:
      ``s`` is the standard deviation of C, ``m = mean C / L`` (0 where L is).
    - not here: the same with bytes and ``C / L``; saturation from HSV; L*a*b* undivided, which
      gives values of tens; the extremes of L in place of percentiles.

    Compare only values of one variant. D65 is the white here, D50 in MATLAB.

    Args:
        image: (B, 3, H, W) or (3, H, W), clipped to [0, 1] and rounded to 8 bits first.
        variant: One of :data:`VARIANTS`.

    Returns:
        Shape (B,), float64; about 0.3 to 0.7 for photographs under ``bytes``.

    Raises:
        UsageError: A wrong shape, or an unknown variant.

    Source:
        Yang and Sowmya, "An underwater color image quality evaluation metric", IEEE TIP 2015.
    """
    if variant not in VARIANTS:
        raise UsageError(unknown_name("variant of UCIQE", variant, list(VARIANTS)))
    lab = cielab(eight_bit(image, "UCIQE") / 255)
    if variant == "bytes":
        lab = torch.cat([2.55 * lab[:, :1], lab[:, 1:] + 128], dim=1).round().clamp(0, 255) / 255
    else:
        lab = lab / 100
    lightness, chroma = lab[:, 0].flatten(1), lab[:, 1:].square().sum(1).sqrt().flatten(1)
    ends = torch.tensor([_SHARE, 1 - _SHARE], dtype=lab.dtype, device=lab.device)
    low, high = torch.quantile(lightness, ends, dim=1)
    mean = chroma.mean(1, keepdim=True)
    if variant == "bytes":
        spread = (1 - (mean / chroma.clamp(min=1e-12)).square()).abs().mean(1).sqrt()
        saturation = chroma / (chroma.square() + lightness.square()).sqrt().clamp(min=1e-12)
    else:
        spread = chroma.std(1, correction=0)
        # A black pixel has no colour to be saturated.
        saturation = torch.where(lightness > 1e-9, chroma / lightness.clamp(min=1e-9), 0)
    return CHROMA * spread + CONTRAST * (high - low) + SATURATION * saturation.mean(1)
