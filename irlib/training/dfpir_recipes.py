"""Recipes of DFPIR: the common small one, and what its released code does at full size."""

import math
from dataclasses import dataclass, fields, replace

from irlib import models
from irlib.data.mixing import REPETITION
from irlib.training.paper_recipes import (
    ALL_IN_ONE_SETS,
    FIVE_TASK_TURNS,
    THREE_TASKS,
    epoch_steps,
)
from irlib.training.recipes import Recipe, laptop_recipe, paper_recipe

MODEL = "dfpir"
BATCH = 5
EPOCHS = 80
T_MAX = 500
DETAILED = {"prompts": "detailed"}
Tasks = tuple[str, ...] | None


@dataclass(frozen=True)
class DfpirRecipe(Recipe):
    r"""A recipe whose cosine may be laid out for more epochs than are run.

    Equation: :math:`\eta_e = \tfrac12 \eta\,(1 + \cos(\pi e / T))` in epoch e, from 0, where the
    steps of an epoch are ``steps_per_epoch``.

    Attributes:
        t_max: T, epochs after which the rate would be zero; 0 for the schedule of the other
            recipes, step by step.
    """

    t_max: int = 0

    def learning_rate(self, step: int) -> float:
        """Learning rate of optimiser step ``step``, counted from 0."""
        if not self.t_max:
            return super().learning_rate(step)
        epoch = step // self.steps_per_epoch
        return self.rate / 2 * (1 + math.cos(math.pi * min(epoch, self.t_max) / self.t_max))


@laptop_recipe(MODEL)
def _small(base: Recipe) -> DfpirRecipe:
    """The small recipe that its rivals have too: same data, steps, rates and batch."""
    return DfpirRecipe(**{field.name: getattr(base, field.name) for field in fields(Recipe)})


@paper_recipe(MODEL, "released")
def dfpir_released(tasks: Tasks) -> DfpirRecipe:
    """DFPIR as its released code trains it, stopped after 80 epochs as its authors say.

    Adam, 1e-4, batches of five patches of 128, L1. The code runs 500 epochs along a cosine laid out
    for 500; its authors found it converged near 80, where the rate has hardly fallen. An epoch has
    28,486 steps for the three tasks (the default) and 45,324 for five; a last batch that is not
    full is dropped. Detailed prompts, which the published CLIP reads once before the first step.
    Two habits of the code are left out: images are not cut to multiples of 16 before patches are
    drawn, and no weights are chosen by looking at the test sets.
    """
    tasks = tasks or THREE_TASKS
    turns = REPETITION if set(tasks) <= set(THREE_TASKS) else FIVE_TASK_TURNS
    epoch = epoch_steps(tasks, turns, batch=1) // BATCH
    return DfpirRecipe(
        model=MODEL,
        config={**models.preset(MODEL, "released"), **DETAILED},
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        turns=turns,
        augment="turned",
        patch=128,
        batch=BATCH,
        steps=EPOCHS * epoch,
        steps_per_epoch=epoch,
        rate=1e-4,
        warmup=0,
        floor=0.0,
        optimiser="adam",
        weight_decay=0.0,
        clip_norm=0.0,
        ema=0.0,
        precision="32-true",
        t_max=T_MAX,
    )


@paper_recipe(MODEL, "paper")
def dfpir_paper(tasks: Tasks) -> DfpirRecipe:
    """The same: of the training the paper is quoted with the 80 epochs and nothing else."""
    return replace(dfpir_released(tasks), config={**models.preset(MODEL, "paper"), **DETAILED})


@paper_recipe(MODEL, "simple")
def dfpir_simple(tasks: Tasks) -> DfpirRecipe:
    """With one word a degradation, so that the levels of noise are not told apart."""
    base = dfpir_released(tasks)
    return replace(base, config={**base.config, "prompts": "simple"})


@paper_recipe(MODEL, "annealed")
def dfpir_annealed(tasks: Tasks) -> DfpirRecipe:
    """With a cosine that ends where the run ends: nobody's recipe, to see what the stop costs."""
    return replace(dfpir_released(tasks), t_max=EPOCHS)
