"""Training pairs made from the embedded data: photographs and dead leaves, degraded on the fly."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from irlib.data.augment import DIHEDRAL_MODES, dihedral, random_crop_pair, second_crop
from irlib.data.by_position import PatchesByPosition
from irlib.data.dead_leaves import dead_leaves
from irlib.data.glare import glare
from irlib.data.photos import TRAIN_PHOTOS, photo, photo_depth
from irlib.data.seeding import generator_for
from irlib.data.twigs import twigs
from irlib.degradations import FIVE_TASKS, Degraded, degrade_task
from irlib.errors import UsageError

#: Photographs are also used at these sizes: a smaller copy is sharper, a scene of another scale.
PHOTO_SCALES = (1.0, 0.7, 0.5)


#: Tasks whose clean patches sometimes look like another task's degraded ones: a flat, grey street
#: is not always hazy, and a thin light line is not always rain.
LOOKALIKE_TASKS = ("denoise", "derain", "deblur")


#: An image in bytes, and its depth where it is known.
Source = tuple[Tensor, Tensor | None]


class EmbeddedPairs(PatchesByPosition):
    """Endless degraded/target patches from photographs and dead-leaves scenes, tasks in turn.

    The tasks take turns: sample ``position`` belongs to ``cycle[position % len(cycle)]``, where the
    cycle names every task as often as ``turns`` says, so every batch is balanced. A sample is a
    pure function of ``(seed, position, patch)``: see :mod:`irlib.data.seeding`.

    Args:
        tasks: Names from :data:`irlib.degradations.FIVE_TASKS`.
        turns: How many turns of a cycle a task takes; one where it is not named.
        patch: Side of a patch in pixels where none is asked for.
        scenes: Number of dead-leaves scenes drawn once and kept (8 bits a channel).
        scene_size: Side of a scene in pixels, at least that of the largest patch.
        photo_share: Share of the patches that come from photographs.
        faded: Share of the clean patches of :data:`LOOKALIKE_TASKS` that are drawn towards a grey,
            so that weak contrast alone does not mean haze.
        crossed: Share of the same patches that twigs and wires cross, so that thin lines alone do
            not mean rain (:func:`irlib.data.twigs.twigs`).
        lit: Share of the same patches with bright plain areas, so that a sky alone does not mean
            haze (:func:`irlib.data.glare.glare`).
        intact: Share of the same patches that are neither degraded nor faded, so that a sharp
            picture comes back as it is. (One that is only faded would be haze left in place.)
        thinnest: Least share of its light that a hazy patch has from the air, up to a half; thinner
            haze is drawn again. Haze that can hardly be seen is worth many decibels to a loss, and
            a network that looks for it finds it everywhere.
        modes: Flips and rotations to draw from, by their number in
            :func:`irlib.data.augment.dihedral`.
        positive: Whether samples hold a second crop too. Then a window of twice the side, where
            its source is that large, is degraded as a whole and both crops are cut out of it.
        seed: Seed of scenes, crops and degradations.
        length: Number of samples that ``len`` reports.

    Each sample is a dict with ``degraded`` and ``target``, float (3, patch, patch) in [0, 1], and
    ``task``, the index into ``tasks``; on request ``positive``, like ``degraded``. Taught in
    chapter 3.
    """

    def __init__(
        self,
        tasks: Sequence[str] = FIVE_TASKS,
        *,
        turns: Mapping[str, int] | None = None,
        patch: int = 64,
        scenes: int = 64,
        scene_size: int = 320,
        photo_share: float = 0.6,
        faded: float = 0.5,
        crossed: float = 0.0,
        lit: float = 0.0,
        intact: float = 0.0,
        thinnest: float = 0.0,
        modes: Sequence[int] = DIHEDRAL_MODES,
        positive: bool = False,
        seed: int = 0,
        length: int = 1_000_000,
    ) -> None:
        if not 0 <= thinnest <= 0.5:  # thicker haze is so rare that drawing it might never end
            raise UsageError(f"thinnest_haze is {thinnest}; expected a share from 0 to 0.5.")
        self.tasks, self.patch, self.seed, self.length = tuple(tasks), patch, seed, length
        self.cycle = turn_order(self.tasks, turns or {})
        self.faded, self.crossed, self.lit = faded, crossed, lit
        self.intact, self.thinnest = intact, thinnest
        self.photo_share = photo_share if scenes else 1.0
        self.modes, self.positive = tuple(modes), positive
        self.photographs = [_bytes(*copy) for name in TRAIN_PHOTOS for copy in _copies(name)]
        if self.photo_share:
            _holding(patch, self.photographs, "photograph")  # before scenes of that size are drawn
        self.scenes = [_bytes(*_scene(scene_size, seed, i)) for i in range(scenes)]

    def __len__(self) -> int:
        return self.length

    def sample(self, position: int, patch: int) -> dict[str, Tensor]:
        generator = generator_for("train", self.seed, position)
        window = 2 * patch if self.positive else patch
        target, depth = self._clean_patch(patch, window, generator)
        task = self.cycle[position % len(self.cycle)]
        spared = self._spared(task, position)
        if self.tasks[task] in LOOKALIKE_TASKS:
            # Streams of their own: these shares change nothing else of a sample.
            light = generator_for("glare", self.seed, position)
            if float(torch.rand((), generator=light)) < self.lit:
                target = glare(target, light)
            lines = generator_for("twigs", self.seed, position)
            if float(torch.rand((), generator=lines)) < self.crossed:
                target = twigs(target, lines)
            target = _faded(target, 0 if spared else self.faded, generator)
        drawn = degrade_task(target, self.tasks[task], generator=generator, depth=depth)
        while self.tasks[task] == "dehaze" and _veil(drawn) < self.thinnest:
            # At another depth too: a patch that is near all over is never veiled enough.
            drawn = degrade_task(target, "dehaze", generator=generator)
        degraded = target if spared else drawn.image
        sample = {"task": torch.tensor(task)}
        if self.positive:
            sample["positive"] = second_crop(degraded, patch, self.modes, generator)
            degraded, target = random_crop_pair((degraded, target), patch, generator)
        return {"degraded": degraded.contiguous(), "target": target.contiguous(), **sample}

    def _spared(self, task: int, position: int) -> bool:
        """Whether a sample is left as it is; from a stream of its own, too."""
        chance = torch.rand((), generator=generator_for("intact", self.seed, position))
        return self.tasks[task] in LOOKALIKE_TASKS and float(chance) < self.intact

    def _clean_patch(
        self, patch: int, window: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Draws a clean window (3, W, W) and its depth (1, W, W), where the source has one.

        It comes from a source that holds the patch, and is smaller than asked where that one is.
        """
        from_photo = float(torch.rand((), generator=generator)) < self.photo_share
        kept = self.photographs if from_photo else self.scenes
        sources = _holding(patch, kept, "photograph" if from_photo else "scene")
        image, depth = sources[int(torch.randint(len(sources), (), generator=generator))]
        side = min(window, *image.shape[-2:])
        top = int(torch.randint(image.shape[-2] - side + 1, (), generator=generator))
        left = int(torch.randint(image.shape[-1] - side + 1, (), generator=generator))
        mode = self.modes[int(torch.randint(len(self.modes), (), generator=generator))]
        place = (..., slice(top, top + side), slice(left, left + side))
        target = dihedral(image[place], mode).float() / 255
        return target, None if depth is None else dihedral(depth[place], mode).float() / 255


