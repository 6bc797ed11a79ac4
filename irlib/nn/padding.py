"""Enlarging an image to the sizes a network takes, and cutting it back."""

import torch
from torch import Tensor


def pad_to_multiple(image: Tensor, multiple: int) -> tuple[Tensor, tuple[int, int]]:
    """Mirrors an image on the right and bottom until its sides are multiples of ``multiple``.

    An image too small to be mirrored that far (fewer pixels than are missing) is mirrored as often
    as needed. A size that already fits is returned as it is.

    Args:
        image: (..., C, H, W) with H, W at least 1.
        multiple: For example 8 for Restormer.

    Returns:
        The padded image and the original (H, W); cut back by ``padded[..., :H, :W]``.
    """
    height, width = image.shape[-2:]
    padded = _mirror_end(image, -2, -height % multiple)
    padded = _mirror_end(padded, -1, -width % multiple)
    return padded, (height, width)


def _mirror_end(image: Tensor, axis: int, missing: int) -> Tensor:
    """Appends ``missing`` rows or columns that mirror the image at its last one."""
    if missing == 0:
        return image
    length = image.shape[axis]
    # Positions run to the end and back without repeating the ends: 0 1 2 3 | 2 1 0 1 2 ...
    period = max(2 * (length - 1), 1)
    positions = [position % period for position in range(length + missing)]
    mirrored = [min(position, period - position) if length > 1 else 0 for position in positions]
    return image.index_select(axis, torch.tensor(mirrored, device=image.device))
