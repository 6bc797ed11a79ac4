"""Recipes of scale paper, against what the specifications of the networks state."""

import pytest
import torch

from irlib import models, training
from irlib.data.benchmarks import get_benchmark
from irlib.errors import UsageError
from irlib.training.paper_recipes import epoch_steps

ALL = [(model, name) for model in ("promptir", "restormer", "nafnet")
       for name in training.recipe_names(model)]  # fmt: skip


def built(plan):
    """The network of a recipe, without memory for its weights."""
    with torch.device("meta"):
        return models.create(plan.model, **plan.config)


@pytest.mark.parametrize(("model", "name"), ALL)
def test_every_recipe_can_be_run(model, name):
    plan = training.recipe(model, "paper", name)
    assert plan.scale == "paper"
    assert plan.data == "benchmarks"
    assert plan.precision == "32-true"
    assert built(plan).name == model
    assert all(stage.patch % 8 == 0 for stage in plan.stages)
    assert plan.learning_rate(plan.steps // 2) > 0
    assert plan.with_changes(**{f: getattr(plan, f) for f in ("augment", "schedule", "growth")})
    for task in plan.tasks:
        for benchmark in plan.sets[task]:
            assert get_benchmark(benchmark).task == task
            assert "train" in get_benchmark(benchmark).split


def test_promptir_as_its_code_does():
    plan = training.recipe("promptir", "paper")
    assert plan == training.recipe("promptir", "paper", "released")
    assert plan.tasks == ("denoise", "dehaze", "derain")
    assert (plan.steps, plan.steps_per_epoch, plan.batch, plan.patch) == (534_120, 4451, 32, 128)
    assert (plan.optimiser, plan.weight_decay, plan.betas) == ("adamw", 0.01, (0.9, 0.999))
    assert (plan.loss, plan.clip_norm, plan.ema, plan.mixup) == ("l1", 0.0, 0.0, 0.0)
    assert (plan.augment, plan.noise, plan.quantise) == ("turned", (15.0, 25.0, 50.0), True)
    assert plan.learning_rate(15 * 4451) == 2e-4
    # The last epoch: 1e-4 (1 + cos(pi (119 - 15) / 135)).
    assert plan.learning_rate(119 * 4451) == pytest.approx(2.49e-5, rel=5e-3)
    assert max(map(plan.learning_rate, range(0, plan.steps, 999))) == 2e-4


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [(0, 0.0), (1, 0.0), (2, 1.43e-5), (15, 2e-4), (16, 2e-4), (60, 1.52e-4), (119, 2.65e-5)],
)
def test_promptirs_schedule_as_it_ran(epoch, rate):
    plan = training.recipe("promptir", "paper", schedule="promptir-legacy")
    for step in (0, 4450):
        assert plan.learning_rate(epoch * 4451 + step) == pytest.approx(rate, rel=5e-3)


def test_promptir_as_its_paper_says():
    plan = training.recipe("promptir", "paper", "paper")
    assert (plan.optimiser, plan.weight_decay, plan.betas) == ("adam", 0.0, (0.9, 0.999))
    assert (plan.steps, plan.batch, plan.patch) == (200 * 4451, 32, 128)
    assert plan.augment == "flips"
    assert {plan.learning_rate(step) for step in (0, 1, 5000, 400_000, plan.steps)} == {2e-4}
    assert plan.loss == "l1"
    released = training.recipe("promptir", "paper")
    assert (plan.sets, plan.turns, plan.noise) == (released.sets, released.turns, released.noise)
    assert plan.config == released.config, "text and code describe the same network"
    single = training.recipe("promptir", "paper", "paper", tasks=("derain",))
    assert single.batch == 8
    assert single.steps == 200 * 200 * 120 // 8


def test_promptir_as_the_checkpoint_was_made():
    plan = training.recipe("promptir", "paper", "checkpoint")
    assert plan.config["frozen_prompts"]
    released = training.recipe("promptir", "paper")
    assert plan.with_changes(config=released.config) == released


def test_an_epoch_follows_the_tasks():
    turns = training.recipe("promptir", "paper").turns
    assert epoch_steps(("denoise", "dehaze", "derain"), turns, 1) == 142_431
    assert epoch_steps(("denoise",), turns, 1) == 46_296
    rain = training.recipe("promptir", "paper", tasks=("derain",))
    assert (rain.steps_per_epoch, rain.steps) == (750, 120 * 750)


def test_restormer_as_its_code_does():
    plan = training.recipe("restormer", "paper")
    assert plan == training.recipe("restormer", "paper", "released", tasks=("derain",))
    assert (plan.optimiser, plan.rate, plan.betas) == ("adamw", 3e-4, (0.9, 0.999))
    assert (plan.weight_decay, plan.clip_norm, plan.ema) == (1e-4, 0.01, 0.0)
    assert (plan.loss, plan.seed, plan.steps) == ("l1", 100, 300_000)
    assert plan.augment == "dihedral"
    assert plan.sets["derain"] == ("rain13k",)


