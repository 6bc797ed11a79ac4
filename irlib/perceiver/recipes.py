"""Everything that decides what stage 1 computes, in one frozen object."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.perceiver.prompts import INITS, WORDS
from irlib.registry import unknown_name
from irlib.scale import by_scale, checked_scale, current_scale
from irlib.training.recipes import checked_tasks
from irlib.training.schedules import warmup_cosine

DATA = ("embedded", "benchmarks")


@dataclass(frozen=True)
class PromptRecipe:
    """How prompts are learned. The defaults are those of scale paper.

    Attributes:
        scale: "smoke", "pocket" or "paper".
        words: One word or phrase a tier, worst first.
        tokens: Learned embeddings of a prompt.
        init: "partial_random", "random" or "fixed": see :class:`irlib.perceiver.PromptSet`.
        single_token: Refuse words that CLIP's vocabulary breaks into pieces.
        logit_scale: Factor on the cosines in the cross entropy. The paper writes none (1); with 1
            there is hardly a gradient, and the released code takes CLIP's own, 100.
        tasks: Tasks whose images are learned from.
        data: "embedded" or "benchmarks".
        side: Side of an embedded image in pixels; at least what CLIP takes.
        cuts_per_photograph: Embedded images cut from each photograph.
        photographs: Embedded photographs; ``None`` takes all.
        scenes: Dead-leaves scenes of the embedded data.
        cuts: Fixed cuts of every triplet, whose image features are computed once and kept; 0 draws
            new cuts at every step, as the released code does.
        batch: Triplets a step.
        steps: Optimiser steps.
        rate: Learning rate at the start of the cosine.
        floor: Learning rate at its end.
        weight_decay: Decay of AdamW. 0.01 is PyTorch's default and that of the released code; it
            pulls word embeddings to zero.
        medium_model: What makes the medium images: "restormer", or another network that needs
            nothing but the image (Table X).
        medium_steps: Optimiser steps of each medium network; ``None`` takes those of
            :func:`irlib.perceiver.medium.medium_recipe`.
        seed: Seed of everything random.
    """

    scale: str = "paper"
    words: tuple[str, ...] = WORDS
    tokens: int = 16
    init: str = "partial_random"
    single_token: bool = True
    logit_scale: float = 100.0
    tasks: tuple[str, ...] = FIVE_TASKS
    data: str = "benchmarks"
    side: int = 256
    cuts_per_photograph: int = 4
    photographs: int | None = None
    scenes: int = 16
    cuts: int = 0
    batch: int = 32
    steps: int = 100_000
    rate: float = 4e-5
    floor: float = 1e-6
    weight_decay: float = 0.0
    medium_model: str = "restormer"
    medium_steps: int | None = None
    seed: int = 0

    def learning_rate(self, step: int) -> float:
        """Learning rate of optimiser step ``step``, counted from 0."""
        return warmup_cosine(step, steps=self.steps, rate=self.rate, floor=self.floor)

    def with_changes(self, **changes: Any) -> "PromptRecipe":
        """A copy with some fields replaced; ``None`` means unchanged.

        Raises:
            UsageError: An unknown field, task, initialisation or data, or a number out of range.
        """
        changes = {name: value for name, value in changes.items() if value is not None}
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(unknown_name("field of a prompt recipe", name, known))
        if "tasks" in changes:
            changes["tasks"] = checked_tasks(changes["tasks"])
        if "words" in changes:
            changes["words"] = tuple(changes["words"])
        for name, names in (("init", INITS), ("data", DATA)):
            if name in changes and changes[name] not in names:
                raise UsageError(unknown_name(name, changes[name], list(names)))
        least = {"steps": 0, "cuts": 0, "scenes": 0, "tokens": 1, "batch": 1, "side": 16}
        least |= {"cuts_per_photograph": 1, "photographs": 1, "medium_steps": 1}
        for name, low in least.items():
            if changes.get(name, low) < low:
                raise UsageError(
                    f"{name} is {changes[name]}; expected a whole number from {low} up."
                )
        for name in ("logit_scale", "rate"):
            if not changes.get(name, 1.0) > 0:
                raise UsageError(f"{name} is {changes[name]}; expected a number above 0.")
        for name in ("weight_decay", "floor"):
            if changes.get(name, 0.0) < 0:
                raise UsageError(f"{name} is {changes[name]}; expected 0 or more.")
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, as records and files of prompts store it."""
        return json.loads(json.dumps(asdict(self)))

    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of the recipe's canonical JSON."""
        canonical = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def prompt_recipe(scale: str | None = None, **changes: Any) -> PromptRecipe:
    """The recipe of stage 1 at a scale, with some fields changed.

    Args:
        scale: "smoke", "pocket" or "paper"; by default the current scale.
        **changes: Fields of :class:`PromptRecipe` to replace.

    Raises:
        UsageError: Unknown scale or field, or a value out of range.
    """
    scale = current_scale() if scale is None else checked_scale(scale)
    if scale == "paper":
        return PromptRecipe().with_changes(**changes)
    small = PromptRecipe(
        scale=scale,
        data="embedded",
        side=by_scale(smoke=32, pocket=128, paper=0, scale=scale),
        cuts_per_photograph=by_scale(smoke=1, pocket=4, paper=0, scale=scale),
        photographs=by_scale(smoke=3, pocket=None, paper=None, scale=scale),
        scenes=by_scale(smoke=3, pocket=24, paper=0, scale=scale),
        cuts=by_scale(smoke=1, pocket=4, paper=0, scale=scale),
        batch=by_scale(smoke=8, pocket=32, paper=0, scale=scale),
        steps=by_scale(smoke=10, pocket=800, paper=0, scale=scale),
        # A short run in a small space takes a higher rate than 100,000 steps in CLIP's.
        rate=2e-3,
        floor=1e-5,
    )
    return small.with_changes(**changes)
