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

from irlib.data.leaf_population import Leaf, draw_leaves
from irlib.data.leaf_shapes import reach, signed_distance
from irlib.data.leaf_textures import choose_texture, palette, texture_bank
from irlib.errors import UsageError

_MIN_SIDE = 16


class Scene(NamedTuple):
    """One dead-leaves picture.

    Attributes:
        image: float32 (3, H, W) in [0, 1].
        depth: float32 (1, H, W) in [0, 1]: 0 near, 1 far.
    """

    image: Tensor
    depth: Tensor


def gaussian_blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Separable Gaussian blur of (C, H, W) with edge padding; no change below sigma 0.1."""
    radius = int(np.ceil(3.0 * sigma)) if sigma > 0.1 else 0
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
        near[1] = (near[1] * rng.uniform(0.3, 1.5) + rng.uniform(0.0, 0.2)).clip(0.0, 1.0)
        y = (self.rows / self.height)[:, None]
        clouds = self.bank[0, : self.height, : self.width]
        mix = (y * rng.uniform(0.3, 1.0) + 0.2 * rng.random() * clouds).clip(0.0, 1.0)
        self.image[:] = far[0][:, None, None] * (1.0 - mix) + far[1][:, None, None] * mix
        kind = int(choose_texture(1, rng)[0])
        if rng.random() < 0.4:
            x = (self.columns / self.width)[None]
            self.depth[:] = 1.0 - 0.15 * (rng.random() * x + rng.random() * (1.0 - y))
            self.image += self.bank[kind, : self.height, : self.width] * rng.uniform(0.0, 0.12)
            return
        horizon = int(rng.uniform(0.2, 0.7) * self.height)
        # A plane below the eye: distance goes as 1 / (rows below the horizon).
        eye = 0.08 * self.height
        below = np.arange(1, self.height - horizon + 1, dtype=np.float32)[:, None]
        distance = np.float32(eye) / (below + np.float32(eye))
        self.depth[horizon:] = distance
        # One texel a pixel along the bottom row, more and more of them towards the horizon.
        closest = distance[-1, 0]
        rows = (distance[:, 0] * (eye / closest**2)).astype(np.int64) % self.side
        columns = (self.columns[None] - self.width / 2) * (distance / closest)
        tone = self.bank[kind][rows[:, None], columns.astype(np.int64) % self.side]
        tone *= rng.uniform(0.1, 0.6) * closest / distance  # far texture melts into its mean
        step = (near[1] - near[0])[:, None, None]
        self.image[:, horizon:] = near[0][:, None, None] + step * tone

    def paint(self, leaf: Leaf) -> None:
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

    def _surface(self, leaf: Leaf, u: np.ndarray, v: np.ndarray, h: int, w: int) -> np.ndarray:
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


def _light(canvas: _Canvas, rng: np.random.Generator) -> None:
    # One lamp for the whole scene: a slow ramp and soft patches of light and shade.
    y = (canvas.rows / canvas.height - 0.5)[:, None]
    x = (canvas.columns / canvas.width - 0.5)[None]
    ramp = 1.0 + np.float32(rng.normal(0.0, 0.2)) * y + np.float32(rng.normal(0.0, 0.2)) * x
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
    for leaf in draw_leaves(height, width, rng):
        canvas.paint(leaf)
    _light(canvas, rng)
    image = gaussian_blur(canvas.image, rng.uniform(0.0, 0.65))  # from crisp to a soft lens
    return Scene(
        torch.from_numpy(image.clip(0.0, 1.0)),
        torch.from_numpy(canvas.depth.clip(0.0, 1.0))[None],
    )
