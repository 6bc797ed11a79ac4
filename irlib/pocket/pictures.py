"""Clean pictures to learn from: crops of every size from photographs and dead leaves."""

from typing import NamedTuple

import torch
from torch import Tensor

from irlib.data.augment import dihedral
from irlib.data.dead_leaves import dead_leaves
from irlib.data.photos import TRAIN_PHOTOS, photo, photo_depth
from irlib.data.seeding import generator_for

SOURCES = (*TRAIN_PHOTOS, "dead leaves")
"""What a crop can be cut from; its index is the label of texture identity."""

SIDE = 64
"""What pocket models see, in pixels."""

LARGEST = 224
"""Side of the largest crop; like a photograph that is scored, it is shrunk to :data:`SIDE`."""


class Crop(NamedTuple):
    """A clean crop.

    Attributes:
        image: (3, S, S) in [0, 1].
        depth: (1, S, S), 0 near to 1 far, where it is known.
        source: Index into :data:`SOURCES`.
    """

    image: Tensor
    depth: Tensor | None
    source: int


class Pictures:
    """Draws crops; a draw depends on the generator given and on nothing else.

    Args:
        scenes: Dead-leaves scenes, drawn once.
        seed: Seed of the scenes.
        photo_share: Share of crops from photographs.
    """

    def __init__(self, scenes: int, seed: int, photo_share: float = 0.6) -> None:
        self.photo_share = photo_share if scenes else 1.0
        self._photos = [_bytes(photo(name), _depth(name)) for name in TRAIN_PHOTOS]
        drawn = (dead_leaves(320, generator=generator_for("scene", seed, i)) for i in range(scenes))
        self._scenes = [_bytes(scene.image, scene.depth) for scene in drawn]

    def draw(
        self, generator: torch.Generator, smallest: int = SIDE, largest: int = LARGEST
    ) -> Crop:
        """Cuts a square of a side between ``smallest`` and ``largest``, flipped and turned."""
        if _uniform(generator) < self.photo_share:
            source = _index(generator, len(self._photos))
            image, depth = self._photos[source]
        else:
            source = len(SOURCES) - 1
            image, depth = self._scenes[_index(generator, len(self._scenes))]
        height, width = image.shape[-2:]
        largest = min(largest, height, width)
        smallest = min(smallest, largest)
        # As many crops between 64 and 91 pixels as between 91 and 128: scales count, not sizes.
        side = int(smallest * (largest / smallest) ** _uniform(generator))
        top = _index(generator, height - side + 1)
        left = _index(generator, width - side + 1)
        mode = _index(generator, 8)
        window = (..., slice(top, top + side), slice(left, left + side))
        return Crop(
            dihedral(image[window], mode).float() / 255,
            None if depth is None else dihedral(depth[window], mode).float() / 255,
            source,
        )


def _depth(name: str) -> Tensor | None:
    return photo_depth(name) if name.startswith("motorcycle") else None


def _bytes(image: Tensor, depth: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Stores a picture in 8 bits a value, a quarter of the memory."""
    return tuple(
        None if x is None else (x * 255).round().clamp(0, 255).to(torch.uint8)
        for x in (image, depth)
    )


def _uniform(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


def _index(generator: torch.Generator, count: int) -> int:
    return int(torch.randint(count, (), generator=generator))
