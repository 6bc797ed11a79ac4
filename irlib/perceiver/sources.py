"""The samples stage 1 learns from: a finite list of degraded and clean images, in two folds."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from irlib.data.augment import reflect_pad_to
from irlib.data.benchmarks import get_benchmark
from irlib.data.dead_leaves import dead_leaves
from irlib.data.images import read_image
from irlib.data.mixing import NOISE_LEVELS
from irlib.data.photos import TEST_PHOTOS, TRAIN_PHOTOS, photo, photo_depth
from irlib.data.seeding import generator_for
from irlib.degradations import degrade, gaussian_noise
from irlib.perceiver.folds import fold_of, relative_path, sample_key
from irlib.training.paper_recipes import ALL_IN_ONE_SETS

#: Benchmarks of each task to test on; learned from are those of the all-in-one setting.
TEST_SETS = {
    "denoise": ("cbsd68",),
    "dehaze": ("sots-outdoor",),
    "derain": ("rain100l",),
    "deblur": ("gopro",),
    "lowlight": ("lol",),
}
#: What a task's embedded images are degraded by; noise follows :data:`NOISE_LEVELS` instead.
NAMES = {"dehaze": "haze", "derain": "rain", "deblur": "blur", "lowlight": "lowlight"}
SEVERITIES = ("light", "medium", "heavy")


@dataclass(frozen=True)
class Sample:
    """One image of the list.

    Attributes:
        task: Its task.
        path: Its name, with forward slashes; unique within the task.
        origin: The path that decides its fold: crops of one photograph stay on one side.
        clean: File of the clean image, where there is one.
        degraded: File of the degraded image; ``None`` where it is made from the clean one.
        sigma: Noise level (0-255 scale) of a denoising sample.
    """

    task: str
    path: str
    origin: str
    clean: Path | None = None
    degraded: Path | None = None
    sigma: float | None = None

    @property
    def fold(self) -> int:
        """0 or 1: see :func:`irlib.perceiver.folds.fold_of`."""
        return fold_of(self.task, self.origin)

    @property
    def key(self) -> str:
        """SHA-1 of task and path: seeds what is random about the sample."""
        return sample_key(self.task, self.path)


class TierSource(ABC):
    """A list of samples and how to open them.

    Attributes:
        samples: In a fixed order, task after task.
        tasks: Their tasks.
    """

    samples: tuple[Sample, ...]
    tasks: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.samples)

    def of_task(self, task: str) -> list[int]:
        """Indices of a task's samples."""
        return [i for i, sample in enumerate(self.samples) if sample.task == task]

    def manifest(self) -> list[dict[str, str | int]]:
        """Which sample is in which fold; kept with a run, for folds depend on paths."""
        return [{"task": s.task, "path": s.path, "fold": s.fold} for s in self.samples]

    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 over all keys in order."""
        digest = hashlib.sha256("\n".join(sample.key for sample in self.samples).encode())
        return digest.hexdigest()[:16]

    def pair(self, index: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """The degraded and the clean image of a sample, each (3, H, W) in [0, 1].

        The same every time, except that ``generator`` draws the noise of a denoising sample anew.
        """
        sample = self.samples[index]
        if sample.sigma is None:
            return self._pair(index)
        clean = self._clean(index)
        noise = generator_for("stage 1 noise", sample.key) if generator is None else generator
        return gaussian_noise(clean, sample.sigma, generator=noise, quantise=True).image, clean

    @abstractmethod
    def _clean(self, index: int) -> Tensor: ...

    @abstractmethod
    def _pair(self, index: int) -> tuple[Tensor, Tensor]: ...


class EmbeddedSource(TierSource):
    """Cuts of the embedded photographs, and dead-leaves scenes, each degraded by every task.

    Degradations take turns, sample by sample: noise of 15, 25 and 50, the others light, medium and
    heavy.

    Args:
        tasks: Names from :data:`irlib.degradations.FIVE_TASKS`.
        side: Side of an image in pixels.
        cuts: Images cut from each photograph, at several sizes.
        scenes: Dead-leaves scenes.
        seed: Seed of cuts, scenes and degradations.
        held_out: Take the held-out photographs, and no scenes, to test on.
        photographs: How many photographs; ``None`` takes all.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        *,
        side: int = 128,
        cuts: int = 4,
        scenes: int = 16,
        seed: int = 0,
        held_out: bool = False,
        photographs: int | None = None,
    ) -> None:
        self.tasks, self.side, self.seed = tuple(tasks), side, seed
        names = (TEST_PHOTOS if held_out else TRAIN_PHOTOS)[:photographs]
        images = [(f"photographs/{n}", _cuts(n, cuts, side, seed)) for n in names]
        if not held_out:
            drawn = [
                dead_leaves(max(side, 16), generator=generator_for("stage 1 scene", seed, i))
                for i in range(scenes)
            ]
            images += [(f"scenes/{i}", [(s.image, s.depth)]) for i, s in enumerate(drawn)]
        self._images = [
            (f"embedded/{origin}", number, _bytes(image), None if depth is None else _bytes(depth))
            for origin, group in images
            for number, (image, depth) in enumerate(group)
        ]
        self.samples = tuple(
            Sample(
                task,
                f"{origin}/{number}",
                origin,
                sigma=NOISE_LEVELS[place % 3] if task == "denoise" else None,
            )
            for task in self.tasks
            for place, (origin, number, _, _) in enumerate(self._images)
        )
        self._degraded: dict[int, Tensor] = {}

    def _clean(self, index: int) -> Tensor:
        return self._images[index % len(self._images)][2].float() / 255

    def _pair(self, index: int) -> tuple[Tensor, Tensor]:
        clean, sample = self._clean(index), self.samples[index]
        if index not in self._degraded:
            place = index % len(self._images)
            depth = self._images[place][3]
            degraded = degrade(
                clean,
                NAMES[sample.task],
                severity=SEVERITIES[place % 3],
                generator=generator_for("stage 1", self.seed, sample.key),
                depth=None if depth is None else depth.float() / 255,
            ).image
            self._degraded[index] = _bytes(degraded)
        return self._degraded[index].float() / 255, clean


