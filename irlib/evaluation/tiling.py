"""Cutting an image into overlapping tiles whose blended seams do not show.

Along each side, neighbouring tiles share ``overlap`` pixels or more. Of these, the outer quarter
at either tile's end is dropped, since there a network sees the tile's border instead of the image;
between, one tile fades into the next along a raised cosine. The weights of all tiles add up to 1
at every pixel, so the blend needs no second image to divide by. Taught in chapters 0 and 24.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from irlib.errors import UsageError


@dataclass(frozen=True)
class Span:
    """One tile along one side: where it lies and how much each of its pixels counts."""

    start: int
    stop: int
    weights: Tensor


def spans(length: int, tile: int, overlap: int, multiple: int = 1) -> list[Span]:
    """Returns the tiles that cover one side of an image.

    Args:
        length: Pixels along the side, a multiple of ``multiple``.
        tile: Pixels of a tile, a multiple of ``multiple``; larger than ``length`` means one tile.
        overlap: Least number of pixels that neighbours share; less than ``tile``.
        multiple: Starts are multiples of this, so that a network which halves its image meets the
            same pixels in the same places as in the whole.

    Returns:
        Spans in order; their weights (float32) add up to 1 at each pixel.
    """
    tile = min(tile, length)
    if length == tile:
        return [Span(0, length, torch.ones(length))]
    stride = max((tile - overlap) // multiple, 1) * multiple
    count = -(-(length - tile) // stride) + 1
    # Spread evenly rather than leaving the last tile a sliver.
    starts = [i * (length - tile) // (count - 1) // multiple * multiple for i in range(count)]
    shares = torch.zeros(count, length)
    for i, start in enumerate(starts):
        rising = starts[i - 1] + tile - start if i > 0 else 0
        falling = start + tile - starts[i + 1] if i + 1 < count else 0
        shares[i, start : start + tile] = _fade(tile, rising) * _fade(tile, falling).flip(0)
    shares /= shares.sum(dim=0)
    return [
        Span(start, start + tile, shares[i, start : start + tile].clone())
        for i, start in enumerate(starts)
    ]


@dataclass(frozen=True)
class Part:
    """One tile along one side, of which only the pixels ``own_start`` to ``own_stop`` count."""

    start: int
    stop: int
    own_start: int
    own_stop: int


def parts(length: int, tile: int, margin: int, multiple: int = 1) -> list[Part]:
    """Returns tiles whose own pixels make up one side of an image, each pixel once.

    What is summed over the whole image must not count the pixels that neighbours share twice.

    Args:
        length: Pixels along the side, a multiple of ``multiple``.
        tile: Pixels of a tile at most, a multiple of ``multiple``.
        margin: Pixels that a tile sees beside its own at each cut, so that what a network makes of
            the cut is not counted; less where tiles are small.
        multiple: Starts and stops are multiples of this, also those of the own pixels.
    """
    if length <= tile:
        return [Part(0, length, 0, length)]
    margin = min(-(-margin // multiple), tile // multiple // 4) * multiple
    count = -(-(length - 2 * margin) // (tile - 2 * margin))
    # No larger than they must be: together they are worked on once, and the margins twice.
    tile = -(-(length + 2 * margin * (count - 1)) // (count * multiple)) * multiple
    starts = [i * (length - tile) // (count - 1) // multiple * multiple for i in range(count)]
    cuts = [(start + after + tile) // 2 // multiple * multiple for start, after in pairwise(starts)]
    return [
        Part(start, start + tile, own_start, own_stop)
        for start, (own_start, own_stop) in zip(starts, pairwise([0, *cuts, length]), strict=True)
    ]


def _fade(tile: int, shared: int) -> Tensor:
    """Returns weights that rise from 0 to 1 in the middle half of the first ``shared`` pixels."""
    dropped = shared // 4
    ramp = shared - 2 * dropped
    weights = torch.ones(tile)
    weights[:dropped] = 0
    positions = (torch.arange(ramp) + 0.5) / max(ramp, 1)
    weights[dropped : dropped + ramp] = 0.5 - 0.5 * torch.cos(torch.pi * positions)
    return weights


def check_tile(tile: int, overlap: int) -> None:
    """Refuses sizes that cannot cover an image.

    Raises:
        UsageError: The overlap is negative, or the tile is not positive or smaller than two
            overlaps.
    """
    if overlap < 0:
        raise UsageError(f"a tile overlap of {overlap} was given; it must be 0 or more.")
    if tile < 1 or tile < 2 * overlap:
        raise UsageError(
            f"a tile of {tile} pixels with an overlap of {overlap} was given, but a tile must be "
            f"positive and at least twice the overlap ({max(1, 2 * overlap)}). Give a larger tile, "
            f"a smaller overlap, or 'auto'."
        )
