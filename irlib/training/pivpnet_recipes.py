"""Recipes of PIVPNet at full size: its released code, and the forms that its text describes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from irlib import models
from irlib.data.benchmarks import get_benchmark
from irlib.degradations import FIVE_TASKS
from irlib.training.paper_recipes import ALL_IN_ONE_SETS
from irlib.training.recipes import Recipe, paper_recipe

MODEL = "pivpnet"
EPOCHS, WARM_UP_EPOCHS = 300, 40
BATCH = 56  # 28 on each of two devices
#: A noisy copy of each clean image for each of these: the middle level counts four times.
NOISE = (*3 * (15.0,), *4 * (25.0,), *3 * (50.0,))
TURNS = {"derain": 15, "deblur": 10, "lowlight": 50}
#: Of the list of hazy pairs the first so many; a list sorted by scene loses its last scenes whole.
SHARES = {"dehaze": 0.8}
Tasks = tuple[str, ...] | None


@dataclass(frozen=True)
class PivpnetRecipe(Recipe):
    """A recipe whose rate changes from epoch to epoch, as :func:`pivpnet_rate` says.

    Attributes:
        idle: Whether the first epoch runs at rate 0, as the released code does.
        shares: What part of a task's training list is read, from its start.
    """

    idle: bool = True
    shares: dict[str, float] = field(default_factory=dict, hash=False)

    def learning_rate(self, step: int) -> float:
        """Learning rate of optimiser step ``step``, counted from 0."""
        return pivpnet_rate(step // self.steps_per_epoch, self.rate, idle=self.idle)


def pivpnet_rate(epoch: int, rate: float = 3e-5, *, idle: bool = True) -> float:
    r"""PIVPNet's schedule: 40 epochs of warm-up, then a cosine that ends with epoch 300.

    Equation: :math:`\eta\,n/39` before epoch 40, then
    :math:`\tfrac12\eta\,(1 + \cos(\pi(n - 40)/260))`.

    Args:
        epoch: n, counted from 0.
        rate: Highest learning rate; the authors' by default.
        idle: Whether warm-up starts at 0, a whole epoch in which nothing is learned; without, at a
            fortieth of the rate.
    """
    if epoch < WARM_UP_EPOCHS:
        done, steps = (epoch, WARM_UP_EPOCHS - 1) if idle else (epoch + 1, WARM_UP_EPOCHS)
        return rate * (done / steps)
    left = min(1.0, (epoch - WARM_UP_EPOCHS) / (EPOCHS - WARM_UP_EPOCHS))
    return rate / 2 * (1 + math.cos(math.pi * left))


def epoch_entries(tasks: Sequence[str]) -> int:
    """Samples of an epoch, with the released factors, out of the sets that are read here."""
    factors = {**TURNS, "denoise": len(NOISE)}
    entries = 0
    for task in tasks:
        files = sum(get_benchmark(name).count for name in ALL_IN_ONE_SETS[task])
        entries += int(SHARES.get(task, 1) * files) * factors.get(task, 1)
    return entries


@paper_recipe(MODEL, "released")
def pivpnet_released(tasks: Tasks) -> PivpnetRecipe:
    """PIVPNet as its released code trains it, five tasks by default, 300 epochs of batches of 56.

    Its factors list a noisy image ten times, a rainy pair 15, a blurred one ten and a dark one 50
    times, and leave out the last fifth of the hazy pairs. Three things differ. The lists of files
    were not published: the authors' list of hazy pairs is about half of ours, and that of rainy
    ones names 1,253 clean images besides the 200 pairs. And they keep the weights that a folder of
    test images likes best, where the last are kept here. Batch norms see one device's share of a
    batch, as there.
    """
    tasks = tasks or FIVE_TASKS
    epoch = epoch_entries(tasks) // BATCH  # a last batch that is not full is dropped
    return PivpnetRecipe(
        model=MODEL,
        config=models.preset(MODEL, "released"),
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        turns=TURNS,
        noise=NOISE,
        augment="turned",
        patch=128,
        batch=BATCH,
        steps=EPOCHS * epoch,
        steps_per_epoch=epoch,
        rate=3e-5,
        warmup=0,
        floor=0.0,
        weight_decay=1e-4,
        clip_norm=0.0,
        ema=0.0,
        precision="32-true",
        shares=SHARES,
    )


@paper_recipe(MODEL, "paper")
def pivpnet_paper(tasks: Tasks) -> PivpnetRecipe:
    """The network as its text describes it, prior and masks at work, learning from epoch 0 on.

    Of training the text says nothing.
    """
    return replace(pivpnet_released(tasks), config=models.preset(MODEL, "paper"), idle=False)


@paper_recipe(MODEL, "prior")
def pivpnet_prior(tasks: Tasks) -> PivpnetRecipe:
    """The released recipe with the prior at work, for an ablation."""
    return replace(pivpnet_released(tasks), config=models.preset(MODEL, "prior"))


@paper_recipe(MODEL, "masks")
def pivpnet_masks(tasks: Tasks) -> PivpnetRecipe:
    """The released recipe with masks that are learned, for an ablation."""
    return replace(pivpnet_released(tasks), config=models.preset(MODEL, "masks"))