class BenchmarkSource(TierSource):
    """The field's training or test sets under one data root.

    A clean image of a denoising set takes part at one noise level: 15, 25 and 50 take turns in the
    sorted list.

    Args:
        root: The data root.
        tasks: Names from :data:`irlib.degradations.FIVE_TASKS`.
        sets: Benchmarks of each task: :data:`irlib.training.paper_recipes.ALL_IN_ONE_SETS` or
            :data:`TEST_SETS`.

    Raises:
        UsageError: A set is not under the root.
        IrlibError: Images without a partner.
    """

    def __init__(
        self, root: Path, tasks: Sequence[str], sets: Mapping[str, Sequence[str]] = ALL_IN_ONE_SETS
    ) -> None:
        self.tasks = tuple(tasks)
        samples = []
        for task in self.tasks:
            pairs = [pair for name in sets[task] for pair in get_benchmark(name).pairs(root)]
            for place, pair in enumerate(pairs):
                shown = pair.clean if pair.degraded is None else pair.degraded
                path = relative_path(shown, root)
                sigma = NOISE_LEVELS[place % 3] if pair.degraded is None else None
                samples.append(Sample(task, path, path, pair.clean, pair.degraded, sigma))
        self.samples = tuple(samples)

    def _clean(self, index: int) -> Tensor:
        return read_image(self.samples[index].clean).rgb()

    def _pair(self, index: int) -> tuple[Tensor, Tensor]:
        sample = self.samples[index]
        return read_image(sample.degraded).rgb(), self._clean(index)


def _cuts(name: str, count: int, side: int, seed: int) -> list[tuple[Tensor, Tensor | None]]:
    """Square cuts of a photograph and of its depth, where it has one, at sizes that take turns."""
    image = photo(name)
    depth = photo_depth(name) if name.startswith("motorcycle") else None
    found = []
    for number in range(count):
        generator = generator_for("stage 1 cut", seed, name, number)
        shorter = max(side, round(min(image.shape[-2:]) * (0.5, 0.7, 1.0)[number % 3]))
        scale = shorter / min(image.shape[-2:])
        size = [round(length * scale) for length in image.shape[-2:]]
        draw = torch.rand(2, generator=generator)
        top, left = (int(float(d) * (n - side + 1)) for d, n in zip(draw, size, strict=True))
        cut = [
            None if x is None else _resized(x, size)[..., top : top + side, left : left + side]
            for x in (image, depth)
        ]
        found.append((reflect_pad_to(cut[0], side, side), cut[1]))
    return found


def _resized(image: Tensor, size: list[int]) -> Tensor:
    if list(image.shape[-2:]) == size:
        return image
    resized = F.interpolate(image[None], size=size, mode="bilinear", antialias=True)
    return resized[0].clamp(0, 1)


def _bytes(image: Tensor) -> Tensor:
    return (image * 255).round().clamp(0, 255).to(torch.uint8)
