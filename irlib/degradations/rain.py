"""Rain streaks, drawn one by one with soft edges and added to the image."""

import math

import torch
from torch import Tensor

from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw, per_image

LAYER_SHRINK = 0.75
"""Each layer further away has streaks this much shorter, thinner and dimmer."""
MAX_ANGLE = 60.0
PIXELS_AT_ONCE = 2**17
"""Bounds what painting holds at once: small pieces stay in the cache, large images in memory."""
EDGE = math.exp(-0.5 * 3**2)
VEIL_GREY = 0.85


def rain(
    clean: Tensor,
    density: Amount = 0.15,
    length: Amount = (16.0, 75.0),
    angle: Amount = (-35.0, 35.0),
    layers: Amount = 2,
    veil: Amount = 0.0,
    *,
    brightness: Amount = (0.2, 0.8),
    width: Amount = (1.4, 2.8),
    generator: torch.Generator,
) -> Degraded:
    """Adds bright streaks in layers, and a veil of far drops: ``I = J (1 - v) + g v + S``.

    In the manner of Rain100L (Yang et al., "Deep Joint Rain Detection and Removal from a Single
    Image", CVPR 2017): S is grey, sparse and added; the sum is clipped to [0, 1]. All streaks of an
    image share one direction but for a few degrees; each has its own length and brightness. Taught
    in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        density: Share of the image area under the visible part of streaks, overlaps counted twice.
        length: Length of the nearest streaks in pixels, from end to end.
        angle: Degrees from the vertical, positive leaning to the right going down; at most 60 to
            either side.
        layers: Number of layers (rounded); each is further away than the one before.
        veil: Share of the light that far drops replace by a pale grey, in [0, 1].
        brightness: Peak of the brightest near streaks, in [0, 1].
        width: Width of the nearest streaks in pixels, at half their brightness.
        generator: A CPU generator.

    Returns:
        The rainy image, and the six values drawn; ``streaks`` is the layer S, (1, H, W).

    Raises:
        UsageError: A wrong shape, a value out of its range, or a generator that is not on the CPU.
    """
    tables: list[Tensor] = []

    def draw_one(height: int, width_px: int) -> dict[str, Tensor]:
        drawn = {
            "density": draw("density", density, generator, high=1),
            "length": draw("length", length, generator, low=1, high=1000),
            "angle": draw("angle", angle, generator, low=-MAX_ANGLE, high=MAX_ANGLE),
            "layers": draw("layers", layers, generator, low=1, high=10).round(),
            "veil": draw("veil", veil, generator, high=1),
            "brightness": draw("brightness", brightness, generator, high=1),
            "width": draw("width", width, generator, low=0.5, high=50),
        }
        tables.append(_draw_streaks(height, width_px, drawn, generator))
        return drawn

    layer: list[Tensor] = []

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        streaks = _paint(tables, images)
        layer.append(streaks)
        veiled = torch.lerp(images, torch.full_like(images, VEIL_GREY), per_image(drawn["veil"]))
        return (veiled + streaks).clamp(0, 1)

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    parameters["streaks"] = layer[0].reshape([*clean.shape[:-3], 1, *clean.shape[-2:]]).cpu()
    return Degraded(image, parameters)


def _draw_streaks(
    height: int, width: int, drawn: dict[str, Tensor], generator: torch.Generator
) -> Tensor:
    """Draws (N, 6): middle y and x, half length, width's sigma, slope dx/dy and peak brightness."""
    values = {name: float(value) for name, value in drawn.items()}
    rows = []
    for layer in range(int(values["layers"])):
        shrink = LAYER_SHRINK**layer
        length = values["length"] * shrink
        sigma = max(values["width"] * shrink, 0.8) / 2.355  # full width at half maximum
        # Streaks that begin outside the frame reach into it.
        margin_y = length / 2
        margin_x = margin_y * abs(math.sin(math.radians(values["angle"]))) + 3 * sigma
        tall, wide = height + 2 * margin_y, width + 2 * margin_x
        footprint = 0.55 * length * 2.355 * sigma
        expected = values["density"] / values["layers"] * tall * wide / footprint
        chance = float(torch.rand((), generator=generator))
        count = int(expected + chance)  # the chance keeps small crops at the right mean density
        share = torch.rand(count, 4, generator=generator)
        lean = values["angle"] + 2.0 * torch.randn(count, generator=generator)
        radians = torch.deg2rad(lean.clamp(-MAX_ANGLE - 5, MAX_ANGLE + 5))
        rows.append(
            torch.stack(
                [
                    share[:, 0] * tall - margin_y,
                    share[:, 1] * wide - margin_x,
                    # half the vertical extent; 0.5 to 1 of the length
                    (0.25 + 0.25 * share[:, 2]) * length * torch.cos(radians),
                    sigma / torch.cos(radians),
                    torch.tan(radians),
                    # Mostly faint, a few bright: as the histograms of Rain100L's differences.
                    values["brightness"] * shrink * (0.1 + 0.9 * share[:, 3] ** 2),
                ],
                dim=1,
            )
        )
    return torch.cat(rows)


def _paint(tables: list[Tensor], images: Tensor) -> Tensor:
    """Adds up the streaks of each image, (B, 1, H, W)."""
    batch, _, height, width = images.shape
    canvas = images.new_zeros(batch * height * width)
    owner = torch.cat([torch.full((len(table),), i) for i, table in enumerate(tables)])
    table = torch.cat(tables)
    if not len(table):
        return canvas.reshape(batch, 1, height, width)
    tall = int(table[:, 2].max()) + 2
    wide = int(3 * float(table[:, 3].max())) + 2
    rows = torch.arange(-tall, tall + 1, device=images.device)[None, :, None]
    columns = torch.arange(-wide, wide + 1, device=images.device)[None, None, :]
    share = max(1, PIXELS_AT_ONCE // (rows.numel() * columns.numel()))
    for part, whose in zip(table.split(share), owner.split(share), strict=True):
        middle_y, middle_x, half, sigma, slope, peak = part.to(images.device, images.dtype)[
            :, :, None, None
        ].unbind(1)  # each (N, 1, 1)
        y = middle_y.floor() + rows  # (N, 2 tall + 1, 1)
        along = (y - middle_y) / half
        axis_x = middle_x + (y - middle_y) * slope
        x = axis_x.floor() + columns  # (N, 2 tall + 1, 2 wide + 1)
        across = (x - axis_x) / sigma
        taper = peak * (1 - along.square()).clamp(min=0).square()  # fades towards both ends
        # Brought down to nothing at the patch's edge, three sigma out.
        light = taper * (torch.exp(-0.5 * across.square()) - EDGE).clamp(min=0)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        first = whose.to(images.device)[:, None, None] * (height * width)
        place = first + y.long() * width + x.long()
        canvas.scatter_add_(
            0, torch.where(inside, place, 0).flatten(), torch.where(inside, light, 0.0).flatten()
        )
    return canvas.reshape(batch, 1, height, width)