def _holding(patch: int, kept: list[Source], kind: str) -> list[Source]:
    """The sources that hold a patch."""
    sources = [source for source in kept if min(source[0].shape[-2:]) >= patch]
    if not sources:
        largest = max(min(image.shape[-2:]) for image, _ in kept)
        raise UsageError(
            f"the patch is {patch} pixels wide, and no embedded {kind} holds it; expected at most "
            f"{largest}."
        )
    return sources


def _veil(hazy: Degraded) -> float:
    """The share of its light that a hazy patch has from the air, on average: the mean of 1 - t."""
    optical = hazy.parameters["beta"] * hazy.parameters["depth"]
    return float(1 - torch.exp(-optical).mean())


def _faded(image: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Draws a share of images towards one grey, keeping a third of their contrast or more."""
    chance, contrast, grey = torch.rand(3, generator=generator).tolist()
    if chance >= share:
        return image
    kept = 0.35 + 0.65 * contrast
    # Up to white: were bright greys missing here, a bright veil would still only ever mean haze.
    return kept * image + (1 - kept) * (0.2 + 0.8 * grey)


def turn_order(tasks: Sequence[str], turns: Mapping[str, int]) -> tuple[int, ...]:
    """Indices into ``tasks`` of one cycle: round after round, each task while it has turns left.

    Two turns for "denoise" and one for "dehaze" make ``(0, 1, 0)``.
    """
    rounds = max(turns.get(task, 1) for task in tasks)
    return tuple(
        index
        for done in range(rounds)
        for index, task in enumerate(tasks)
        if done < turns.get(task, 1)
    )


def _scene(size: int, seed: int, index: int) -> tuple[Tensor, Tensor]:
    scene = dead_leaves(size, generator=generator_for("scene", seed, index))
    return scene.image, scene.depth


def _copies(name: str) -> list[tuple[Tensor, Tensor | None]]:
    """The photograph at each of :data:`PHOTO_SCALES`, with its depth."""
    image = photo(name)
    depth = photo_depth(name) if name.startswith("motorcycle") else None
    copies = []
    for scale in PHOTO_SCALES:
        size = [round(side * scale) for side in image.shape[-2:]]
        copies.append((_resized(image, size), None if depth is None else _resized(depth, size)))
    return copies


def _resized(image: Tensor, size: list[int]) -> Tensor:
    if list(image.shape[-2:]) == size:
        return image
    return F.interpolate(image[None], size=size, mode="bilinear", antialias=True)[0]


def _bytes(image: Tensor, depth: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Stores a scene in 8 bits a value, a quarter of the memory."""
    image, depth = (
        None if x is None else (x * 255).round().clamp(0, 255).to(torch.uint8)
        for x in (image, depth)
    )
    return image, depth
