"""Bright skies and sunlit ground: plain areas of a clear picture, not to be taken for haze."""

import math

import torch
from torch import Tensor


def glare(image: Tensor, generator: torch.Generator) -> Tensor:
    """Exposes an image longer, until parts burn out, and lays one or two bright plain areas on it.

    An area ends along a straight line, as a sky ends at roofs and sunlit ground in a shadow. It is
    nearly white, a little warm or blue, and shaded slightly from end to end. A network that met
    plain light areas under haze alone takes every bright sky for a veil over the whole picture.

    Args:
        image: (3, H, W), float in [0, 1].
        generator: A CPU generator.

    Returns:
        The image with its areas, float (3, H, W) in [0, 1].
    """
    height, width = image.shape[-2:]
    rows = torch.linspace(-1, 1, height)[:, None]
    columns = torch.linspace(-1, 1, width)
    longer, two = torch.rand(2, generator=generator).tolist()
    image = (image * (1 + 0.9 * max(0.0, 2 * longer - 1))).clamp(0, 1)
    for _ in range(1 + (two < 0.3)):
        turn, reach, light, warm, shade, soft = torch.rand(6, generator=generator).tolist()
        angle = 2 * math.pi * turn
        along = rows * math.sin(angle) + columns * math.cos(angle)  # -1.4 to 1.4 from edge to edge
        inside = (along - (0.9 - 1.3 * reach)) * max(height, width) / (1 + 7 * soft**2)
        share = (0.5 + inside).clamp(0, 1)
        level = 0.7 + 0.32 * light - 0.15 * shade * (along + 1.4) / 2.8
        tint = torch.tensor([warm - 0.5, 0.0, 0.5 - warm])[:, None, None]
        image = image + share * ((level + 0.16 * tint).clamp(0, 1) - image)
    return image
