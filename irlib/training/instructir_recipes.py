"""Recipes of InstructIR. Its authors released no training code: what follows is irlib's choice."""

from dataclasses import dataclass, fields, replace
from typing import Any

from irlib import models
from irlib.data.instructions import PLAIN
from irlib.data.mixing import REPETITION
from irlib.degradations import FIVE_TASKS
from irlib.training.paper_recipes import (
    ALL_IN_ONE_SETS,
    FIVE_TASK_TURNS,
    THREE_TASKS,
    epoch_steps,
)
from irlib.training.recipes import Recipe, laptop_recipe, paper_recipe

MODEL = "instructir"
EPOCHS = 500
Tasks = tuple[str, ...] | None


@dataclass(frozen=True)
class InstructRecipe(Recipe):
    """A recipe in which every image comes with a sentence.

    Attributes:
        intent: What the cross entropy on the intent logits counts beside the image's loss.
        sentences: Who encodes the sentences: "pocket", or the folder of a sentence transformer;
            ``config["sentence_dim"]`` must be the length of its vectors.
    """

    intent: float = 1.0
    sentences: str = "pocket"

    def with_changes(self, **changes: Any) -> "InstructRecipe":
        """As :meth:`Recipe.with_changes`; the network can be told the tasks that it learns.

        Raises:
            UsageError: As there.
        """
        changed = super().with_changes(**changes)
        return _naming(changed) if changes.get("tasks") is not None else changed


def _naming(recipe: InstructRecipe) -> InstructRecipe:
    known = tuple(task for task in PLAIN if task in recipe.tasks)
    return replace(recipe, config={**recipe.config, "tasks": known})


@laptop_recipe(MODEL)
def _small(base: Recipe) -> InstructRecipe:
    """The small recipe that its rivals have too: same data, steps, rates and batch."""
    shared = {field.name: getattr(base, field.name) for field in fields(Recipe)}
    return InstructRecipe(**{**shared, "betas": (0.9, 0.9)})  # as NAFNet, on which it stands


@paper_recipe(MODEL, "released")
def instructir_released(tasks: Tasks) -> InstructRecipe:
    """InstructIR on the sets of the five-task tables, by what its paper says of training.

    AdamW from 5e-4 to 1e-7 along a cosine, 500 epochs of 32 patches of 256, L1 and a cross entropy
    of weight 1. Which sentences, how often each set and with which weights, nobody published: the
    sentences are irlib's, sets and factors those of DFPIR's code for three and for five tasks, and
    betas and gradient limit NAFNet's. The sentence encoder is the pocket one unless ``sentences``
    names a folder; text vectors have the released lengths either way.
    """
    tasks = tasks or FIVE_TASKS
    turns = REPETITION if set(tasks) <= set(THREE_TASKS) else FIVE_TASK_TURNS
    epoch = epoch_steps(tasks, turns, batch=32)
    return _naming(
        InstructRecipe(
            model=MODEL,
            config=models.preset(MODEL, "language"),
            scale="paper",
            tasks=tasks,
            data="benchmarks",
            sets=ALL_IN_ONE_SETS,
            turns=turns,
            patch=256,
            batch=32,
            steps=EPOCHS * epoch,
            steps_per_epoch=epoch,
            rate=5e-4,
            warmup=0,
            floor=1e-7,
            betas=(0.9, 0.9),
            clip_norm=0.01,
            ema=0.0,
            loss="l1",
            precision="32-true",
        )
    )


@paper_recipe(MODEL, "paper")
def instructir_paper(tasks: Tasks) -> InstructRecipe:
    """The same: text and code do not contradict each other, since no code trains."""
    return instructir_released(tasks)


@paper_recipe(MODEL, "patch-128")
def instructir_small_patches(tasks: Tasks) -> InstructRecipe:
    """The same on patches of 128, as most of its rivals train."""
    return replace(instructir_released(tasks), patch=128)
