"""Twigs and wires: thin lines that belong to a picture, and must not be taken for rain."""

import math

import torch
from torch import Tensor

# Points along a line; between two of them it is straight.
_POINTS = 9


def twigs(image: Tensor, generator: torch.Generator) -> Tensor:
    """Draws one to twelve thin curved lines over an image, light or dark, in any direction.

    A rain streak is straight, and all streaks of a picture fall alike; these bend, and each goes
    its own way. A network that met thin light lines in rain alone takes real twigs for streaks.

    Args:
        image: (3, H, W), float in [0, 1].
        generator: A CPU generator.

    Returns:
        The image with its lines, float (3, H, W) in [0, 1].
    """
    height, width = image.shape[-2:]
    rows = torch.arange(height, dtype=torch.float32)[:, None] + 0.5
    columns = torch.arange(width, dtype=torch.float32) + 0.5
    for _ in range(1 + int(torch.randint(12, (), generator=generator))):
        course = _course(height, width, generator)
        thick, light, solid, *tint = torch.rand(6, generator=generator).tolist()
        inside = 0.4 + 1.4 * thick - _distance(rows, columns, course)
        share = (0.5 + inside).clamp(0, 1) * (0.4 + 0.6 * solid)
        level = 0.65 + 0.35 * light if light > 0.4 else 0.8 * light
        colour = (level + 0.15 * (torch.tensor(tint) - 0.5)).clamp(0, 1)
        image = image + share * (colour[:, None, None] - image)
    return image


def _course(height: int, width: int, generator: torch.Generator) -> Tensor:
    """Points (P, 2) along a quadratic Bézier curve that starts inside the image, (row, column)."""
    row, column, turn, long, bend = torch.rand(5, generator=generator).tolist()
    length, angle = (0.2 + 0.8 * long) * max(height, width), 2 * math.pi * turn
    start = torch.tensor([row * height, column * width])
    along = length * torch.tensor([math.sin(angle), math.cos(angle)])
    aside = torch.tensor([-along[1], along[0]]) * 0.6 * (bend - 0.5)
    t = torch.linspace(0, 1, _POINTS)[:, None]
    return start + t * along + 2 * t * (1 - t) * aside


def _distance(rows: Tensor, columns: Tensor, course: Tensor) -> Tensor:
    """Distance (H, W) in pixels from every pixel's centre to the broken line ``course`` (P, 2)."""
    nearest = None
    for first, step in zip(course[:-1].tolist(), course.diff(dim=0).tolist(), strict=True):
        down, right = rows - first[0], columns - first[1]
        share = (down * step[0] + right * step[1]) / (step[0] ** 2 + step[1] ** 2)
        share = share.clamp(0, 1)
        squared = (down - share * step[0]).square() + (right - share * step[1]).square()
        nearest = squared if nearest is None else torch.minimum(nearest, squared)
    return nearest.sqrt()
