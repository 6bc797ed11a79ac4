"""Signed distances to the outlines of dead leaves, for anti-aliased painting.

Each function takes local coordinates u, v (float32 arrays, pixels, origin at the leaf's centre)
and returns the distance to the outline in pixels: positive inside, negative outside, exact or
first-order near the outline, which is all that a one-pixel soft edge needs.
"""

from __future__ import annotations

import numpy as np

KINDS = ("disc", "ellipse", "rectangle", "polygon", "star", "bar", "ring")
"""Names that `signed_distance` understands."""


def disc(u: np.ndarray, v: np.ndarray, radius: float) -> np.ndarray:
    """Distance to a circle of the given radius."""
    return radius - np.sqrt(u * u + v * v)


def ellipse(u: np.ndarray, v: np.ndarray, a: float, b: float) -> np.ndarray:
    """Distance to an ellipse with half-axes a, b, to first order: f / |grad f|."""
    p, q = u / a, v / b
    f = np.sqrt(p * p + q * q) + 1e-6
    p /= a
    q /= b
    return f * (1.0 - f) / (np.sqrt(p * p + q * q) + 1e-6)


def rectangle(u: np.ndarray, v: np.ndarray, a: float, b: float, corner: float = 0.0) -> np.ndarray:
    """Distance to a rectangle with half-sides a, b and corners rounded by `corner`."""
    p, q = np.abs(u) - (a - corner), np.abs(v) - (b - corner)
    if corner <= 0.0:
        return -np.maximum(p, q)
    outside = np.sqrt(np.maximum(p, 0.0) ** 2 + np.maximum(q, 0.0) ** 2)
    return corner - outside - np.minimum(np.maximum(p, q), 0.0)


def polygon(u: np.ndarray, v: np.ndarray, apothems: list[float]) -> np.ndarray:
    """Distance to a convex polygon: one half-plane a side, normals evenly spread in angle."""
    distance = None
    for side, apothem in enumerate(apothems):
        angle = 2.0 * np.pi * side / len(apothems)
        plane = apothem - (np.float32(np.cos(angle)) * u + np.float32(np.sin(angle)) * v)
        distance = plane if distance is None else np.minimum(distance, plane, out=plane)
    return distance


def star(u: np.ndarray, v: np.ndarray, radius: float, waves: int, depth: float) -> np.ndarray:
    """Distance to a lobed outline rho = radius (1 + depth cos(waves theta)), to first order."""
    rho = np.sqrt(u * u + v * v) + 1e-6
    angle = waves * np.arctan2(v, u)
    outline = radius * (1.0 + depth * np.cos(angle))
    slope = radius * depth * waves * np.sin(angle) / np.maximum(rho, 0.3 * radius)
    return (outline - rho) / np.sqrt(1.0 + slope * slope)


def ring(u: np.ndarray, v: np.ndarray, radius: float, thickness: float) -> np.ndarray:
    """Distance to a circular line of the given thickness."""
    return 0.5 * thickness - np.abs(np.sqrt(u * u + v * v) - (radius - 0.5 * thickness))


def signed_distance(
    kind: str, u: np.ndarray, v: np.ndarray, radius: float, aspect: float, knobs: list[float]
) -> np.ndarray:
    """Distance to the outline of a leaf of one kind.

    Args:
        kind: one of `KINDS`.
        u, v: local coordinates in pixels, broadcastable to one (h, w) array.
        radius: size of the leaf in pixels; no leaf reaches further than `reach(...)`.
        aspect: 1 or more; how elongated ellipses, rectangles and bars are.
        knobs: eight numbers in [0, 1] that vary the outline within its kind.

    Returns:
        (h, w) float32 array, positive inside.
    """
    if kind == "disc":
        return disc(u, v, radius)
    if kind == "ellipse":
        return ellipse(u, v, radius * aspect**0.5, radius / aspect**0.5)
    if kind == "rectangle":
        a, b = radius * aspect**0.5, radius / aspect**0.5
        return rectangle(u, v, a, b, corner=0.8 * b * max(0.0, 2.0 * knobs[0] - 1.0))
    if kind == "polygon":
        sides = 3 + int(4 * knobs[0] * 0.999)
        return polygon(u, v, [radius * (0.55 + 0.3 * k) for k in (knobs + knobs)[:sides]])
    if kind == "star":
        waves = 2 + int(7 * knobs[0] * 0.999)
        return star(u, v, radius * 0.8, waves, (0.1 + 0.6 * knobs[1]) / waves**0.5)
    if kind == "bar":
        return rectangle(u, v, 3.0 * radius, bar_half_width(radius, knobs))
    return ring(u, v, radius, max(1.2, 0.3 * knobs[0] * radius))


def bar_half_width(radius: float, knobs: list[float]) -> float:
    """Half the width of a bar: from under a pixel (a wire) to a sixth of its radius (a beam)."""
    return 0.4 + knobs[0] ** 2 * (0.6 + radius / 6.0)


def reach(kind: str, radius: float, aspect: float) -> float:
    """A radius around the centre that contains the whole leaf."""
    if kind == "rectangle":
        return radius * float(np.hypot(aspect**0.5, aspect**-0.5))
    if kind == "ellipse":
        return radius * aspect**0.5
    if kind == "polygon":
        return 1.8 * radius  # the corner of a triangle with sides at 0.85 r lies at 1.7 r
    if kind == "star":
        return 1.25 * radius
    if kind == "bar":
        return 3.05 * radius + 2.0
    return radius