@pytest.mark.parametrize(
    ("last", "patch", "batch"),
    [(92_000, 128, 64), (156_000, 160, 40), (204_000, 192, 32), (240_000, 256, 16),
     (276_000, 320, 8), (300_000, 384, 8)],
)  # fmt: skip
def test_restormers_patches_grow_after_these_iterations(last, patch, batch):
    plan = training.recipe("restormer", "paper")
    # The authors count iterations from 1, and a boundary belongs to the stage before it.
    assert (plan.stage(last - 1).patch, plan.stage(last - 1).batch) == (patch, batch)
    if last < plan.steps:
        assert plan.stage(last).patch > patch


def test_restormers_learning_rate():
    plan = training.recipe("restormer", "paper")
    assert plan.learning_rate(0) == plan.learning_rate(92_000) == 3e-4
    assert plan.learning_rate(300_000) == pytest.approx(1e-6)
    assert plan.with_changes(rate=1e-4).learning_rate(0) == 1e-4, "--rate is not ignored"


def test_restormer_for_each_task():
    derain, denoise, deblur = (
        training.recipe("restormer", "paper", tasks=(task,))
        for task in ("derain", "denoise", "deblur")
    )
    assert denoise.config["norm_type"] == "BiasFree"
    assert derain.config["norm_type"] == deblur.config["norm_type"] == "WithBias"
    assert (denoise.mixup, derain.mixup, deblur.mixup) == (1.2, 0.0, 0.0)
    assert (denoise.noise, denoise.quantise) == (((0.0, 50.0),), False)
    assert denoise.sets["denoise"] == ("div2k", "flickr2k", "wed", "bsd400")
    assert sum(get_benchmark(n).count for n in denoise.sets["denoise"]) == 800 + 2650 + 4744 + 400
    assert deblur.sets["deblur"] == ("gopro-train",)
    assert built(denoise).count_parameters() == 26_111_668
    paper = training.recipe("restormer", "paper", "paper", tasks=("denoise",))
    assert (paper.mixup, paper.clip_norm) == (0.0, 0.0)
    assert paper.growth == denoise.growth


@pytest.mark.parametrize("tasks", [("derain", "denoise"), ("dehaze",)])
def test_restormers_authors_train_one_task_of_three(tasks):
    with pytest.raises(UsageError, match=r"one network a task.*--recipe all-in-one"):
        training.recipe("restormer", "paper", tasks=tasks)


def test_restormer_as_the_baseline_of_all_in_one_tables():
    plan = training.recipe("restormer", "paper", "all-in-one")
    promptir = training.recipe("promptir", "paper")
    for field in ("tasks", "sets", "turns", "noise", "quantise"):
        assert getattr(plan, field) == getattr(promptir, field), field
    assert (plan.growth, plan.patch, plan.batch, plan.clip_norm) == ((), 128, 64, 0.01)


def test_nafnet_as_its_code_does():
    plan = training.recipe("nafnet", "paper")
    assert plan == training.recipe("nafnet", "paper", "released", tasks=("deblur",))
    assert (plan.optimiser, plan.rate, plan.betas) == ("adamw", 1e-3, (0.9, 0.9))
    assert (plan.weight_decay, plan.clip_norm, plan.ema) == (1e-3, 0.01, 0.0)
    assert (plan.steps, plan.batch, plan.patch, plan.growth) == (200_000, 32, 256, ())
    assert (plan.loss, plan.augment, plan.seed) == ("psnr", "dihedral", 42)
    assert plan.config["train_size"] == (256, 256), "local means at test time"
    assert built(plan).count_parameters() == 17_111_907
    assert plan.learning_rate(0) == 1e-3
    assert plan.learning_rate(100_000) == pytest.approx(5e-4, rel=1e-3)
    assert plan.learning_rate(200_000) == pytest.approx(1e-7)
    wide = training.recipe("nafnet", "paper", "released-64")
    assert (wide.steps, wide.batch, wide.seed, wide.config["dim"]) == (400_000, 64, 10, 64)
    paper = training.recipe("nafnet", "paper", "paper")
    assert (paper.optimiser, paper.weight_decay, paper.betas) == ("adam", 0.0, (0.9, 0.9))
    assert paper.learning_rate(200_000) == pytest.approx(1e-6)
    with pytest.raises(UsageError, match=r"train on GoPro.*--recipe all-in-one"):
        training.recipe("nafnet", "paper", tasks=("derain",))


def test_nafnet_as_the_baseline_of_five_task_tables():
    plan = training.recipe("nafnet", "paper", "all-in-one")
    assert plan.config["train_size"] is None
    assert built(plan).count_parameters() == 17_111_907
    assert (plan.loss, plan.clip_norm) == ("psnr", 0.01)
    entries = {task: epoch_steps((task,), plan.turns, 1) for task in plan.tasks}
    assert entries == {"denoise": 46_296, "dehaze": 72_135, "derain": 16_000, "deblur": 63_090,
                       "lowlight": 29_100}  # fmt: skip


def test_an_unknown_recipe_names_the_known_ones():
    with pytest.raises(UsageError, match="did you mean 'released'"):
        training.recipe("promptir", "paper", "relesed")
    with pytest.raises(UsageError, match="only scale paper has several"):
        training.recipe("promptir", "pocket", "paper")
