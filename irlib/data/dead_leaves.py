"""Dead leaves: endless, licence-free pictures with natural statistics and true depth.

Shapes of random size fall on one another and hide what lies below. When the sizes follow
p(r) ~ r^-3, the picture looks alike at every magnification and its amplitude spectrum falls about
as 1/f, as photographs' do (Lee, Mumford and Huang, "Occlusion models for natural images", 2001).
The order of falling is the depth, which makes haze physical. Taught in chapter 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from irlib.data.leaf_shapes import KINDS, reach, signed_distance
from irlib.data.leaf_textures import palette, texture_bank
from irlib.errors import UsageError

_MIN_SIDE = 16
# Leaves per pixel; a bound on time that only scenes of the smallest leaves reach.
_MOST_LEAVES_PER_PIXEL = 2000 / 512**2


class Scene(NamedTuple):
    """One dead-leaves picture.

    Attributes:
        image: float32 (3, H, W) in [0, 1].
        depth: float32 (1, H, W) in [0, 1]: 0 near, 1 far.
    """

    image: Tensor
    depth: Tensor


def scale_invariant_radii(
    count: int, smallest: float, largest: float, rng: np.random.Generator
) -> np.ndarray:
    """Radii with density p(r) ~ r^-3 between two bounds, by inverting the distribution.

    Args:
        count: how many.
        smallest, largest: bounds in pixels, 0 < smallest < largest.
        rng: source of chance.

    Returns:
        (count,) float64 array.
    """
    near, far = smallest**-2.0, largest**-2.0
    return (near - rng.random(count) * (near - far)) ** -0.5


def gaussian_blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Separable Gaussian blur of (C, H, W) with edge padding; small sigmas only."""
    radius = int(np.ceil(3.0 * sigma))
    if radius == 0:
        return image
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    for axis in (1, 2):
        pad = [(0, 0), (0, 0), (0, 0)]
        pad[axis] = (radius, radius)
        padded, length = np.pad(image, pad, mode="edge"), image.shape[axis]
        image = np.zeros_like(image)
        for start, tap in enumerate(taps):
            window = [slice(None)] * 3
            window[axis] = slice(start, start + length)
            image += tap * padded[tuple(window)]
    return image


