"""How a hand-held camera moves during an exposure."""

import torch
from torch import Tensor

POINTS = 65


def draw_trajectory(length: Tensor, wander: Tensor, generator: torch.Generator) -> Tensor:
    """Draws where the image lies at 65 even moments of the exposure, (65, 2) as (y, x) pixels.

    The heading drifts as a random walk and the speed rises and falls; the path is scaled to its
    length and moved so that the middle moment lies at (0, 0): the sharp image is the one taken in
    the middle of the exposure, as in GoPro (Nah et al., CVPR 2017).

    Args:
        length: Length of the path in pixels (0-d).
        wander: Standard deviation of the heading's change from point to point, radians (0-d).
        generator: A CPU generator.
    """
    start, phase, sway = torch.rand(3, generator=generator)
    turns = torch.randn(POINTS - 1, generator=generator)
    heading = 2 * torch.pi * start + torch.cumsum(wander * turns, 0)
    moments = torch.linspace(0, 2 * torch.pi, POINTS - 1)
    speed = 1 + 0.6 * sway * torch.sin(moments + 2 * torch.pi * phase)
    steps = (
        torch.stack([torch.sin(heading), torch.cos(heading)], 1) * (speed / speed.sum())[:, None]
    )
    path = torch.cat([torch.zeros(1, 2), torch.cumsum(steps, 0)])
    return length * (path - path[POINTS // 2])
