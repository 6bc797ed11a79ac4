"""A kernel sums to one and keeps a constant; frames add up in linear light."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from irlib.degradations import convolve, frame_average, kernel_of, motion_blur
from irlib.degradations.blur import fast_length, mirror
from irlib.degradations.trajectory import POINTS, draw_trajectory
from irlib.errors import UsageError


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.floats(0, 80), st.floats(0, 0.5), st.integers(0, 2**31))
@settings(deadline=None)
def test_a_kernel_sums_to_one_and_is_never_negative(length, wander, seed):
    path = draw_trajectory(torch.tensor(length), torch.tensor(wander), seeded(seed))
    kernel = kernel_of(path)
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] % 2 == 1
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1, abs=1e-5)


@given(st.floats(0.5, 60), st.integers(0, 2**31))
@settings(deadline=None)
def test_the_kernel_lies_where_the_path_lies_to_a_fraction_of_a_pixel(length, seed):
    path = draw_trajectory(torch.tensor(length), torch.tensor(0.1), seeded(seed))
    kernel = kernel_of(path)
    offsets = torch.arange(len(kernel)).float() - len(kernel) // 2
    centre = torch.stack([(kernel.sum(1) * offsets).sum(), (kernel.sum(0) * offsets).sum()])
    mean = (path[1:] + path[:-1]).mean(0) / 2
    torch.testing.assert_close(centre, mean, atol=2e-3, rtol=0)


@given(st.floats(0, 200), st.integers(0, 1000))
def test_a_path_is_as_long_as_asked_and_passes_the_origin(length, seed):
    path = draw_trajectory(torch.tensor(length), torch.tensor(0.2), seeded(seed))
    assert path.diff(dim=0).norm(dim=1).sum() == pytest.approx(length, abs=1e-2)
    assert torch.equal(path[POINTS // 2], torch.zeros(2))


@pytest.mark.parametrize("blur", [motion_blur, frame_average])
@given(st.floats(0, 1), st.integers(0, 1000), st.integers(1, 30), st.integers(1, 30))
@settings(deadline=None, max_examples=20)
def test_a_constant_image_stays_constant(blur, grey, seed, height, width):
    clean = torch.full((3, height, width), grey)
    blurred = blur(clean, (0.0, 40.0), generator=seeded(seed)).image
    torch.testing.assert_close(blurred, clean, atol=2e-4, rtol=0)


@pytest.mark.parametrize("blur", [motion_blur, frame_average])
def test_length_zero_is_the_identity(blur, generator):
    clean = torch.rand(2, 3, 17, 20)
    still = {"rotation": 0.0, "zoom": 0.0} if blur is frame_average else {}
    blurred = blur(clean, 0.0, **still, generator=generator).image
    # Near black, rounding in linear light grows under the root: still far below a grey level.
    torch.testing.assert_close(blurred, clean, atol=2e-3, rtol=0)


def test_the_fft_convolution_equals_the_direct_one(generator):
    image = torch.rand(3, 20, 27, dtype=torch.float64, generator=generator)
    kernel = torch.rand(7, 7, dtype=torch.float64, generator=generator)
    padded = image[:, mirror(20, 3)][:, :, mirror(27, 3)]
    # A convolution is a correlation with the kernel turned by 180 degrees.
    direct = functional.conv2d(padded[:, None], kernel.flip(0, 1)[None, None])[:, 0]
    torch.testing.assert_close(convolve(image, kernel), direct)


def test_mirrored_borders_repeat_the_edge_however_wide():
    assert mirror(3, 4).tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]
    assert mirror(1, 2).tolist() == [0] * 5


@given(st.integers(1, 5000))
def test_fast_lengths_have_small_factors(size):
    length = fast_length(size)
    assert size <= length < 1.4 * size + 3
    for prime in (2, 3, 5):
        while length % prime == 0:
            length //= prime
    assert length == 1


def test_blur_moves_the_image_along_its_path(generator):
    """The blurred image of a point is the kernel around that point."""
    point = torch.zeros(3, 41, 41)
    point[:, 20, 20] = 1
    result = motion_blur(point, 9.0, generator=generator)
    kernel = kernel_of(result.parameters["trajectory"])
    radius = len(kernel) // 2
    seen = result.image[0, 20 - radius : 21 + radius, 20 - radius : 21 + radius]
    torch.testing.assert_close(seen, kernel, atol=1e-5, rtol=0)


def test_linear_light_makes_highlights_smear_brighter(generator):
    point = torch.zeros(3, 33, 33)
    point[:, 16, 16] = 1
    state = generator.get_state()
    linear = frame_average(point, 12.0, generator=generator).image
    generator.set_state(state)
    naive = frame_average(point, 12.0, gamma=1.0, generator=generator).image
    assert linear.sum() > 1.5 * naive.sum()


def test_rotation_blurs_the_rim_and_spares_the_middle(generator):
    clean = torch.rand(1, 3, 65, 65, generator=generator)
    moved = frame_average(clean, 0.0, rotation=8.0, zoom=0.0, frames=9, generator=generator).image
    change = (moved - clean).abs().mean((0, 1))
    assert change[28:37, 28:37].mean() < 0.5 * change[:8].mean()


def test_a_path_too_long_is_refused(generator):
    with pytest.raises(UsageError, match="length"):
        motion_blur(torch.rand(3, 8, 8), 1000.0, generator=generator)
    with pytest.raises(UsageError, match="frames"):
        frame_average(torch.rand(3, 8, 8), 5.0, frames=0, generator=generator)
