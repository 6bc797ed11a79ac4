"""Crops, flips and rotations that keep a degraded image and its target aligned.

Taught in chapters 3 and 25.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from irlib.errors import UsageError

DIHEDRAL_MODES = range(8)
"""The eight symmetries of a square, by the numbers that PromptIR's code gives them."""

AUGMENTATIONS = {
    "dihedral": tuple(DIHEDRAL_MODES),
    "turned": tuple(DIHEDRAL_MODES[1:]),
    "flips": (0, 1, 4, 5),
    "none": (0,),
}
"""Sets of modes to draw from, by name: all eight; all but the identity, as PromptIR's code does;
the horizontal and the vertical flip, each with probability 1/2, as its paper says; the identity."""

# mode -> (counter-clockwise quarter turns, then flipped up-down?)
_TURNS_AND_FLIP = (
    (0, False),
    (0, True),
    (1, False),
    (1, True),
    (2, False),
    (2, True),
    (3, False),
    (3, True),
)


def _turns_and_flip(mode: int) -> tuple[int, bool]:
    if isinstance(mode, bool) or mode not in DIHEDRAL_MODES:
        raise UsageError(
            f"unknown dihedral mode {mode!r}; expected 0 to 7 "
            "(0 as it is, 1 flip up-down, 2 rot90, 3 rot90 + flip, 4 rot180, 5 rot180 + flip, "
            "6 rot270, 7 rot270 + flip)"
        )
    return _TURNS_AND_FLIP[int(mode)]


def dihedral(image: Tensor, mode: int) -> Tensor:
    """Flips and turns an image by one of the eight symmetries of a square.

    Modes: 0 as it is, 1 flip up-down, 2 rotate 90, 3 rotate 90 and flip, 4 rotate 180, 5 rotate
    180 and flip, 6 rotate 270, 7 rotate 270 and flip; rotations are counter-clockwise and come
    before the flip. These are the numbers of PromptIR's training code (which draws 1 to 7).

    Args:
        image: (..., H, W).
        mode: 0 to 7.

    Returns:
        (..., H, W), or (..., W, H) for the four modes with a quarter turn.

    Raises:
        UsageError: the mode is not one of 0 to 7.
    """
    turns, flip = _turns_and_flip(mode)
    turned = torch.rot90(image, turns, (-2, -1))
    return turned.flip(-2) if flip else turned


def inverse_dihedral(image: Tensor, mode: int) -> Tensor:
    """Undoes `dihedral` with the same mode: `inverse_dihedral(dihedral(x, m), m)` equals x.

    Args:
        image: (..., H, W).
        mode: 0 to 7.

    Returns:
        the image as it was before `dihedral(image, mode)`.

    Raises:
        UsageError: the mode is not one of 0 to 7.
    """
    turns, flip = _turns_and_flip(mode)
    unflipped = image.flip(-2) if flip else image
    return torch.rot90(unflipped, -turns, (-2, -1))


def reflect_pad_to(image: Tensor, height: int, width: int) -> Tensor:
    """Extends an image to at least (height, width), at the bottom and right, by mirroring.

    Mirrors without repeating the border pixel, over and over where the image is smaller than what
    is missing; a side of one pixel repeats that pixel.

    Args:
        image: (..., H, W), H and W at least 1.
        height: smallest height wanted, pixels.
        width: smallest width wanted, pixels.

    Returns:
        (..., max(H, height), max(W, width)).
    """
    for axis, wanted in ((-2, height), (-1, width)):
        side = image.shape[axis]
        if side >= wanted:
            continue
        period = max(1, 2 * side - 2)
        phase = torch.arange(wanted, device=image.device) % period
        image = image.index_select(axis, torch.where(phase < side, phase, period - phase))
    return image


def random_crop_pair(
    images: Sequence[Tensor], size: int, generator: torch.Generator
) -> tuple[Tensor, ...]:
    """Cuts the same random square window out of every image.

    Images smaller than the window are first extended by `reflect_pad_to`, all alike. Every call
    draws exactly two numbers, so that what is drawn later does not depend on the image's size.

    Args:
        images: tensors (..., H, W) with one H and W, such as (degraded, target) or
            (image, depth).
        size: side of the window, pixels.
        generator: a CPU `torch.Generator`.

    Returns:
        tuple of tensors (..., size, size), in the order given.

    Raises:
        UsageError: no image, images of different sizes, or a size below 1.
    """
    sizes = [tuple(image.shape[-2:]) for image in images]
    if not sizes or len(set(sizes)) > 1:
        raise UsageError(
            f"random_crop_pair got images of sizes {sizes} (height, width); expected one or more "
            "images of the same size; check that the pair belongs together"
        )
    if size < 1:
        raise UsageError(f"random_crop_pair got size {size}; expected at least 1 pixel")
    padded = [reflect_pad_to(image, size, size) for image in images]
    room = torch.tensor([side - size + 1 for side in padded[0].shape[-2:]])
    draw = torch.rand(2, generator=generator, dtype=torch.float64)
    top, left = (draw * room).long().tolist()
    return tuple(image[..., top : top + size, left : left + size] for image in padded)


def second_crop(
    degraded: Tensor, size: int, modes: Sequence[int], generator: torch.Generator
) -> Tensor:
    """Cuts a square out of a degraded image anew, and flips or turns it anew.

    A second look at the same degradation, wherever else it is in the image. Where both cuts
    overlap they hold the very same noise.

    Args:
        degraded: (C, H, W); the image of which the first cut was taken.
        size: side of the window, pixels.
        modes: the symmetries to draw from, by their number in `dihedral`.
        generator: a CPU `torch.Generator`.

    Returns:
        (C, size, size).
    """
    (crop,) = random_crop_pair((degraded,), size, generator)
    mode = modes[int(torch.randint(len(modes), (), generator=generator))]
    return dihedral(crop, mode).contiguous()
