"""Distances to outlines: signs, reach, and slope one at the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.data import leaf_shapes
from irlib.data.leaf_shapes import KINDS, reach, signed_distance

KNOBS = st.lists(st.floats(0, 1, width=32), min_size=8, max_size=8)


def grid(half, step=1.0):
    ramp = np.arange(-half, half + step, step, dtype=np.float32)
    return ramp[None, :], ramp[:, None]


@given(st.sampled_from(KINDS), st.floats(1.2, 40.0), st.floats(1.0, 5.0), KNOBS)
def test_no_leaf_is_larger_than_its_reach(kind, radius, aspect, knobs):
    extent = reach(kind, radius, aspect)
    u, v = grid(int(2 * extent) + 3)
    distance = signed_distance(kind, u, v, radius, aspect, knobs)
    assert distance.shape == (u.size, v.size)
    assert np.isfinite(distance).all()
    assert (distance[np.hypot(u, v) > extent + 1.0] <= 0.0).all()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"ring"}))
def test_the_centre_is_inside(kind):
    zero = np.zeros((1, 1), np.float32)
    assert signed_distance(kind, zero, zero, 20.0, 2.0, [0.5] * 8)[0, 0] > 0.0


def test_a_ring_is_hollow():
    u = np.array([[0.0, 19.0, 25.0]], np.float32)
    inside = signed_distance("ring", u, np.zeros_like(u), 20.0, 1.0, [0.5] * 8) > 0
    assert inside.tolist() == [[False, True, False]]


def test_areas_are_those_of_geometry():
    u, v = grid(60)
    assert (leaf_shapes.disc(u, v, 30.0) > 0).sum() == pytest.approx(np.pi * 900, rel=0.01)
    assert (leaf_shapes.ellipse(u, v, 40.0, 20.0) > 0).sum() == pytest.approx(np.pi * 800, rel=0.01)
    assert (leaf_shapes.rectangle(u, v, 40.5, 20.5) > 0).sum() == 81 * 41


@pytest.mark.parametrize("kind", KINDS)
def test_distance_grows_by_one_pixel_a_pixel_at_the_edge(kind):
    # Otherwise edges would be soft or jagged instead of one pixel wide.
    u, v = grid(70, 0.25)
    distance = signed_distance(kind, u, v, 25.0, 1.6, [0.45] * 8)
    slope = np.hypot(*np.gradient(distance, 0.25))
    edge = np.abs(distance) < 0.3
    assert np.median(slope[edge]) == pytest.approx(1.0, abs=0.1)
