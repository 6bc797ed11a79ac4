"""Crops and symmetries: the eight modes, their inverses, and pairs that stay aligned."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irlib.data.augment import (
    DIHEDRAL_MODES,
    dihedral,
    inverse_dihedral,
    random_crop_pair,
    reflect_pad_to,
)
from irlib.errors import UsageError

SIDES = st.integers(1, 12)
MODES = st.sampled_from(list(DIHEDRAL_MODES))
SEEDS = st.integers(0, 2**32)


def positions(height, width):
    """An image whose every pixel holds its own number."""
    return torch.arange(height * width, dtype=torch.float32).reshape(1, height, width)


# A small picture under each mode, as numpy's own flips and turns make it.
BY_NUMPY = {
    0: lambda a: a,
    1: np.flipud,
    2: np.rot90,
    3: lambda a: np.flipud(np.rot90(a)),
    4: lambda a: np.rot90(a, k=2),
    5: lambda a: np.flipud(np.rot90(a, k=2)),
    6: lambda a: np.rot90(a, k=3),
    7: lambda a: np.flipud(np.rot90(a, k=3)),
}


@pytest.mark.parametrize("mode", DIHEDRAL_MODES)
def test_modes_are_numpys_flips_and_turns(mode):
    image = positions(2, 3)
    assert np.array_equal(dihedral(image, mode)[0], BY_NUMPY[mode](image[0].numpy()))


def test_rotations_are_counter_clockwise():
    assert dihedral(torch.tensor([[1, 2], [3, 4]]), 2).tolist() == [[2, 4], [1, 3]]


def test_the_eight_modes_differ():
    seen = {tuple(dihedral(positions(3, 3), mode).flatten().tolist()) for mode in DIHEDRAL_MODES}
    assert len(seen) == 8


@given(SIDES, SIDES, MODES)
def test_the_inverse_undoes(height, width, mode):
    image = positions(height, width)
    assert torch.equal(inverse_dihedral(dihedral(image, mode), mode), image)
    assert torch.equal(dihedral(inverse_dihedral(image, mode), mode), image)


@pytest.mark.parametrize("mode", [-1, 8, 1.5, True, "1"])
def test_an_unknown_mode_is_refused(mode):
    for function in (dihedral, inverse_dihedral):
        with pytest.raises(UsageError, match="0 to 7"):
            function(positions(2, 2), mode)


@given(SIDES, SIDES, SIDES, MODES, SEEDS)
def test_pairs_stay_aligned(height, width, size, mode, seed):
    target = positions(height, width).expand(3, -1, -1)
    degraded = 2.0 * target + 1.0
    depth = 5.0 - target[:1]
    cut = random_crop_pair((degraded, target, depth), size, torch.Generator().manual_seed(seed))
    degraded, target, depth = (dihedral(image, mode) for image in cut)
    assert target.shape == degraded.shape == (3, size, size)
    assert torch.equal(degraded, 2.0 * target + 1.0)
    assert torch.equal(depth, 5.0 - target[:1])


@given(st.integers(4, 12), st.integers(4, 12), st.integers(1, 4), SEEDS)
def test_a_crop_is_a_window_of_the_image(height, width, size, seed):
    (window,) = random_crop_pair(
        [positions(height, width)], size, torch.Generator().manual_seed(seed)
    )
    top, left = divmod(int(window[0, 0, 0]), width)
    assert torch.equal(window, positions(height, width)[:, top : top + size, left : left + size])


def test_crops_reach_every_corner():
    generator = torch.Generator().manual_seed(0)
    starts = {
        int(random_crop_pair([positions(3, 4)], 2, generator)[0][0, 0, 0]) for _ in range(200)
    }
    assert starts == {0, 1, 2, 4, 5, 6}


@given(SIDES, SIDES, SEEDS)
def test_a_crop_draws_the_same_amount_of_chance_for_every_size(height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    random_crop_pair([positions(height, width)], 3, generator)
    other = torch.Generator().manual_seed(seed)
    random_crop_pair([positions(40, 50)], 7, other)
    assert torch.equal(torch.rand(1, generator=generator), torch.rand(1, generator=other))


@given(SIDES, SIDES, st.integers(1, 40), st.integers(1, 40))
def test_padding_mirrors_as_numpy_does(height, width, wanted_height, wanted_width):
    image = positions(height, width)
    missing = ((0, 0), (0, max(0, wanted_height - height)), (0, max(0, wanted_width - width)))
    expected = np.pad(image.numpy(), missing, mode="reflect")
    assert np.array_equal(reflect_pad_to(image, wanted_height, wanted_width), expected)


def test_images_of_two_sizes_are_refused():
    with pytest.raises(UsageError, match=r"\(4, 4\), \(4, 5\).*same size"):
        random_crop_pair((positions(4, 4), positions(4, 5)), 2, torch.Generator())


def test_no_image_and_no_size_are_refused():
    with pytest.raises(UsageError, match="one or more"):
        random_crop_pair((), 2, torch.Generator())
    with pytest.raises(UsageError, match="at least 1 pixel"):
        random_crop_pair((positions(4, 4),), 0, torch.Generator())
