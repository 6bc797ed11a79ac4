"""InstructIR's recipes: its rivals' budget when small, and the spoken choices at scale paper."""

import pytest
import torch

from irlib import models, training
from irlib.degradations import FIVE_TASKS, THREE_TASKS
from irlib.training import InstructRecipe


@pytest.mark.parametrize("scale", ["smoke", "pocket"])
def test_the_small_recipe_shares_data_and_budget_with_its_rivals(scale):
    own, rival = (training.recipe(name, scale) for name in ("instructir", "nafnet"))
    assert isinstance(own, InstructRecipe)
    for name in ("tasks", "turns", "patch", "batch", "steps", "rate", "betas", "scenes", "loss"):
        assert getattr(own, name) == getattr(rival, name)
    assert own.config == models.preset("instructir", scale)
    assert own.intent == 1.0


@pytest.mark.parametrize(
    ("tasks", "epoch"),
    # Entries of DFPIR's code over batches of 32: 142,431 and, with blur and darkness, 226,621.
    [(THREE_TASKS, 4_451), (FIVE_TASKS, 7_082)],
)
def test_scale_paper_for_three_and_five_tasks(tasks, epoch):
    recipe = training.recipe("instructir", "paper", tasks=tasks)
    assert (recipe.steps_per_epoch, recipe.steps) == (epoch, 500 * epoch)
    assert (recipe.patch, recipe.batch, recipe.loss, recipe.clip_norm) == (256, 32, "l1", 0.01)
    assert (recipe.optimiser, recipe.betas) == ("adamw", (0.9, 0.9))
    assert recipe.learning_rate(0) == 5e-4
    assert recipe.learning_rate(recipe.steps) == pytest.approx(1e-7)
    assert set(recipe.config["tasks"]) == set(tasks)
    with torch.device("meta"):
        network = models.create("instructir", **recipe.config)
    assert network.count_parameters() == 15_843_363 + 100_359


def test_recipes_of_scale_paper():
    assert training.recipe_names("instructir") == ["released", "paper", "patch-128"]
    assert training.recipe("instructir", "paper").tasks == FIVE_TASKS
    assert training.recipe("instructir", "paper", "patch-128").patch == 128


def test_a_network_is_told_by_name_only_what_it_learned():
    recipe = training.recipe("instructir", "smoke", tasks=("derain", "dehaze"))
    assert models.create("instructir", **recipe.config).known_tasks == ("derain", "dehaze")
    assert recipe.with_changes(steps=3).config == recipe.config
