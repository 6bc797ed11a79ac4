"""The same scene in several qualities, cut alike: what the judge learns to tell apart."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from irlib.data.seeding import generator_for
from irlib.errors import UsageError
from irlib.perceiver.medium import read_medium
from irlib.perceiver.sources import TierSource


class Triplets:
    """Low, medium and high quality of every sample: degraded, restored by a network, clean.

    Args:
        source: The samples.
        medium: A restored file for each; empty where two tiers need none.
        tiers: 2 (low, high), 3, or 4. The paper tells of four tiers but not which images feed the
            extra one; here it is the mean of medium and high, a choice of this book.
        size: Side of a cut in pixels: what CLIP takes, so that a cut is not shrunk.

    Raises:
        UsageError: Another number of tiers, or of files than samples.
    """

    def __init__(
        self, source: TierSource, medium: Sequence[Path], *, tiers: int = 3, size: int = 224
    ) -> None:
        if tiers not in (2, 3, 4):
            raise UsageError(f"{tiers} tiers were asked for; expected 2, 3 or 4.")
        if tiers > 2 and len(medium) != len(source):
            raise UsageError(
                f"{len(medium)} medium images were given for {len(source)} samples; expected one "
                "each, from render_medium."
            )
        self.source, self.medium, self.tiers, self.size = source, list(medium), tiers, size

    def images(self, index: int) -> list[Tensor]:
        """One image a tier, worst first, each (3, H, W) in [0, 1]; sizes may differ by a crop."""
        low, high = self.source.pair(index)
        if self.tiers == 2:
            return [low, high]
        medium = read_medium(self.medium[index])
        if self.tiers == 3:
            return [low, medium, high]
        height, width = (min(m, h) for m, h in zip(medium.shape[-2:], high.shape[-2:], strict=True))
        between = (medium[..., :height, :width] + high[..., :height, :width]) / 2
        return [low, medium, between, high]

    def cut(self, index: int, generator: torch.Generator) -> Tensor:
        """The same random square of every tier, flipped alike: (K, 3, S, S)."""
        return cut_alike(self.images(index), self.size, generator)

    def fixed_cuts(self, index: int, count: int) -> Tensor:
        """``count`` cuts that are the same every time: (count, K, 3, S, S)."""
        images, key = self.images(index), self.source.samples[index].key
        cuts = [
            cut_alike(images, self.size, generator_for("stage 1 cut of tiers", key, number))
            for number in range(count)
        ]
        return torch.stack(cuts)


def cut_alike(images: Sequence[Tensor], size: int, generator: torch.Generator) -> Tensor:
    """Cuts one random square out of several qualities of a scene.

    All are first cut to their common top-left size and, where the shorter side is below ``size``,
    enlarged bicubically. The square and a left-right flip (with probability 1/2) are the same for
    all. Three numbers are drawn, whatever the size.

    Args:
        images: Each (3, H, W) in [0, 1].
        size: Side of the square in pixels.
        generator: A CPU generator.

    Returns:
        (K, 3, size, size) in [0, 1].
    """
    stack = common_size(images, size)
    draw = torch.rand(3, generator=generator, dtype=torch.float64)
    top, left = (int(d * (n - size + 1)) for d, n in zip(draw, stack.shape[-2:], strict=False))
    square = stack[..., top : top + size, left : left + size]
    return square.flip(-1) if draw[2] < 0.5 else square


def common_size(images: Sequence[Tensor], least: int) -> Tensor:
    """Stacks images cut to their common top-left size, enlarged to at least ``least`` a side."""
    height, width = (min(image.shape[axis] for image in images) for axis in (-2, -1))
    stack = torch.stack([image[..., :height, :width] for image in images])
    shorter = min(height, width)
    if shorter < least:
        size = [max(least, round(side * least / shorter)) for side in (height, width)]
        stack = F.interpolate(stack, size=size, mode="bicubic", align_corners=False).clamp(0, 1)
    return stack
