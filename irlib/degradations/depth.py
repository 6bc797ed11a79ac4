"""Depth for haze and water when the true depth of a photograph is unknown."""

import torch
from torch import Tensor
from torch.nn import functional

from irlib.errors import UsageError


def synthetic_depth(height: int, width: int, generator: torch.Generator) -> Tensor:
    """Draws a smooth, plausible depth (1, H, W) in [0, 1]: 0 near the camera, 1 far.

    A ground plane recedes towards the top of the frame up to a horizon; a slight tilt and
    low-frequency relief keep a network from learning one ramp. The span of depths is drawn too: a
    small crop of a photograph often lies at nearly one distance.
    """
    tilt, horizon, start, span, relief = torch.rand(5, generator=generator).tolist()
    grid = torch.rand(1, 1, 4, 4, generator=generator)
    down = torch.linspace(0, 1, height)[:, None] if height > 1 else torch.full((1, 1), 0.5)
    across = torch.linspace(-0.5, 0.5, width)[None] if width > 1 else torch.zeros(1, 1)
    horizon = 0.4 * horizon
    ramp = ((1 - down + (tilt - 0.5) * across) / (1 - horizon)).clamp(0, 1)
    hills = functional.interpolate(grid, (height, width), mode="bicubic", align_corners=True)[0]
    strength = 0.1 + 0.5 * relief
    raw = (1 - strength) * ramp[None] + strength * hills
    near = 0.6 * start
    far = near + (1 - near) * (0.2 + 0.8 * span)
    return (near + (far - near) * raw).clamp(0, 1)


def depth_rows(depth: Tensor | None, clean: Tensor) -> Tensor | None:
    """Reshapes a given depth (..., 1, H, W) to one row an image, (B, 1, H, W).

    A depth without batch axes serves every image.

    Raises:
        UsageError: The depth does not fit the image, or has negative or non-finite values.
    """
    if depth is None:
        return None
    height, width = clean.shape[-2:]
    expected = (*clean.shape[:-3], 1, height, width)
    if tuple(depth.shape) not in {expected, (1, height, width)}:
        raise UsageError(
            f"the depth has shape {tuple(depth.shape)} for an image of shape {tuple(clean.shape)}; "
            f"expected {expected}, or (1, {height}, {width}) for all images."
        )
    if not torch.isfinite(depth).all() or (depth < 0).any():
        raise UsageError(
            "the depth has negative or non-finite values; expected 0 for near and larger for far. "
            "Fill the holes of a measured depth map first."
        )
    return depth.expand(expected).reshape(-1, 1, height, width)
