"""Mixing the training sets of several tasks, as the authors do and balanced.

All-in-one training sees sets of very different size: two hundred rainy pairs beside seventy
thousand hazy ones. The authors repeat the small sets by fixed factors and shuffle one long list; a
balanced mix takes the tasks in turn instead. Taught in chapter 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from irlib.data.augment import DIHEDRAL_MODES, dihedral, random_crop_pair, second_crop
from irlib.data.by_position import PatchesByPosition
from irlib.data.images import read_rgb
from irlib.data.packing import PackedImage
from irlib.data.seeding import generator_for
from irlib.degradations import degrade_task, gaussian_noise
from irlib.degradations.sampling import Amount
from irlib.errors import UsageError

#: How often one epoch lists each file of a task: PromptIR's code for the first three, AdaIR's
#: five-task code on the same base for the last two. Noise counts once for each level.
REPETITION = {"denoise": 3, "dehaze": 1, "derain": 120, "deblur": 5, "lowlight": 20}
NOISE_LEVELS = (15.0, 25.0, 50.0)


@dataclass(frozen=True)
class Entry:
    """One line of the training list.

    Attributes:
        task: Name of the task.
        clean: File of the target, or its place in a packed file.
        degraded: The same of the input; ``None`` where the input is made from the target.
        sigma: Noise level on the 0-255 scale for "denoise", or a range from which each sample
            draws; ``None`` draws a training degradation of the task.
    """

    task: str
    clean: Path | PackedImage
    degraded: Path | PackedImage | None = None
    sigma: Amount | None = None


def training_list(
    files: Mapping[str, Sequence[tuple[Path | None, Path]]],
    repetition: Mapping[str, int] = REPETITION,
    levels: Sequence[Amount] = NOISE_LEVELS,
) -> list[Entry]:
    """One epoch's entries, task after task, repeated by the authors' factors.

    Args:
        files: For each task the pairs (degraded, clean); degraded is ``None`` for "denoise".
        repetition: How often each task's files are listed; 1 for a task not named.
        levels: Noise levels, each a line of its own for every file of "denoise".
    """
    entries: list[Entry] = []
    for task, pairs in files.items():
        sigmas = levels if task == "denoise" else (None,)
        lines = [Entry(task, clean, degraded, s) for s in sigmas for degraded, clean in pairs]
        entries += lines * repetition.get(task, 1)
    return entries


class MixedPairs(PatchesByPosition):
    """Training samples from files, pure functions of seed, position and patch size.

    An epoch is a seeded permutation of the list, so it can be resumed in its middle, and workers or
    devices see the same samples as one process would.

    Args:
        entries: The training list.
        patch: Side of a patch in pixels where none is asked for; smaller images are padded by
            reflection.
        seed: Seed of order, crops, flips and noise.
        balanced: Takes the tasks in turn, and each noise level as a task, each in its own shuffled
            order, whatever their shares.
        modes: Flips and rotations to draw from, by their number in
            :func:`irlib.data.augment.dihedral`.
        quantise: Noisy images are clipped and cut to 8 bits, as PromptIR's code does; Restormer's
            leaves the noise as it is.
        clipped: Noise that is not cut to 8 bits is clipped to [0, 1], as Perceive-IR's code does.
        positive: Whether samples hold a second crop of the same degraded image too, ``positive``.
            An image that is degraded here is degraded in a window of twice the side, out of which
            both crops are cut.

    A sample holds ``degraded`` and ``target``, (3, patch, patch), the number of its ``task`` and
    ``sigma``, its level of noise where the entry fixes one, else 0.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        patch: int = 128,
        seed: int = 0,
        balanced: bool = False,
        modes: Sequence[int] = DIHEDRAL_MODES,
        quantise: bool = True,
        clipped: bool = False,
        positive: bool = False,
    ) -> None:
        if not entries:
            raise UsageError(
                "the training list is empty; expected at least one image. Look at the folder with "
                "`irlib data check DIR`."
            )
        self.patch, self.seed = patch, seed
        self.modes, self.quantise, self.clipped = tuple(modes), quantise, clipped
        self.positive = positive
        self.tasks = tuple(dict.fromkeys(entry.task for entry in entries))
        self.lists = _by_task_and_level(entries) if balanced else [list(entries)]

    def __len__(self) -> int:
        return sum(map(len, self.lists))

    def entry(self, position: int) -> Entry:
        """The entry that sample ``position`` of the run is made from."""
        turn, which = divmod(position, len(self.lists))
        chosen = self.lists[which]
        epoch, index = divmod(turn, len(chosen))
        return chosen[_order(self.seed, which, epoch, len(chosen))[index]]

    def sample(self, position: int, patch: int) -> dict[str, Tensor]:
        entry = self.entry(position)
        generator = generator_for("mixed", self.seed, position)
        images = [_image(entry.clean)]
        if entry.degraded is not None:
            images.append(_image(entry.degraded))
            if images[0].shape != images[1].shape:
                raise UsageError(
                    f"{entry.degraded} is {_size(images[1])} and its target {entry.clean} is "
                    f"{_size(images[0])}; a pair must have one size. `irlib data check` lists all."
                )
        level = entry.sigma if isinstance(entry.sigma, int | float) else 0.0
        sample = {"task": torch.tensor(self.tasks.index(entry.task)), "sigma": torch.tensor(level)}
        if self.positive and entry.degraded is not None:
            # A stream of its own: the first crop stays what it is without a second one.
            own = generator_for("positive", self.seed, position)
            sample["positive"] = _in_unit(second_crop(images[1], patch, self.modes, own))
        made_here = self.positive and entry.degraded is None
        room = max(patch, min(2 * patch, *images[0].shape[-2:])) if made_here else patch
        images = random_crop_pair(tuple(images), room, generator=generator)
        mode = self.modes[int(torch.randint(len(self.modes), (), generator=generator))]
        target, *degraded = [_in_unit(dihedral(image, mode)) for image in images]
        degraded = degraded[0] if degraded else self._degraded(target, entry, generator)
        if made_here:
            sample["positive"] = second_crop(degraded, patch, self.modes, generator)
            degraded, target = random_crop_pair((degraded, target), patch, generator)
        return {"degraded": degraded, "target": target, **sample}

    def _degraded(self, target: Tensor, entry: Entry, generator: torch.Generator) -> Tensor:
        """Makes the input of an entry that has no file of its own."""
        if entry.sigma is None:
            return degrade_task(target, entry.task, generator=generator).image
        settings = {"quantise": self.quantise, "clipped": self.clipped}
        return gaussian_noise(target, entry.sigma, generator=generator, **settings).image


def _image(source: Path | PackedImage) -> Tensor:
    """(3, H, W): bytes, or floats of an image of more than 8 bits."""
    return source.pixels() if isinstance(source, PackedImage) else read_rgb(source)


def _in_unit(image: Tensor) -> Tensor:
    """Floats in [0, 1]; bytes are divided only now, when most of the image is cut off."""
    return image.float() / 255 if image.dtype == torch.uint8 else image


def _by_task_and_level(entries: Sequence[Entry]) -> list[list[Entry]]:
    """One list for each task, and for each of its noise levels where it has several."""
    lists: dict[tuple[str, Amount | None], list[Entry]] = {}
    for entry in entries:
        lists.setdefault((entry.task, entry.sigma), []).append(entry)
    return list(lists.values())


@lru_cache(maxsize=16)
def _order(seed: int, which: int, epoch: int, length: int) -> list[int]:
    return torch.randperm(length, generator=generator_for("epoch", seed, which, epoch)).tolist()


def _size(image: Tensor) -> str:
    return f"{image.shape[-1]}x{image.shape[-2]}"
