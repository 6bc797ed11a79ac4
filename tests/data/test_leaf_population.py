"""Which leaves fall: sizes, order, reproducibility."""

import numpy as np
import pytest

from irlib.data.leaf_population import draw_leaves, scale_invariant_radii


def test_radii_follow_the_inverse_cube():
    radii = scale_invariant_radii(200_000, 2.0, 100.0, np.random.default_rng(0))
    assert radii.min() >= 2.0
    assert radii.max() <= 100.0
    # Under p(r) ~ r^-3 the share beyond r falls as r^-2: a quarter for each doubling.
    beyond = [(radii > r).mean() for r in (4.0, 8.0, 16.0)]
    assert beyond[1] / beyond[0] == pytest.approx(0.25, rel=0.05)
    assert beyond[2] / beyond[1] == pytest.approx(0.25, rel=0.1)


def test_every_octave_of_sizes_covers_the_same_area():
    radii = scale_invariant_radii(400_000, 2.0, 64.0, np.random.default_rng(1))
    edges = 2.0 ** np.arange(1, 7)
    areas = [(radii[(radii >= a) & (radii < 2 * a)] ** 2).sum() for a in edges[:-1]]
    assert np.ptp(areas) / np.mean(areas) < 0.2


def test_leaves_come_farthest_first_and_inside_the_scene():
    for seed in range(20):
        leaves = draw_leaves(60, 90, np.random.default_rng(seed))
        depths = [leaf.depth for leaf in leaves]
        assert depths == sorted(depths, reverse=True)
        assert all(0 <= leaf.y <= 60 and 0 <= leaf.x <= 90 for leaf in leaves)


def test_scenes_use_many_kinds_of_leaf():
    leaves = [leaf for s in range(20) for leaf in draw_leaves(128, 128, np.random.default_rng(s))]
    assert len({leaf.kind for leaf in leaves}) == 7
    assert {leaf.shading for leaf in leaves} == {"flat", "linear", "dome"}
    assert any(leaf.softness > 2 for leaf in leaves)
    assert any(leaf.shadow > 0 for leaf in leaves)
