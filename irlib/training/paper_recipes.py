"""Recipes of scale paper: what the authors' code does ("released") and what their text says.

A page of its own, because these numbers are read beside the papers. Each function takes the tasks
asked for, or ``None`` for those of the authors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from irlib import models
from irlib.data.benchmarks import get_benchmark
from irlib.data.mixing import NOISE_LEVELS, REPETITION
from irlib.degradations import COMPOSITE_TASKS, FIVE_TASKS
from irlib.errors import UsageError
from irlib.training.recipes import Recipe, paper_recipe
from irlib.training.stages import Stage

Tasks = tuple[str, ...] | None

#: Training sets of the all-in-one setting: PromptIR's for three tasks, the last two AdaIR's.
ALL_IN_ONE_SETS = {
    "denoise": ("bsd400", "wed"),
    "dehaze": ("ots",),
    "derain": ("raintrainl",),
    "deblur": ("gopro-train",),
    "lowlight": ("lol-train",),
    **dict.fromkeys(COMPOSITE_TASKS, ("cdd11-train",)),
}
#: Training sets of Restormer's authors, who train one network a task.
RESTORMER_SETS = {
    "derain": ("rain13k",),
    "denoise": ("div2k", "flickr2k", "wed", "bsd400"),
    "deblur": ("gopro-train",),
}
THREE_TASKS = ("denoise", "dehaze", "derain")
#: How often one epoch lists each file in the five-task tables (DFPIR's code); ``REPETITION`` has
#: PromptIR's and AdaIR's factors.
FIVE_TASK_TURNS = {"denoise": 3, "dehaze": 1, "derain": 80, "deblur": 30, "lowlight": 60}


def epoch_steps(
    tasks: Sequence[str], turns: Mapping[str, int], batch: int, levels: int = len(NOISE_LEVELS)
) -> int:
    """Steps in which an epoch of the all-in-one sets is seen, the last batch filled up.

    Args:
        tasks: What is trained for.
        turns: How often an epoch lists each file.
        batch: Samples a step.
        levels: Noise levels, each of which lists every clean image anew.
    """
    entries = 0
    for task in tasks:
        sets = [get_benchmark(name) for name in ALL_IN_ONE_SETS[task]]
        # A task of CDD-11 is one of its groups.
        files = sum(found.count // max(len(found.groups), 1) for found in sets)
        listed = levels if task == "denoise" else 1
        entries += files * listed * turns.get(task, 1)
    return -(-entries // batch)


def _all_in_one(model: str, tasks: tuple[str, ...]) -> Recipe:
    """The mix of training sets that all-in-one tables share, in full precision."""
    return Recipe(
        model=model,
        config=models.preset(model, "released"),
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        turns=REPETITION,
        clip_norm=0.0,
        ema=0.0,
        precision="32-true",
    )


@paper_recipe("promptir", "released")
def promptir_released(tasks: Tasks) -> Recipe:
    """PromptIR as its released code trains it.

    120 epochs, of 4,451 steps for its three tasks, of 32 patches, along a schedule laid out for
    150; no patch is left unturned.
    """
    tasks = tasks or THREE_TASKS
    epoch = epoch_steps(tasks, REPETITION, batch=32)
    return replace(
        _all_in_one("promptir", tasks),
        augment="turned",
        patch=128,
        batch=32,
        steps=120 * epoch,
        steps_per_epoch=epoch,
        rate=2e-4,
        schedule="promptir",
        weight_decay=0.01,
    )


@paper_recipe("promptir", "paper")
def promptir_paper(tasks: Tasks) -> Recipe:
    """PromptIR as its paper says: Adam at a constant rate for 200 epochs, flips only.

    Batches of 32 for several tasks and of 8 for one. What an epoch is and how noise is rounded, the
    paper does not say; both are the code's.
    """
    tasks = tasks or THREE_TASKS
    batch = 32 if len(tasks) > 1 else 8
    epoch = epoch_steps(tasks, REPETITION, batch)
    return replace(
        promptir_released(tasks),
        config=models.preset("promptir", "paper"),
        augment="flips",
        batch=batch,
        steps=200 * epoch,
        steps_per_epoch=epoch,
        schedule="constant",
        optimiser="adam",
        weight_decay=0.0,
    )


@paper_recipe("promptir", "checkpoint")
def promptir_checkpoint(tasks: Tasks) -> Recipe:
    """The code as it was when paper and checkpoint were made: the prompts never learned."""
    return replace(promptir_released(tasks), config=models.preset("promptir", "checkpoint"))


@paper_recipe("restormer", "released")
def restormer_released(tasks: Tasks) -> Recipe:
    """Restormer as its released code trains it, one task at a time, deraining by default.

    The global batches of its eight GPUs. Its denoisers have norms without bias, see every noise
    level up to 50, neither clipped nor rounded, and mix samples. Its loader cuts every patch out of
    a larger one, from images cut into tiles beforehand; here patches come from the whole images.
    """
    tasks = tasks or ("derain",)
    if len(tasks) > 1 or tasks[0] not in RESTORMER_SETS:
        raise UsageError(
            f"the tasks are {', '.join(tasks)}; Restormer's authors train one network a task, "
            f"--tasks {' or '.join(RESTORMER_SETS)}. For others or for several at once give "
            "--recipe all-in-one."
        )
    denoise = tasks == ("denoise",)
    preset = models.preset("restormer", "released")
    return Recipe(
        model="restormer",
        config={**preset, "norm_type": "BiasFree" if denoise else "WithBias"},
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=RESTORMER_SETS,
        noise=((0.0, 50.0),),
        quantise=False,
        patch=128,
        batch=64,
        growth=(
            Stage(92_000, patch=160, batch=40),
            Stage(156_000, patch=192, batch=32),
            Stage(204_000, patch=256, batch=16),
            Stage(240_000, patch=320, batch=8),
            Stage(276_000, patch=384, batch=8),
        ),
        steps=300_000,
        rate=3e-4,
        schedule="restormer",
        clip_norm=0.01,
        mixup=1.2 if denoise else 0.0,
        ema=0.0,
        precision="32-true",
        seed=100,
    )


@paper_recipe("restormer", "paper")
def restormer_paper(tasks: Tasks) -> Recipe:
    """Restormer as its paper says, which mentions neither mixing nor a limit on the gradient."""
    return replace(restormer_released(tasks), mixup=0.0, clip_norm=0.0)


@paper_recipe("restormer", "all-in-one")
def restormer_all_in_one(tasks: Tasks) -> Recipe:
    """Restormer as the baseline of all-in-one tables: PromptIR's mix, at one patch size.

    Optimiser, schedule and gradient limit are those of its released code.
    """
    return replace(
        _all_in_one("restormer", tasks or THREE_TASKS),
        patch=128,
        batch=64,
        steps=300_000,
        rate=3e-4,
        schedule="restormer",
        clip_norm=0.01,
    )


@paper_recipe("nafnet", "released")
def nafnet_released(tasks: Tasks) -> Recipe:
    """NAFNet of width 32 as its released code trains it on GoPro, four patches on each of 8 GPUs.

    The authors cut GoPro's frames into overlapping tiles beforehand; here patches come from the
    whole frames.
    """
    tasks = tasks or ("deblur",)
    if tasks != ("deblur",):
        raise UsageError(
            f"the tasks are {', '.join(tasks)}; NAFNet's authors train on GoPro, --tasks deblur. "
            "For others or for several at once give --recipe all-in-one."
        )
    return Recipe(
        model="nafnet",
        config=models.preset("nafnet", "gopro32"),
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets={"deblur": ALL_IN_ONE_SETS["deblur"]},
        patch=256,
        batch=32,
        steps=200_000,
        rate=1e-3,
        warmup=0,
        floor=1e-7,
        betas=(0.9, 0.9),
        weight_decay=1e-3,
        clip_norm=0.01,
        ema=0.0,
        loss="psnr",
        precision="32-true",
        seed=42,
    )


@paper_recipe("nafnet", "released-64")
def nafnet_released_64(tasks: Tasks) -> Recipe:
    """NAFNet of width 64 as its released code trains it on GoPro: eight patches a GPU, longer."""
    return replace(
        nafnet_released(tasks),
        config=models.preset("nafnet", "gopro64"),
        batch=64,
        steps=400_000,
        seed=10,
    )


@paper_recipe("nafnet", "paper")
def nafnet_paper(tasks: Tasks) -> Recipe:
    """NAFNet of width 32 as its paper says: Adam without weight decay, down to a rate of 1e-6."""
    return replace(nafnet_released(tasks), optimiser="adam", weight_decay=0.0, floor=1e-6)


@paper_recipe("nafnet", "all-in-one")
def nafnet_all_in_one(tasks: Tasks) -> Recipe:
    """NAFNet as the baseline of five-task tables: their sets and their factors, global means.

    Those who printed the row did not publish how they trained it. Network and data are the tables';
    optimiser, schedule and patches those that NAFNet's authors use for deblurring.
    """
    return replace(
        nafnet_released(None),
        config=models.preset("nafnet", "released"),
        tasks=tasks or FIVE_TASKS,
        sets=ALL_IN_ONE_SETS,
        turns=FIVE_TASK_TURNS,
    )
