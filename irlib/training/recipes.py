"""Recipes: everything that decides what a training run computes, in one frozen object."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from irlib import models
from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.losses import losses
from irlib.registry import unknown_name
from irlib.scale import by_scale, checked_scale, current_scale
from irlib.training.schedules import promptir_rate, restormer_rate, warmup_cosine


@dataclass(frozen=True)
class Recipe:
    """What is trained, on what, for how long and how. Two equal recipes compute the same weights.

    Attributes:
        model: Name in :func:`irlib.models.list_models`.
        config: Arguments of the model.
        scale: "smoke", "pocket" or "paper".
        tasks: Degradations to remove, from :data:`irlib.degradations.FIVE_TASKS`.
        turns: How many turns of a cycle a task takes in the embedded data; one where not named.
        data: "embedded" (photographs and dead leaves), "benchmarks" (the field's training sets
            under the data root) or "pairs" (a folder of one's own).
        patch: Side of a training patch in pixels.
        batch: Samples an optimiser step sees, over all devices and accumulated micro-batches.
        accumulate: Micro-batches that one optimiser step adds up on each device.
        steps: Optimiser steps.
        rate: Highest learning rate.
        schedule: "cosine" (with ``warmup``), "promptir" or "restormer".
        warmup: Warm-up steps of the cosine.
        floor: Learning rate at the end of the cosine.
        optimiser: "adamw" or "adam".
        betas: Decay rates of Adam's two moments.
        weight_decay: Decoupled weight decay.
        clip_norm: Largest total gradient norm; 0 switches clipping off.
        ema: Decay of the exponential moving average of the weights that is kept; 0 switches it off.
        loss: Name in :data:`irlib.losses.losses`.
        precision: Lightning Fabric's name: "32-true", "bf16-mixed", or "auto" (bf16 where the
            device has fast bf16 matrix units).
        seed: Seed of the initial weights, the scenes, the crops and the degradations.
        scenes: Dead-leaves scenes drawn for the embedded data.
        steps_per_epoch: Steps that schedules written in epochs call an epoch.
    """

    model: str
    config: dict[str, Any] = field(default_factory=dict, hash=False)
    scale: str = "pocket"
    tasks: tuple[str, ...] = FIVE_TASKS
    turns: dict[str, int] = field(default_factory=dict, hash=False)
    data: str = "embedded"
    patch: int = 64
    batch: int = 10
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
    ema: float = 0.999
    loss: str = "l1"
    precision: str = "auto"
    seed: int = 0
    scenes: int = 32
    steps_per_epoch: int = 0

    def learning_rate(self, step: int) -> float:
        """Learning rate of optimiser step ``step``, counted from 0."""
        if self.schedule == "promptir":
            return promptir_rate(step // self.steps_per_epoch)
        if self.schedule == "restormer":
            return restormer_rate(step)
        return warmup_cosine(
            step, steps=self.steps, rate=self.rate, warmup=self.warmup, floor=self.floor
        )

    def with_changes(self, **changes: Any) -> "Recipe":
        """A copy with some fields replaced; ``None`` means unchanged.

        Raises:
            UsageError: A field that recipes do not have, an unknown task, or a number out of range.
        """
        changes = {name: value for name, value in changes.items() if value is not None}
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(unknown_name("recipe field", name, known))
        if "tasks" in changes:
            changes["tasks"] = checked_tasks(changes["tasks"])
        if "loss" in changes:
            losses.get(changes["loss"])
        for name in ("patch", "batch", "accumulate", "steps"):
            if changes.get(name, 1) < 1:
                raise UsageError(f"{name} is {changes[name]}; expected a whole number from 1 up.")
        for name in ("rate", "warmup", "scenes", "clip_norm"):
            if changes.get(name, 0) < 0:
                raise UsageError(f"{name} is {changes[name]}; expected 0 or more.")
        if not 0 <= changes.get("ema", 0) < 1:
            raise UsageError(f"ema is {changes['ema']}; expected a decay from 0 to below 1.")
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, as records and checkpoints store it."""
        return json.loads(json.dumps(asdict(self)))

    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of the recipe's canonical JSON."""
        canonical = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def checked_tasks(tasks: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Returns ``tasks`` as a tuple.

    Raises:
        UsageError: A task that is not known, or none at all.
    """
    if not tasks:
        raise UsageError(f"no task was given; expected one or more of {', '.join(FIVE_TASKS)}.")
    for task in tasks:
        if task not in FIVE_TASKS:
            raise UsageError(unknown_name("task", task, list(FIVE_TASKS)))
    return tuple(dict.fromkeys(tasks))


def _pocket(model: str, scale: str) -> Recipe:
    """The small recipe of a laptop: minutes on two cores, everything made from embedded data."""
    return Recipe(
        model=model,
        config=models.preset(model, "smoke" if scale == "smoke" else "pocket"),
        scale=scale,
        patch=by_scale(smoke=32, pocket=64, paper=128, scale=scale),
        batch=by_scale(smoke=5, pocket=7, paper=32, scale=scale),
        steps=by_scale(smoke=6, pocket=850, paper=0, scale=scale),
        warmup=by_scale(smoke=1, pocket=30, paper=0, scale=scale),
        scenes=by_scale(smoke=2, pocket=48, paper=0, scale=scale),
        # Noise and blur need the most practice; haze and darkness are mostly a matter of level.
        turns={"denoise": 2, "deblur": 2},
        # Under L1 the sparse streaks of rain are hardly learned in so few steps.
        loss="psnr",
        rate=2e-3,
    )


def _promptir_paper() -> Recipe:
    """PromptIR as its released code trains it: 120 epochs of 4,451 steps of 32 patches of 128."""
    return Recipe(
        model="promptir",
        config=models.preset("promptir", "released"),
        scale="paper",
        tasks=("denoise", "dehaze", "derain"),
        data="benchmarks",
        patch=128,
        batch=32,
        steps=120 * 4451,
        steps_per_epoch=4451,
        rate=2e-4,
        schedule="promptir",
        weight_decay=0.01,
        clip_norm=0.0,
        ema=0.0,
        precision="32-true",
    )


def _restormer_paper() -> Recipe:
    """Restormer's released optimiser and schedule, on the all-in-one mix of training sets.

    The authors train one network a task with patches that grow from 128 to 384; as the baseline of
    all-in-one tables it sees PromptIR's mix at one patch size.
    """
    return Recipe(
        model="restormer",
        config=models.preset("restormer", "released"),
        scale="paper",
        tasks=("denoise", "dehaze", "derain"),
        data="benchmarks",
        patch=128,
        batch=64,
        steps=300_000,
        rate=3e-4,
        schedule="restormer",
        clip_norm=0.01,
        ema=0.0,
        precision="32-true",
    )


_PAPER: dict[str, Callable[[], Recipe]] = {
    "promptir": _promptir_paper,
    "restormer": _restormer_paper,
}


def recipe(model: str, scale: str | None = None, **changes: Any) -> Recipe:
    """The recipe of a model at a scale, with some fields changed.

    Args:
        model: Name in :func:`irlib.models.list_models`.
        scale: "smoke", "pocket" or "paper"; by default the current scale.
        **changes: Fields of :class:`Recipe` to replace.

    Raises:
        UsageError: Unknown model, scale, task or field.
    """
    scale = current_scale() if scale is None else checked_scale(scale)
    if model not in _PAPER:
        raise UsageError(unknown_name("model", model, list(_PAPER)))
    base = _PAPER[model]() if scale == "paper" else _pocket(model, scale)
    return base.with_changes(**changes)
