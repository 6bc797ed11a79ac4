"""Recipes of AM-PromptIR at scale paper; at the smaller scales it takes the common one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from irlib import models
from irlib.data.mixing import REPETITION
from irlib.training.dfpir_objective import NamedReconstruction
from irlib.training.objectives import objective_of
from irlib.training.paper_recipes import ALL_IN_ONE_SETS, THREE_TASKS, epoch_steps
from irlib.training.recipes import Recipe, paper_recipe

if TYPE_CHECKING:
    from irlib.data.by_position import PatchesByPosition

MODEL = "am-promptir"
BATCH = 18
EPOCHS = 120
#: What an epoch of the authors lists: 3,126 clean images three times with each level of noise, 200
#: rainy pairs 120 times, and 29,403 hazy ones.
EPOCH_ENTRIES = {"denoise": 28_134, "derain": 24_000, "dehaze": 29_403}
Tasks = tuple[str, ...] | None


@paper_recipe(MODEL, "released")
def am_promptir_released(tasks: Tasks) -> Recipe:
    """AM-PromptIR as its released code trains it.

    120 epochs of 18 patches of 128, a Charbonnier loss with a hundredth of the spectrum's, along
    PromptIR's schedule, which is laid out for 150; no patch is left unturned. An epoch has as many
    steps as the authors' (4,529 for the three tasks), though their lists are shorter than the sets
    that are read here: of the hazy pairs they name less than half. Its last batch is dropped if it
    is not full.

    Three habits of the code are left out. Its list of clean images holds the 100 of a test set,
    Urban100; here they are those of PromptIR. Its first two epochs ran at a rate of zero
    (``schedule="promptir-legacy"`` gives that back). And any choice of tasks is honoured, where the
    code adds no noise at all unless all three levels are asked for.
    """
    tasks = tasks or THREE_TASKS
    further = [task for task in tasks if task not in EPOCH_ENTRIES]
    entries = epoch_steps(further, REPETITION, batch=1)
    epoch = (entries + sum(EPOCH_ENTRIES.get(task, 0) for task in tasks)) // BATCH
    return Recipe(
        model=MODEL,
        config=models.preset(MODEL, "released"),
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        turns=REPETITION,
        augment="turned",
        patch=128,
        batch=BATCH,
        steps=EPOCHS * epoch,
        steps_per_epoch=epoch,
        rate=2e-4,
        schedule="promptir",
        weight_decay=0.01,
        clip_norm=0.0,
        ema=0.0,
        loss="charbonnier-fft",
        precision="32-true",
    )


@paper_recipe(MODEL, "paper")
def am_promptir_paper(tasks: Tasks) -> Recipe:
    """The network of the figure, told by text vectors of CLIP, which reads the words once.

    Everything else is the code's; but one patch in eight stays as it is.
    """
    config = models.preset(MODEL, "paper")
    return replace(am_promptir_released(tasks), config=config, augment="dihedral")


@objective_of(MODEL)
def _open(recipe: Recipe, data: "PatchesByPosition") -> NamedReconstruction:
    """Levels of noise are told where the data has them and the network knows them."""
    return NamedReconstruction(recipe.loss, data.tasks)
