"""Which leaves fall in a dead-leaves scene: sizes, places, materials and order.

Sizes are scale-invariant; the rest is drawn afresh for each scene, so that scenes differ among
themselves as photographs do: a lawn, a wall with windows, wires against a sky.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from irlib.data.leaf_shapes import KINDS
from irlib.data.leaf_textures import choose_texture, palette

# Leaves per pixel; a bound on time that only scenes of the smallest leaves reach.
_MOST_LEAVES_PER_PIXEL = 4000 / 512**2
_SMALLEST_TEXTURED_RADIUS = 2.5
_SMALLEST_SHADOWING_RADIUS = 4.0


class Leaf(NamedTuple):
    """One leaf before it falls. Lengths in pixels, angles in radians, y down.

    Attributes:
        kind: outline, one of `leaf_shapes.KINDS`.
        y, x: centre.
        radius: size; together with `aspect` and `knobs` as in `leaf_shapes.signed_distance`.
        angle: rotation of the outline.
        softness: width of the edge; 1 is anti-aliased, more is out of focus.
        knobs: eight numbers in [0, 1] that vary outline and texture window.
        colours: (2, 3) float32, the two tones of the surface.
        texture: index into the scene's texture bank.
        contrast: how far one deviation of texture goes from the first tone to the second.
        shading: "flat", "linear" or "dome".
        relief: strength of the shading, signed.
        shadow: darkening of what lies just outside the outline, 0 to 1.
        shadow_width: how far that reaches.
        depth: 0 near, 1 far, at the centre.
        tilt: change of depth over one radius along the leaf's own first axis.
    """

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


class _Materials(NamedTuple):
    kind: np.ndarray
    colours: np.ndarray
    texture: np.ndarray
    contrast: np.ndarray
    shading: np.ndarray


def _draw_materials(rng: np.random.Generator) -> _Materials:
    count = int(rng.integers(6, 40))
    colours = palette(count, rng)
    # Neighbouring pixels are often equal; texture needs two tones that differ.
    step = rng.normal(0.0, rng.uniform(0.05, 0.25), (count, 1)) * (0.3 + colours[:, 0])
    colours[:, 1] = (colours[:, 1] + step).clip(0.0, 1.0)
    busy = rng.random(count) < rng.uniform(0.5, 1.0)
    return _Materials(
        kind=rng.choice(len(KINDS), count, p=rng.dirichlet([1.2, 1.5, 2.0, 1.2, 1.2, 0.8, 0.3])),
        colours=colours,
        texture=choose_texture(count, rng),
        contrast=np.where(busy, rng.uniform(0.4, 1.2) * rng.beta(1.7, 1.2, count), 0.0),
        shading=rng.choice(3, count, p=[0.35, 0.35, 0.3]),
    )


def _gather(y: np.ndarray, x: np.ndarray, count: int, side: int, rng: np.random.Generator):
    # Like lies with like: a leaf takes the material of the nearest of some random centres,
    # with noise, so that clumps overlap; some leaves take any.
    cy, cx = rng.uniform(0, side, (2, 1, count))
    distance = np.hypot(y[:, None] - cy, x[:, None] - cx)
    noisy = distance * np.exp(rng.normal(0.0, rng.uniform(0.05, 0.5), distance.shape))
    stray = rng.random(len(y)) < rng.uniform(0.0, 0.4)
    return np.where(stray, rng.integers(0, count, len(y)), noisy.argmin(axis=1))


def _draw_count(height: int, width: int, smallest: float, largest: float, layers: float) -> int:
    mean_area = 2.0 * np.pi * smallest**2 * np.log(largest / smallest)
    count = int(layers * height * width / mean_area)
    return max(4, min(count, int(_MOST_LEAVES_PER_PIXEL * height * width)))


def draw_leaves(height: int, width: int, rng: np.random.Generator) -> list[Leaf]:
    """Draws all leaves of one scene, the farthest first.

    Args:
        height, width: of the scene, pixels.
        rng: source of chance.

    Returns:
        list of `Leaf` with decreasing depth, in the order in which they are to be painted.
    """
    side = max(height, width)
    smallest = np.exp(rng.uniform(np.log(1.5), np.log(0.01 * side + 2.0)))
    largest = max(side * rng.uniform(0.12, 0.45), 2.0 * smallest)
    layers = rng.uniform(0.6, 3.5)  # how many leaves lie over a point, on average
    count = _draw_count(height, width, smallest, largest, layers)

    y, x = rng.uniform(0.0, height, count), rng.uniform(0.0, width, count)
    radius = scale_invariant_radii(count, smallest, largest, rng)
    aspect = np.exp(np.abs(rng.normal(0.0, rng.uniform(0.1, 0.8), count))).clip(1.0, 5.0)
    angle = rng.uniform(0.0, 2.0 * np.pi, count)
    if rng.random() < 0.4:  # a built scene: nearly everything is level or upright
        angle = rng.integers(0, 4, count) * (np.pi / 2) + rng.normal(0.0, 0.03, count)
    blurred = rng.random(count) < rng.uniform(0.0, 0.2)
    softness = np.where(blurred, 1.0 + rng.random(count) * 0.4 * radius, 1.0).clip(1.0, 14.0)

    materials = _draw_materials(rng)
    chosen = _gather(y, x, len(materials.kind), side, rng)
    # Leaves of one material differ a little in brightness, as leaves of one tree do.
    exposure = np.exp(rng.normal(0.0, rng.uniform(0.02, 0.3), (count, 1, 1)))
    colours = (materials.colours[chosen] * exposure).clip(0.0, 1.0).astype(np.float32)
    contrast = np.where(radius > _SMALLEST_TEXTURED_RADIUS, materials.contrast[chosen], 0.0)

    relief = rng.normal(0.0, 0.35, count).clip(-0.8, 0.8)
    shadowed = rng.random(count) < rng.uniform(0.0, 0.7)
    shadowed &= radius > _SMALLEST_SHADOWING_RADIUS
    shadow = np.where(shadowed, rng.uniform(0.1, 0.6, count), 0.0)
    shadow_width = np.where(shadowed, 1.0 + 0.25 * radius, 0.0).clip(0.0, 24.0)
    depth = np.linspace(0.97, 0.03, count)
    tilt = rng.normal(0.0, 0.04, count).clip(-0.1, 0.1)

    # Plain Python numbers: reading them one by one from arrays would cost more than painting.
    fields = (
        [KINDS[k] for k in materials.kind[chosen]],
        *(a.tolist() for a in (y, x, radius, aspect, angle, softness, rng.random((count, 8)))),
        colours,
        *(a.tolist() for a in (materials.texture[chosen], contrast)),
        [("flat", "linear", "dome")[s] for s in materials.shading[chosen]],
        *(a.tolist() for a in (relief, shadow, shadow_width, depth, tilt)),
    )
    return [Leaf(*values) for values in zip(*fields, strict=True)]