class _Canvas:
    """The picture while leaves fall on it; y is down, depth 1 is far."""

    def __init__(self, height: int, width: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.height, self.width = height, width
        self.rows = np.arange(height, dtype=np.float32)
        self.columns = np.arange(width, dtype=np.float32)
        self.side = max(height, width)
        self.bank = texture_bank(self.side, rng)
        self.image = np.empty((3, height, width), np.float32)
        self.depth = np.ones((height, width), np.float32)

    def background(self) -> None:
        """A wall, or a sky over a ground plane whose depth grows towards the horizon."""
        rng = self.rng
        near, far = palette(2, rng)
        y = (self.rows / self.height)[:, None]
        clouds = self.bank[0, : self.height, : self.width]
        mix = (y * rng.uniform(0.3, 1.0) + 0.12 * rng.random() * clouds).clip(0.0, 1.0)
        sky = far[0][:, None, None] * (1.0 - mix) + far[1][:, None, None] * mix
        self.image[:] = sky
        if rng.random() < 0.4:
            x = (self.columns / self.width)[None]
            self.depth[:] = 1.0 - 0.15 * (rng.random() * x + rng.random() * (1.0 - y))
            return
        horizon = int(rng.uniform(0.2, 0.7) * self.height)
        if horizon >= self.height - 2:
            return
        # A plane below the eye: distance goes as 1 / (rows below the horizon).
        below = np.arange(1, self.height - horizon + 1, dtype=np.float32)[:, None]
        distance = np.float32(0.08 * self.height) / (below + 0.08 * self.height)
        self.depth[horizon:] = distance
        texture = self.bank[int(rng.integers(1, len(self.bank)))]
        rows = (self.side * distance[:, 0] * 2.0).astype(np.int64) % self.side
        columns = (self.columns[None] - self.width / 2) * distance * 3.0
        tone = texture[rows[:, None], columns.astype(np.int64) % self.side]
        tone = tone * (0.3 * (1.0 - distance))  # far texture melts into its mean
        ground = near[0][:, None, None] + (near[1] - near[0])[:, None, None] * tone
        self.image[:, horizon:] = ground

    def paint(self, leaf: _Leaf) -> None:
        """Lets one leaf fall. Its depth never exceeds the depth of what it covers."""
        margin = leaf.softness + leaf.shadow_width + 1.0
        extent = reach(leaf.kind, leaf.radius, leaf.aspect) + margin
        top, bottom = max(0, int(leaf.y - extent)), min(self.height, int(leaf.y + extent) + 2)
        left, right = max(0, int(leaf.x - extent)), min(self.width, int(leaf.x + extent) + 2)
        if top >= bottom or left >= right:
            return
        cos, sin = np.float32(np.cos(leaf.angle)), np.float32(np.sin(leaf.angle))
        dy = self.rows[top:bottom, None] - np.float32(leaf.y)
        dx = self.columns[None, left:right] - np.float32(leaf.x)
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
        distance = signed_distance(leaf.kind, u, v, leaf.radius, leaf.aspect, leaf.knobs)
        region = self.image[:, top:bottom, left:right]
        if leaf.shadow > 0.0:
            closeness = (1.0 + distance * np.float32(1.0 / leaf.shadow_width)).clip(0.0, 1.0)
            region *= 1.0 - np.float32(leaf.shadow) * closeness * closeness
        alpha = (distance * np.float32(1.0 / leaf.softness) + np.float32(0.5)).clip(0.0, 1.0)
        region += alpha * (self._surface(leaf, u, v, bottom - top, right - left) - region)
        covered = self.depth[top:bottom, left:right]
        plane = np.float32(leaf.depth) + np.float32(leaf.tilt / leaf.radius) * u
        np.minimum(covered, plane.clip(0.0, 1.0), out=covered, where=alpha > 0.5)

    def _surface(self, leaf: _Leaf, u: np.ndarray, v: np.ndarray, h: int, w: int) -> np.ndarray:
        first, second = leaf.colours
        if leaf.contrast > 0.0:
            down = int(leaf.knobs[2] * (self.side - h))
            across = int(leaf.knobs[3] * (self.side - w))
            tone = self.bank[leaf.texture, down : down + h, across : across + w]
            tone = tone * np.float32(leaf.contrast)
            colour = first[:, None, None] + (second - first)[:, None, None] * tone
        else:
            colour = np.broadcast_to(first[:, None, None], (3, h, w))
        if leaf.shading == "flat":
            return colour
        if leaf.shading == "linear":
            light = 1.0 + np.float32(leaf.relief / leaf.radius) * v
        else:
            # Lambert's law on a dome lit from one side: n . l with n from the height field.
            p, q = u * np.float32(1.0 / leaf.radius), v * np.float32(1.0 / leaf.radius)
            up = np.sqrt((1.0 - p * p - q * q).clip(0.05, 1.0))
            light = 1.0 + np.float32(leaf.relief) * (up + 0.7 * p - 0.6)
        return colour * light.clip(0.1, 1.8)


class _Leaf(NamedTuple):
    kind: str
    y: float
    x: float
    radius: float
    aspect: float
    angle: float
    softness: float
    knobs: list[float]
    colours: np.ndarray
    texture: int
    contrast: float
    shading: str
    relief: float
    shadow: float
    shadow_width: float
    depth: float
    tilt: float


def _draw_leaves(canvas: _Canvas, rng: np.random.Generator) -> list[_Leaf]:
    height, width, side = canvas.height, canvas.width, canvas.side
    smallest = max(1.2, np.exp(rng.uniform(np.log(1.5), np.log(8.0))))
    largest = side * rng.uniform(0.15, 0.45)
    smallest = min(smallest, 0.5 * largest)
    mean_area = 2.0 * np.pi * smallest**2 * np.log(largest / smallest)
    layers = rng.uniform(0.4, 3.0)  # how many leaves lie over a point, on average
    count = int(layers * height * width / mean_area)
    count = max(4, min(count, int(_MOST_LEAVES_PER_PIXEL * height * width)))

    radius = scale_invariant_radii(count, smallest, largest, rng)
    kind = rng.choice(len(KINDS), count, p=rng.dirichlet([1.2, 1.5, 2.0, 1.2, 1.2, 0.8, 0.3]))
    aspect = np.exp(np.abs(rng.normal(0.0, rng.uniform(0.1, 0.8), count))).clip(1.0, 5.0)
    angle = rng.uniform(0.0, 2.0 * np.pi, count)
    if rng.random() < 0.4:  # a built scene: nearly everything is level or upright
        angle = rng.integers(0, 4, count) * (np.pi / 2) + rng.normal(0.0, 0.04, count)
    y, x = rng.uniform(0.0, height, count), rng.uniform(0.0, width, count)
    blurred = rng.random(count) < rng.uniform(0.0, 0.25)
    softness = np.where(blurred, 1.0 + rng.random(count) * 0.4 * radius, 1.0).clip(1.0, 14.0)
    knobs = rng.random((count, 8))
    colours = palette(count, rng)
    textured = rng.random(count) < rng.uniform(0.4, 0.95)
    texture = rng.choice(len(canvas.bank), count, p=rng.dirichlet([1.0] * len(canvas.bank)))
    strength = rng.uniform(0.2, 0.8) * rng.beta(1.2, 2.0, count)
    contrast = np.where(textured & (radius > 4.0), strength, 0.0)
    shading = rng.choice(3, count, p=[0.4, 0.35, 0.25])
    relief = rng.normal(0.0, 0.35, count).clip(-0.8, 0.8)
    shadowed = (rng.random(count) < rng.uniform(0.0, 0.6)) & (radius > 5.0)
    shadow = np.where(shadowed, rng.uniform(0.1, 0.6, count), 0.0)
    shadow_width = np.where(shadowed, 1.0 + 0.25 * radius, 0.0).clip(0.0, 24.0)
    depth = np.linspace(0.97, 0.03, count)
    tilt = rng.normal(0.0, 0.04, count).clip(-0.1, 0.1)

    columns = (y, x, radius, aspect, angle, softness, knobs)
    return [
        _Leaf(KINDS[k], *place, colour, t, c, ("flat", "linear", "dome")[s], *rest)
        for k, place, colour, t, c, s, rest in zip(
            kind.tolist(),
            zip(*(column.tolist() for column in columns), strict=True),
            colours,
            texture.tolist(),
            contrast.tolist(),
            shading.tolist(),
            zip(*(c.tolist() for c in (relief, shadow, shadow_width, depth, tilt)), strict=True),
            strict=True,
        )
    ]


def _light(canvas: _Canvas, rng: np.random.Generator) -> None:
    # One lamp for the whole scene: a slow ramp and soft patches of light and shade.
    y = (canvas.rows / canvas.height - 0.5)[:, None]
    x = (canvas.columns / canvas.width - 0.5)[None]
    ramp = 1.0 + np.float32(rng.normal(0.0, 0.3)) * y + np.float32(rng.normal(0.0, 0.3)) * x
    if rng.random() < 0.5:
        patches = np.roll(canvas.bank[0], canvas.side // 2, 1)[: canvas.height, : canvas.width]
        ramp = ramp + np.float32(rng.uniform(0.0, 0.2)) * patches
    canvas.image *= ramp.clip(0.3, 1.7).astype(np.float32)


def _resolve_generator(generator: torch.Generator | None, seed: int | None) -> np.random.Generator:
    if (generator is None) == (seed is None):
        given = "both" if seed is not None else "neither"
        raise UsageError(f"dead_leaves takes generator=... or seed=..., one of them; got {given}")
    if generator is None:
        return np.random.default_rng(seed)
    return np.random.default_rng(int(torch.randint(0, 2**62, (), generator=generator)))


def dead_leaves(
    size: int | tuple[int, int],
    *,
    generator: torch.Generator | None = None,
    seed: int | None = None,
) -> Scene:
    """One dead-leaves picture with its true depth.

    Args:
        size: pixels a side, or (height, width); at least 16 each.
        generator: a CPU `torch.Generator`; one number is drawn from it, and the same state gives
            the same scene.
        seed: instead of a generator, a whole number from 0.

    Returns:
        `Scene`: image (3, H, W) in [0, 1] and depth (1, H, W) in [0, 1], 0 near and 1 far,
        exact also across occlusions: whatever hides something else is nearer.

    Raises:
        UsageError: a side below 16, or not exactly one of generator and seed.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < _MIN_SIDE:
        raise UsageError(
            f"dead_leaves got size {size}; expected at least {_MIN_SIDE} pixels a side "
            "(make a larger scene and crop it)"
        )
    rng = _resolve_generator(generator, seed)
    canvas = _Canvas(height, width, rng)
    canvas.background()
    for leaf in _draw_leaves(canvas, rng):
        canvas.paint(leaf)
    _light(canvas, rng)
    image = gaussian_blur(canvas.image, rng.uniform(0.15, 0.75))  # from crisp to a soft lens
    return Scene(
        torch.from_numpy(image.clip(0.0, 1.0)),
        torch.from_numpy(canvas.depth.clip(0.0, 1.0))[None],
    )
