"""The pictures that evidence is measured on: held-out photographs and scenes never drawn before."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from irlib.data.dead_leaves import dead_leaves
from irlib.data.photos import TEST_PHOTOS, photo
from irlib.data.seeding import generator_for
from irlib.pocket.degraded import LEVELS, NAMES, spoil
from irlib.pocket.pictures import Crop

SIDES = (64, 96, 128, 192)
"""Sides of the crops that are scored, in pixels; each photograph gives as many of each."""


def held_out_crops(
    per_side: int, seed: int = 0, sides: Sequence[int] = SIDES
) -> list[tuple[str, Tensor]]:
    """(photograph, crop) pairs from the held-out photographs, ``per_side`` of each side."""
    crops = []
    for name in TEST_PHOTOS:
        picture = photo(name)
        for side in sides:
            for number in range(per_side):
                generator = generator_for("evidence", seed, name, side, number)
                top = int(torch.randint(picture.shape[1] - side + 1, (), generator=generator))
                left = int(torch.randint(picture.shape[2] - side + 1, (), generator=generator))
                crops.append((name, picture[:, top : top + side, left : left + side]))
    return crops


def degraded_ladder(crop: Tensor, name: int, *key: Any) -> list[Tensor]:
    """A crop, clean and at the three levels of one degradation."""
    return [
        spoil(Crop(crop, None, 0), name, level, generator_for("ladder", name, level, *key))
        for level in range(len(LEVELS))
    ]


def picture_halves(per_side: int, seed: int, scenes: int) -> list[tuple[list[Tensor], Tensor]]:
    """Crops from left halves and from right halves, with the number of their picture."""
    pictures = [photo(name) for name in TEST_PHOTOS]
    for index in range(scenes):
        generator = generator_for("held-out scene", seed, index)
        pictures.append(dead_leaves(400, generator=generator).image)
    halves = []
    for half in ("left", "right"):
        crops, labels = [], []
        for label, picture in enumerate(pictures):
            middle = picture.shape[2] // 2
            part = picture[..., :middle] if half == "left" else picture[..., middle:]
            for number in range(per_side * len(SIDES)):
                side = SIDES[number % len(SIDES)]
                generator = generator_for("half", seed, half, label, number)
                top = int(torch.randint(part.shape[1] - side + 1, (), generator=generator))
                left = int(torch.randint(part.shape[2] - side + 1, (), generator=generator))
                crops.append(part[:, top : top + side, left : left + side])
                labels.append(label)
        halves.append((crops, torch.tensor(labels)))
    return halves


def degradation_sets(per_side: int, seed: int) -> list[tuple[list[Tensor], Tensor]]:
    """For each held-out photograph: degraded crops of it, and the number of the degradation."""
    sets = []
    crops = held_out_crops(per_side, seed)
    for photograph in TEST_PHOTOS:
        images, labels = [], []
        for index, (name, crop) in enumerate(crops):
            if name != photograph:
                continue
            for label in range(len(NAMES)):
                level = 1 + index % 3 if label else 0
                generator = generator_for("probe", seed, index, label)
                images.append(spoil(Crop(crop, None, 0), label, level, generator))
                labels.append(label)
        sets.append((images, torch.tensor(labels)))
    return sets
