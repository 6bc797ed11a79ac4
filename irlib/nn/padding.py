"""Enlarging an image to the sizes a network takes, and cutting it back."""

import torch
from torch import Tensor

from irlib.errors import UsageError

PADDINGS = ("reflect", "replicate")


def pad_to_multiple(
    image: Tensor, multiple: int, mode: str = "reflect", least: int = 1
) -> tuple[Tensor, tuple[int, int]]:
    """Extends an image on the right and bottom until its sides are multiples of ``multiple``.

    A size that already fits is returned as it is.

    Args:
        image: (..., C, H, W) with H, W at least 1.
        multiple: For example 8 for Restormer.
        mode: "reflect" mirrors the image at its last row and column, as often as an image smaller
            than what is missing needs; "replicate" repeats them.
        least: Sides end up no shorter than this, itself a multiple or 1.

    Returns:
        The padded image and the original (H, W); cut back by ``padded[..., :H, :W]``.

    Raises:
        UsageError: An unknown mode.
    """
    if mode not in PADDINGS:
        raise UsageError(f"the padding is {mode!r}; expected one of {', '.join(PADDINGS)}.")
    height, width = image.shape[-2:]
    padded = _extend(image, -2, max(-height % multiple, least - height), mode)
    padded = _extend(padded, -1, max(-width % multiple, least - width), mode)
    return padded, (height, width)


def _extend(image: Tensor, axis: int, missing: int, mode: str) -> Tensor:
    """Appends ``missing`` rows or columns that repeat or mirror the image at its last one."""
    if missing == 0:
        return image
    last = image.shape[axis] - 1
    if mode == "replicate" or last == 0:
        taken = [min(position, last) for position in range(last + 1 + missing)]
    else:
        # Positions run to the end and back without repeating the ends: 0 1 2 3 | 2 1 0 1 2 ...
        positions = [position % (2 * last) for position in range(last + 1 + missing)]
        taken = [min(position, 2 * last - position) for position in positions]
    return image.index_select(axis, torch.tensor(taken, device=image.device))
