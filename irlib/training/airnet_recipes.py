"""Recipes of AirNet: contrast alone at first, then with the restoration; every task in each batch.

Taught in chapter 12.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from irlib import models
from irlib.data.mixing import NOISE_LEVELS
from irlib.scale import by_scale
from irlib.training.paper_recipes import ALL_IN_ONE_SETS, THREE_TASKS
from irlib.training.recipes import Recipe, laptop_recipe, paper_recipe

MODEL = "airnet"
Tasks = tuple[str, ...] | None

#: The authors' epoch: so many steps, each with one sample of every task and noise level.
STEPS_PER_EPOCH = 400
#: The authors' queue: so many batches.
QUEUED_BATCHES = 256


def released_rate(epoch: int, rate: float = 1e-3) -> float:
    """AirNet's released schedule: a tenth from epoch 61 on, halved every 125 epochs from 226 on.

    The code sets the rate at the end of an epoch, so every change comes one epoch late.

    Args:
        epoch: Epoch, counted from 0.
        rate: Of the first 61 epochs; the authors' by default.
    """
    if epoch <= 60:
        return rate
    return rate / 10 * 0.5 ** (max(0, epoch - 101) // 125)


def paper_rate(epoch: int, rate: float = 1e-3) -> float:
    """The schedule as the authors' text has it: the same, one epoch earlier."""
    return released_rate(epoch + 1, rate)


RATES: dict[str, Callable[[int, float], float]] = {
    "airnet": released_rate,
    "airnet-paper": paper_rate,
}


@dataclass(frozen=True)
class AirNetRecipe(Recipe):
    """A recipe of two phases: ``L_cl`` alone, then ``L_rec + contrast_weight L_cl``.

    Attributes:
        contrast_steps: Optimiser steps of the first phase, in which the restorer rests.
        contrast_weight: What L_cl counts in the second.
        queue: Codes in the queue, where the network brings none; at least a batch.
        momentum: Share of itself that the key encoder keeps in a step.
        temperature: Of L_cl.
    """

    contrast_steps: int = 0
    contrast_weight: float = 0.1
    queue: int = 1280
    momentum: float = 0.999
    temperature: float = 0.07

    second_crop = True
    balanced = True

    def learning_rate(self, step: int) -> float:
        """Learning rate of optimiser step ``step``, counted from 0."""
        if self.schedule in RATES:
            return RATES[self.schedule](step // self.steps_per_epoch, self.rate)
        return super().learning_rate(step)


@laptop_recipe(MODEL)
def _small(base: Recipe) -> AirNetRecipe:
    """The small recipe that its rivals have too: same data, steps, rates and batch.

    A tenth of the steps goes to the contrast alone, as in the authors' code. A few hundred steps
    are too few for a key encoder that needs a thousand to follow, or for a queue of 256 batches:
    both are quicker here. L_cl counts ten times as much, for the loss beside it is minus the PSNR.
    """
    scale = base.scale
    return AirNetRecipe(
        **{field.name: getattr(base, field.name) for field in fields(Recipe)},
        contrast_steps=by_scale(smoke=2, pocket=85, paper=0, scale=scale),
        contrast_weight=1.0,
        queue=by_scale(smoke=10, pocket=224, paper=0, scale=scale),
        momentum=0.99,
    )


@paper_recipe(MODEL, "released")
def airnet_released(tasks: Tasks) -> AirNetRecipe:
    """AirNet as its released code trains it: 1,000 epochs of 400 steps, the first 100 of contrast.

    A batch holds one patch of 128 of every task, each of three noise levels counting as one: five
    for the three tasks (the default). The authors have no recipe for more tasks; blur and darkness
    make it seven, the queue grows along, and nothing else changes. Key encoder and queue stay in
    the weights, as the authors store them. Where noise is added here, the second crop comes from
    the same noisy image; the authors draw its noise anew.
    """
    tasks = tasks or THREE_TASKS
    batch = len(tasks) + (len(NOISE_LEVELS) - 1 if "denoise" in tasks else 0)
    return _of_scale_paper(tasks, batch)


@paper_recipe(MODEL, "paper")
def airnet_paper(tasks: Tasks) -> AirNetRecipe:
    """AirNet as its authors' text has it: 1,500 epochs, 100 of contrast, no late schedule."""
    base = airnet_released(tasks)
    return replace(base, steps=1500 * STEPS_PER_EPOCH, schedule="airnet-paper")


@paper_recipe(MODEL, "one-noise-level")
def airnet_one_noise_level(tasks: Tasks) -> AirNetRecipe:
    """The released recipe with noise of level 25 alone, as five-task tables have it."""
    tasks = tasks or tuple(ALL_IN_ONE_SETS)[:5]
    return replace(_of_scale_paper(tasks, len(tasks)), noise=(25.0,))


def _of_scale_paper(tasks: tuple[str, ...], batch: int) -> AirNetRecipe:
    queue = QUEUED_BATCHES * batch
    return AirNetRecipe(
        model=MODEL,
        config={**models.preset(MODEL, "released"), "queue": queue},
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        augment="turned",
        patch=128,
        batch=batch,
        steps=1000 * STEPS_PER_EPOCH,
        steps_per_epoch=STEPS_PER_EPOCH,
        rate=1e-3,
        schedule="airnet",
        optimiser="adam",
        weight_decay=0.0,
        clip_norm=0.0,
        ema=0.0,
        loss="l1",
        precision="32-true",
        contrast_steps=100 * STEPS_PER_EPOCH,
        queue=queue,
    )
