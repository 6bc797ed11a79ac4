"""Degraded pictures with what is true of them: the degradation, how strong, of what."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from irlib.data.seeding import generator_for
from irlib.degradations import degrade
from irlib.foundation.images import resize
from irlib.pocket.pictures import SIDE, Crop, Pictures

NAMES = ("clean", "noise", "haze", "rain", "blur", "lowlight", "snow", "underwater")
"""What a picture may suffer from; a sample's ``name`` is an index into it."""

RESTORED = -1
"""The ``name`` of an imitated restoration, of which no degradation is claimed."""

LEVELS = ("none", "light", "medium", "heavy")
"""How strong a degradation is; a sample's ``level`` is an index into it."""

RESTORED_SHARE = 0.08


class Sample(NamedTuple):
    """A picture as a pocket model sees it.

    Attributes:
        image: (3, 64, 64) in [0, 1], resized as CLIP and DINO resize.
        name: Index into :data:`NAMES`, or :data:`RESTORED`.
        level: Index into :data:`LEVELS`.
        source: Index into :data:`irlib.pocket.pictures.SOURCES`.
    """

    image: Tensor
    name: int
    level: int
    source: int


class DegradedPictures(Dataset):
    """Endless samples; sample ``position`` is a pure function of (seed, position).

    Args:
        pictures: Where clean crops come from.
        seed: Seed of crops and degradations.
        length: Samples that ``len`` reports.
        restored: Also make imitations of restored pictures, which are neither good nor bad.
    """

    def __init__(
        self, pictures: Pictures, seed: int, length: int, *, restored: bool = False
    ) -> None:
        self.pictures, self.seed, self.length, self.restored = pictures, seed, length, restored

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: int) -> Sample:
        generator = generator_for("pocket", self.seed, position)
        crop = self.pictures.draw(generator)
        if self.restored and float(torch.rand((), generator=generator)) < RESTORED_SHARE:
            name = 1 + position % (len(NAMES) - 1)
            spoilt = spoil(crop, name, 2, generator)
            return Sample(_seen(imitate_restoration(spoilt, crop.image, generator)), RESTORED, 1, 0)
        name = position % len(NAMES)
        level = 0 if name == 0 else 1 + int(torch.randint(3, (), generator=generator))
        return Sample(_seen(spoil(crop, name, level, generator)), name, level, crop.source)


def spoil(crop: Crop, name: int, level: int, generator: torch.Generator) -> Tensor:
    """Degrades a clean crop: ``NAMES[name]`` at the preset ``LEVELS[level]``.

    Returns:
        (3, S, S) in [0, 1], at the crop's size.
    """
    if level == 0:
        return crop.image
    word = NAMES[name]
    if word == "blur" and float(torch.rand((), generator=generator)) < 0.5:
        word = "blur_frames"
    return degrade(
        crop.image, word, severity=LEVELS[level], generator=generator, depth=crop.depth
    ).image


def imitate_restoration(degraded: Tensor, clean: Tensor, generator: torch.Generator) -> Tensor:
    """A picture as a middling network would return it: less degraded, and a little soft.

    Args:
        degraded: (3, S, S).
        clean: (3, S, S).
        generator: Draws how much of the degradation is left, from a tenth to a half.
    """
    left = 0.1 + 0.4 * float(torch.rand((), generator=generator))
    mixed = left * degraded + (1 - left) * clean
    soft = F.avg_pool2d(F.pad(mixed[None], (1, 1, 1, 1), mode="replicate"), 3, stride=1)[0]
    return 0.5 * mixed + 0.5 * soft


def _seen(image: Tensor) -> Tensor:
    return resize(image[None], SIDE)[0]
