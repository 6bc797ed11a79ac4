"""Snow: soft flakes of many sizes, drawn out by their fall, in front of the scene."""

import math

import torch
from torch import Tensor

from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw

PIXELS_AT_ONCE = 2**17
"""Bounds what painting holds at once: small pieces stay in the cache, large images in memory."""
SIZE_CLASSES = 6


def snow(
    clean: Tensor,
    density: Amount = 0.08,
    size: Amount = (3.0, 8.0),
    angle: Amount = (-40.0, 40.0),
    drift: Amount = (0.0, 0.8),
    opacity: Amount = (0.7, 1.0),
    *,
    generator: torch.Generator,
) -> Degraded:
    """Covers the scene with flakes: ``I = J (1 - m) + c m``, mask m in [0, 1], c near white.

    Flakes are soft discs of many sizes, most of them small and far, drawn out along their fall. The
    model is that of Snow100K (Liu et al., "DesnowNet", IEEE TIP 2018). Taught in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        density: Share of the image area under flakes, overlaps counted twice.
        size: Radius of the largest flakes in pixels; the smallest have an eighth of it.
        angle: Direction of fall in degrees from the vertical, positive to the right going down.
        drift: How far a flake falls during the exposure, in its diameters.
        opacity: How much of the scene the densest flakes hide.
        generator: A CPU generator.

    Returns:
        The snowy image, the five values drawn, and ``mask`` (1, H, W).

    Raises:
        UsageError: A wrong shape, a value out of its range, or a generator that is not on the CPU.
    """
    tables: list[Tensor] = []
    masks: list[Tensor] = []

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        drawn = {
            "density": draw("density", density, generator, high=1),
            "size": draw("size", size, generator, low=0.5, high=200),
            "angle": draw("angle", angle, generator, low=-180, high=180),
            "drift": draw("drift", drift, generator, high=20),
            "opacity": draw("opacity", opacity, generator, high=1),
        }
        tables.append(_draw_flakes(height, width, drawn, generator))
        return drawn

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        mask = _paint(tables, images)
        masks.append(mask)
        return torch.lerp(images, torch.full_like(images, 0.98), mask).clamp(0, 1)

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    parameters["mask"] = masks[0].reshape([*clean.shape[:-3], 1, *clean.shape[-2:]]).cpu()
    return Degraded(image, parameters)


def _draw_flakes(
    height: int, width: int, drawn: dict[str, Tensor], generator: torch.Generator
) -> Tensor:
    """Draws (N, 6): middle y and x, radius, half path (y and x), and opacity."""
    values = {name: float(value) for name, value in drawn.items()}
    largest = values["size"]
    margin = largest * (1 + values["drift"])
    tall, wide = height + 2 * margin, width + 2 * margin
    # Radii follow r = R (1/8 + 7/8 u^3): many far flakes for each near one. The mean of r^2 and
    # of the drawn-out area 4 drift r^2 + pi r^2 follows from the moments of u^3.
    mean_square = largest**2 * (1 / 64 + 2 * 7 / 64 / 4 + 49 / 64 / 7)
    area = mean_square * (math.pi + 4 * values["drift"])
    chance = float(torch.rand((), generator=generator))
    count = int(values["density"] * tall * wide / area + chance)
    share = torch.rand(count, 4, generator=generator)
    lean = torch.deg2rad(values["angle"] + 8 * torch.randn(count, generator=generator))
    radius = largest * (1 / 8 + 7 / 8 * share[:, 2] ** 3)
    path = values["drift"] * radius
    return torch.stack(
        [
            share[:, 0] * tall - margin,
            share[:, 1] * wide - margin,
            radius,
            path * torch.cos(lean),
            path * torch.sin(lean),
            # The nearest flakes are out of focus and hide less.
            values["opacity"] * (0.5 + 0.5 * share[:, 3]) * (1 - 0.4 * radius / largest),
        ],
        dim=1,
    )


def _paint(tables: list[Tensor], images: Tensor) -> Tensor:
    """Lays the flakes of each image over one another, the densest winning, (B, 1, H, W)."""
    batch, _, height, width = images.shape
    canvas = images.new_zeros(batch * height * width)
    owner = torch.cat([torch.full((len(table),), i) for i, table in enumerate(tables)])
    table = torch.cat(tables)
    # Flakes of like size are painted together, each in a patch that just holds the largest.
    for same_size in table[:, 2].argsort().tensor_split(SIZE_CLASSES):
        if not len(same_size):
            continue
        largest = table[same_size]
        reach = math.ceil(float((largest[:, 2] * 1.5 + largest[:, 3:5].abs().amax(1)).max())) + 1
        share = max(1, PIXELS_AT_ONCE // (2 * reach + 1) ** 2)
        for chosen in same_size.split(share):
            _paint_flakes(canvas, table[chosen], owner[chosen], reach, height, width)
    return canvas.reshape(batch, 1, height, width)


def _paint_flakes(
    canvas: Tensor, table: Tensor, owner: Tensor, reach: int, height: int, width: int
) -> None:
    """Paints flakes, each in a square patch reaching so far from its middle, onto flat images."""
    y0, x0, radius, path_y, path_x, opacity = (
        table.to(canvas)[:, :, None, None].unbind(1)
    )  # fmt: skip
    offset = torch.arange(-reach, reach + 1, device=canvas.device)
    y = y0.floor() + offset[:, None]  # (N, S, 1)
    x = x0.floor() + offset  # (N, 1, S)
    dy, dx = y - y0, x - x0
    # Distance to the segment that the flake's middle travels.
    squared = (path_y.square() + path_x.square()).clamp(min=1e-12)
    place = ((dy * path_y + dx * path_x) / squared).clamp(-1, 1)
    distance = ((dy - place * path_y).square() + (dx - place * path_x).square()).sqrt()
    # Opaque inside, fading over half a radius on either side of the rim.
    edge = ((1.5 * radius - distance) / radius).clamp(0, 1)
    cover = opacity * edge.square() * (3 - 2 * edge)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    where = owner.to(canvas.device)[:, None, None] * (height * width) + y.long() * width + x.long()
    canvas.scatter_reduce_(
        0,
        torch.where(inside, where, 0).flatten(),
        torch.where(inside, cover, 0.0).flatten(),
        reduce="amax",
    )
