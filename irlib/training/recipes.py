"""Recipes: everything that decides what a training run computes, in one frozen object."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, ClassVar

from irlib import models
from irlib.data.augment import AUGMENTATIONS
from irlib.data.mixing import NOISE_LEVELS
from irlib.degradations import COMPOSITE_TASKS, FIVE_TASKS
from irlib.degradations.sampling import Amount
from irlib.errors import UsageError
from irlib.losses import losses
from irlib.registry import Registry, unknown_name
from irlib.scale import by_scale, checked_scale, current_scale
from irlib.training.schedules import promptir_rate, restormer_rate, warmup_cosine
from irlib.training.stages import Stage, checked_growth, images_before, stage_at

#: What a recipe may train for.
TRAINING_TASKS = (*FIVE_TASKS, *COMPOSITE_TASKS)
#: Stands for all mixtures of CDD-11 where tasks are named.
ALL_MIXTURES = "cdd11"
SCHEDULES = ("constant", "cosine", "promptir", "promptir-legacy", "restormer")


@dataclass(frozen=True)
class Recipe:
    """What is trained, on what, for how long and how. Two equal recipes compute the same weights.

    Attributes:
        model: Name in :func:`irlib.models.list_models`.
        config: Arguments of the model.
        scale: "smoke", "pocket" or "paper".
        tasks: Degradations to remove, from :data:`irlib.degradations.FIVE_TASKS` or
            :data:`irlib.degradations.COMPOSITE_TASKS`.
        turns: How often a task takes its turn, once where not named: turns of a cycle in the
            embedded data, times that an epoch lists each file of a benchmark.
        data: "embedded" (photographs and dead leaves), "benchmarks" (the ``sets`` under the data
            root), or a folder of one's own: "pairs" or "clean".
        sets: Training sets of each task, names in :func:`irlib.data.benchmarks.list_benchmarks`.
        noise: Levels of "denoise" on benchmarks (0-255): numbers, or ranges to draw from.
        quantise: Whether noisy benchmark images are clipped and cut to 8 bits.
        augment: Flips and rotations, a name in :data:`irlib.data.augment.AUGMENTATIONS`.
        patch: Side of a training patch in pixels, until ``growth`` changes it.
        batch: Samples an optimiser step sees, over all devices and accumulated micro-batches,
            until ``growth`` changes it.
        growth: Later stages of progressive learning: from which step on which patch and batch.
        accumulate: Micro-batches that one optimiser step adds up on each device.
        steps: Optimiser steps.
        rate: Highest learning rate.
        schedule: "constant", "cosine" (with ``warmup``), "restormer", "promptir", or
            "promptir-legacy" (one epoch late, as Lightning ran it).
        warmup: Warm-up steps of the cosine.
        floor: Learning rate at the end of the cosine.
        optimiser: "adamw" or "adam".
        betas: Decay rates of Adam's two moments.
        weight_decay: Decoupled weight decay (with "adam" a part of the gradient).
        clip_norm: Largest total gradient norm; 0 switches clipping off.
        mixup: Parameter of the Beta distribution that mixes the samples of a micro-batch, in half
            of them (see :func:`irlib.training.mixup.mixed`); 0 switches it off.
        ema: Decay of the exponential moving average of the weights that is kept; 0 switches it off.
        loss: Name in :data:`irlib.losses.losses`.
        precision: Lightning Fabric's name: "32-true", "bf16-mixed", or "auto" (bf16 where the
            device has fast bf16 matrix units).
        seed: Seed of the initial weights, the scenes, the crops and the degradations.
        scenes: Dead-leaves scenes drawn for the embedded data.
        faded: Share of the clean patches of noise, rain and blur that are drawn towards a grey (of
            the embedded data). The more, the surer a network must be before it takes haze away.
        twigs: Share of the clean patches of noise, rain and blur that twigs and wires cross (of the
            embedded data).
        glare: Share of the clean patches of noise, rain and blur that hold a bright sky or sunlit
            ground (of the embedded data).
        intact: Share of the patches of noise, rain and blur that are neither degraded nor faded (of
            the embedded data), so that a network learns to leave a clean picture alone.
        thinnest_haze: Least share of its light that a hazy patch has from the air, up to 0.5 (of
            the embedded data); thinner haze is drawn again.
        steps_per_epoch: Steps that schedules written in epochs call an epoch.
    """

    model: str
    config: dict[str, Any] = field(default_factory=dict, hash=False)
    scale: str = "pocket"
    tasks: tuple[str, ...] = FIVE_TASKS
    turns: dict[str, int] = field(default_factory=dict, hash=False)
    data: str = "embedded"
    sets: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    noise: tuple[Amount, ...] = NOISE_LEVELS
    quantise: bool = True
    augment: str = "dihedral"
    patch: int = 64
    batch: int = 10
    growth: tuple[Stage, ...] = ()
    accumulate: int = 1
    steps: int = 400
    rate: float = 1e-3
    schedule: str = "cosine"
    warmup: int = 20
    floor: float = 1e-6
    optimiser: str = "adamw"
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    mixup: float = 0.0
    ema: float = 0.999
    loss: str = "l1"
    precision: str = "auto"
    seed: int = 0
    scenes: int = 32
    faded: float = 0.5
    twigs: float = 0.0
    glare: float = 0.0
    intact: float = 0.0
    thinnest_haze: float = 0.0
    steps_per_epoch: int = 0

    # What recipes of a method with more to learn from ask of the data besides.
    second_crop = False
    noise_clipped = False
    balanced = False
    shares: ClassVar[dict[str, float]] = {}

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage in order: how training begins, and how it grows."""
        return (Stage(0, self.patch, self.batch), *self.growth)

    def stage(self, step: int) -> Stage:
        """The stage of optimiser step ``step``, counted from 0: its patch and its batch."""
        return stage_at(self.stages, step)

    def images_before(self, step: int) -> int:
        """Samples that the steps before ``step`` see; ``images_before(steps)`` is the whole run."""
        return images_before(self.stages, step)

    def learning_rate(self, step: int) -> float:
        """Learning rate of optimiser step ``step``, counted from 0."""
        if self.schedule == "constant":
            return self.rate
        if self.schedule == "restormer":
            return restormer_rate(step, self.rate)
        if self.schedule in ("promptir", "promptir-legacy"):
            legacy = self.schedule == "promptir-legacy"
            return promptir_rate(step // self.steps_per_epoch, self.rate, legacy_lag=legacy)
        return warmup_cosine(
            step, steps=self.steps, rate=self.rate, warmup=self.warmup, floor=self.floor
        )

    def with_changes(self, **changes: Any) -> "Recipe":
        """A copy with some fields replaced; ``None`` means unchanged.

        A ``patch`` or ``batch`` chosen here holds for the whole run: it ends the growth, unless
        that is given too.

        Raises:
            UsageError: A field that recipes do not have, an unknown task, or a number out of range.
        """
        changes = {name: value for name, value in changes.items() if value is not None}
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(unknown_name("recipe field", name, known))
        if "tasks" in changes:
            changes["tasks"] = checked_tasks(changes["tasks"], TRAINING_TASKS)
        for task, number in changes.get("turns", {}).items():
            checked_tasks([task], TRAINING_TASKS)
            if number < 1:
                raise UsageError(f"turns of {task} is {number}; expected a whole number from 1 up.")
        if "loss" in changes:
            losses.get(changes["loss"])
        for name, names in (("augment", AUGMENTATIONS), ("schedule", SCHEDULES)):
            if name in changes and changes[name] not in names:
                raise UsageError(unknown_name(name, changes[name], list(names)))
        for name in ("patch", "batch", "accumulate", "steps"):
            if changes.get(name, 1) < 1:
                raise UsageError(f"{name} is {changes[name]}; expected a whole number from 1 up.")
        for name in ("rate", "warmup", "scenes", "clip_norm", "mixup", "seed"):
            if not 0 <= changes.get(name, 0) < 2**32:
                raise UsageError(f"{name} is {changes[name]}; expected 0 or more, below 2^32.")
        for name in ("faded", "twigs", "glare", "intact"):
            if not 0 <= changes.get(name, 0) <= 1:
                raise UsageError(f"{name} is {changes[name]}; expected a share from 0 to 1.")
        if not 0 <= changes.get("thinnest_haze", 0) <= 0.5:
            given = changes["thinnest_haze"]
            raise UsageError(f"thinnest_haze is {given}; expected a share from 0 to 0.5.")
        if not 0 <= changes.get("ema", 0) < 1:
            raise UsageError(f"ema is {changes['ema']}; expected a decay from 0 to below 1.")
        if "growth" in changes:
            changes["growth"] = checked_growth(changes["growth"])
        elif "patch" in changes or "batch" in changes:
            changes["growth"] = ()
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, as records and checkpoints store it.

        A field newer than the records is left out while it is off, so that recipes keep their hash.
        """
        whole = json.loads(json.dumps(asdict(self)))
        for name in ("glare", "intact", "thinnest_haze"):
            if not whole[name]:
                del whole[name]
        return whole

    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of the recipe's canonical JSON."""
        canonical = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def checked_tasks(
    tasks: tuple[str, ...] | list[str], known: tuple[str, ...] = FIVE_TASKS
) -> tuple[str, ...]:
    """Returns ``tasks`` as a tuple, with all mixtures of CDD-11 in the place of "cdd11".

    Raises:
        UsageError: A task that is not known, or none at all.
    """
    if not tasks:
        raise UsageError(f"no task was given; expected one or more of {', '.join(FIVE_TASKS)}.")
    if COMPOSITE_TASKS[0] in known:
        named = ((COMPOSITE_TASKS if task == ALL_MIXTURES else (task,)) for task in tasks)
        tasks = [task for some in named for task in some]
    for task in tasks:
        if task not in known:
            raise UsageError(unknown_name("task", task, list(known)))
    return tuple(dict.fromkeys(tasks))


def _laptop(model: str, scale: str) -> Recipe:
    """The small recipe of a laptop: minutes on two cores, everything made from embedded data."""
    return Recipe(
        model=model,
        config=models.preset(model, scale),
        scale=scale,
        patch=by_scale(smoke=32, pocket=64, paper=0, scale=scale),
        batch=by_scale(smoke=5, pocket=7, paper=0, scale=scale),
        steps=by_scale(smoke=6, pocket=850, paper=0, scale=scale),
        warmup=by_scale(smoke=1, pocket=30, paper=0, scale=scale),
        scenes=by_scale(smoke=2, pocket=48, paper=0, scale=scale),
        # Noise and blur need the most practice; haze and darkness are mostly a matter of level.
        turns={"denoise": 2, "deblur": 2},
        # Under L1 the sparse streaks of rain are hardly learned in so few steps.
        loss="psnr",
        rate=2e-3,
        betas=(0.9, 0.9) if model == "nafnet" else (0.9, 0.999),  # as its authors train it
    )


#: Turns the small recipe that all models share into that of one model.
_LAPTOP: dict[str, Callable[[Recipe], Recipe]] = {}


def laptop_recipe(model: str) -> Callable[[Callable[[Recipe], Recipe]], Any]:
    """Returns a decorator that enters how a model's small recipe differs from the others'."""

    def enter(change: Callable[[Recipe], Recipe]) -> Callable[[Recipe], Recipe]:
        _LAPTOP[model] = change
        return change

    return enter


#: Makes a recipe of scale paper for some tasks, or for those of its authors.
Builder = Callable[[tuple[str, ...] | None], Recipe]
_PAPER: dict[str, Registry[Builder]] = {}


def paper_recipe(model: str, name: str) -> Callable[[Builder], Builder]:
    """Returns a decorator that enters a recipe of scale paper; a model's first is its default."""
    return _PAPER.setdefault(model, Registry(f"recipe of {model}")).register(name)


def recipe_names(model: str) -> list[str]:
    """Names of a model's recipes at scale paper, the default first.

    Raises:
        UsageError: No such model; the nearest is suggested.
    """
    if model not in _PAPER:
        raise UsageError(unknown_name("model", model, list(_PAPER)))
    return _PAPER[model].names()


def recipe(
    model: str,
    scale: str | None = None,
    name: str | None = None,
    *,
    tasks: tuple[str, ...] | list[str] | None = None,
    **changes: Any,
) -> Recipe:
    """The recipe of a model at a scale, with some fields changed.

    Args:
        model: Name in :func:`irlib.models.list_models`.
        scale: "smoke", "pocket" or "paper"; by default the current scale.
        name: Which recipe of scale paper, from :func:`recipe_names`: "released" is what the
            authors' code does and the default, "paper" what their text says.
        tasks: Degradations to remove; by default those of the recipe.
        **changes: Fields of :class:`Recipe` to replace.

    Raises:
        UsageError: Unknown model, scale, recipe, task or field, or tasks the recipe is not for.
    """
    scale = current_scale() if scale is None else checked_scale(scale)
    names = recipe_names(model)
    if tasks is not None:
        tasks = checked_tasks(tasks, TRAINING_TASKS)
    if scale == "paper":
        return _PAPER[model].get(name or names[0])(tasks).with_changes(**changes)
    if name is not None:
        raise UsageError(
            f"the recipe {name!r} was asked for at scale {scale}; only scale paper has several "
            f"({', '.join(names)}). Give --scale paper, or no --recipe."
        )
    small = _LAPTOP.get(model, lambda base: base)(_laptop(model, scale))
    return small.with_changes(tasks=tasks, **changes)
