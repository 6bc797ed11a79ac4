"""Dead-leaves scenes: range, chance, occlusion and depth, natural spectrum, speed."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.data.dead_leaves import _Canvas, dead_leaves, gaussian_blur
from irlib.data.leaf_population import Leaf, draw_leaves
from irlib.errors import UsageError


def spectrum_slope(image):
    """Slope of log power over log frequency, averaged over rings, with a Hann window."""
    grey = image.mean(0).numpy()
    side = grey.shape[0]
    window = np.hanning(side)
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window * window[:, None])) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    edges = np.geomspace(4 / side, 0.35, 13)
    ring = np.digitize(frequency.ravel(), edges)
    mean = [power.ravel()[ring == k].mean() for k in range(1, len(edges))]
    return np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(mean), 1)[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(16, 70), st.integers(16, 70), st.integers(0, 2**40))
def test_every_scene_is_a_picture_with_depth(height, width, seed):
    scene = dead_leaves((height, width), seed=seed)
    assert scene.image.shape == (3, height, width)
    assert scene.depth.shape == (1, height, width)
    for part in scene:
        assert part.dtype == torch.float32
        assert torch.isfinite(part).all()
        assert part.min() >= 0.0
        assert part.max() <= 1.0


def test_the_same_generator_state_gives_the_same_scene():
    first = dead_leaves(48, generator=torch.Generator().manual_seed(3))
    again = dead_leaves(48, generator=torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_generator_moves_on_and_global_chance_does_not_matter():
    generator = torch.Generator().manual_seed(3)
    first, second = dead_leaves(48, generator=generator), dead_leaves(48, generator=generator)
    assert not torch.equal(first.image, second.image)
    torch.manual_seed(0)
    np.random.seed(0)
    third = dead_leaves(48, seed=5)
    torch.manual_seed(1)
    np.random.seed(1)
    assert torch.equal(third.image, dead_leaves(48, seed=5).image)


@pytest.mark.parametrize("chance", [{}, {"seed": 0, "generator": torch.Generator()}])
def test_exactly_one_source_of_chance_is_taken(chance):
    with pytest.raises(UsageError, match="one of them"):
        dead_leaves(32, **chance)


def test_a_tiny_scene_is_refused():
    with pytest.raises(UsageError, match="at least 16"):
        dead_leaves(15, seed=0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_hides_something_is_nearer(seed):
    rng = np.random.default_rng(seed)
    canvas = _Canvas(40, 56, rng)
    canvas.background()
    for leaf in draw_leaves(40, 56, rng):
        before = canvas.depth.copy()
        canvas.paint(leaf)
        assert (canvas.depth <= before).all()


def flat_disc(depth, colour, **changes):
    leaf = Leaf(
        kind="disc", y=16.0, x=16.0, radius=9.0, aspect=1.0, angle=0.0, softness=1.0,
        knobs=[0.5] * 8, colours=np.full((2, 3), colour, np.float32), texture=0, contrast=0.0,
        shading="flat", relief=0.0, shadow=0.0, shadow_width=0.0, depth=depth, tilt=0.0,
    )  # fmt: skip
    return leaf._replace(**changes)


def empty_canvas():
    canvas = _Canvas(32, 32, np.random.default_rng(0))
    canvas.image[:] = 0.5
    return canvas


def test_a_leaf_covers_what_lies_below_with_an_edge_of_one_pixel():
    canvas = empty_canvas()
    canvas.paint(flat_disc(0.8, 1.0))
    canvas.paint(flat_disc(0.2, 0.0, x=22.0))
    assert canvas.image[0, 16, 22] == 0.0
    assert canvas.depth[16, 22] == np.float32(0.2)
    assert canvas.image[0, 16, 10] == 1.0
    assert canvas.depth[16, 10] == np.float32(0.8)
    assert canvas.image[0, 2, 2] == 0.5
    assert canvas.depth[2, 2] == 1.0
    canvas = empty_canvas()
    canvas.paint(flat_disc(0.8, 1.0, x=16.3))
    row = canvas.image[0, 16]
    partial = ((row > 0.5) & (row < 1.0)).sum()
    assert 1 <= partial <= 4  # two edges, each at most two pixels touched


def test_tilt_slopes_the_depth_inside_a_leaf():
    canvas = empty_canvas()
    canvas.paint(flat_disc(0.5, 1.0, tilt=0.09))
    row = canvas.depth[16, 9:24]
    assert np.allclose(np.diff(row), 0.01, atol=1e-5)


def test_shadows_darken_only_outside():
    canvas = empty_canvas()
    canvas.paint(flat_disc(0.5, 1.0, shadow=0.5, shadow_width=4.0))
    assert canvas.image[0, 16, 16] == 1.0
    assert canvas.image[0, 16, 27] < 0.5
    assert canvas.image[0, 0, 0] == 0.5


def test_spectra_are_those_of_photographs():
    # Photographs have power slopes about -2, from -1.5 (foliage) to -3 (sky), amplitude ~ 1/f.
    slopes = [spectrum_slope(dead_leaves(256, seed=seed).image) for seed in range(12)]
    assert np.mean(slopes) == pytest.approx(-2.3, abs=0.45)
    assert min(slopes) > -3.6
    assert max(slopes) < -1.2


def test_scenes_hold_flat_regions_and_texture():
    steps = torch.cat(
        [dead_leaves(192, seed=s).image.mean(0).diff(dim=1).abs().flatten() for s in range(12)]
    )
    assert 0.25 < (steps < 2 / 255).float().mean() < 0.7
    assert 0.03 < (steps > 0.1).float().mean() < 0.3


def test_scenes_differ_in_brightness_and_colour():
    means = torch.stack([dead_leaves(96, seed=s).image.mean((1, 2)) for s in range(16)])
    assert means.std(0).min() > 0.03
    assert 0.25 < means.mean() < 0.65
    assert (means.max(1).values - means.min(1).values).max() > 0.05


def test_blur_keeps_a_constant_and_the_mean():
    constant = np.full((3, 9, 7), 0.3, np.float32)
    assert np.allclose(gaussian_blur(constant, 0.7), constant, atol=1e-6)
    spike = np.zeros((1, 15, 15), np.float32)
    spike[0, 7, 7] = 1.0
    blurred = gaussian_blur(spike, 1.0)
    assert blurred.sum() == pytest.approx(1.0, abs=1e-5)
    spread = (blurred[0].sum(0) * (np.arange(15) - 7.0) ** 2).sum()
    assert spread == pytest.approx(1.0, rel=0.05)


def test_a_512_pixel_scene_takes_less_than_a_second_of_one_core():
    dead_leaves(32, seed=0)  # decodes the photographs that palettes come from
    started = time.process_time()
    for seed in range(3):
        dead_leaves(512, seed=seed)
    assert (time.process_time() - started) / 3 < 1.0
