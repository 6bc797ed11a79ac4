"""AirNet's recipes: the schedule of its code, every task in each batch, the common budget."""

import pytest
import torch

from irlib import models, training
from irlib.data.embedded import EmbeddedPairs
from irlib.data.mixing import Entry, MixedPairs, training_list
from irlib.degradations import FIVE_TASKS, THREE_TASKS
from irlib.errors import UsageError
from irlib.training import AirNetRecipe
from irlib.training.airnet_recipes import paper_rate, released_rate


@pytest.mark.parametrize(
    ("epochs", "rate"),
    [((0, 60), 1e-3), ((61, 225), 1e-4), ((226, 350), 5e-5), ((351, 475), 2.5e-5)],
)
def test_property_11_the_rate_changes_after_an_epoch(epochs, rate):
    assert [released_rate(epoch) for epoch in epochs] == pytest.approx([rate, rate])
    recipe = training.recipe("airnet", "paper")
    first, last = epochs[0] * 400, epochs[1] * 400 + 399
    assert [recipe.learning_rate(s) for s in (first, last)] == pytest.approx([rate, rate])


def test_bug_8_the_text_has_no_late_epoch():
    assert [paper_rate(e) for e in (59, 60, 99, 224, 225)] == pytest.approx(
        [1e-3, 1e-4, 1e-4, 1e-4, 5e-5]
    )


def test_the_numbers_of_the_code():
    recipe = training.recipe("airnet", "paper")
    assert recipe == training.recipe("airnet", "paper", "released", tasks=THREE_TASKS)
    assert (recipe.steps, recipe.contrast_steps, recipe.steps_per_epoch) == (400_000, 40_000, 400)
    assert (recipe.patch, recipe.batch, recipe.queue) == (128, 5, 1280)
    assert (recipe.optimiser, recipe.betas, recipe.weight_decay) == ("adam", (0.9, 0.999), 0.0)
    assert (recipe.contrast_weight, recipe.momentum, recipe.temperature) == (0.1, 0.999, 0.07)
    assert (recipe.loss, recipe.ema, recipe.clip_norm, recipe.quantise) == ("l1", 0.0, 0.0, True)
    assert (recipe.augment, recipe.precision, recipe.second_crop) == ("turned", "32-true", True)
    assert recipe.config == models.preset("airnet", "released")


def test_the_numbers_of_the_text():
    recipe = training.recipe("airnet", "paper", "paper")
    assert (recipe.steps, recipe.contrast_steps) == (600_000, 40_000)
    assert recipe.learning_rate(60 * 400) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("name", "tasks", "batch", "levels"),
    [
        ("released", FIVE_TASKS, 7, 3),
        ("one-noise-level", FIVE_TASKS, 5, 1),
        ("one-noise-level", None, 5, 1),
        ("released", ("derain",), 1, 3),
        ("released", ("denoise", "lowlight"), 4, 3),
    ],
)
def test_batch_and_queue_follow_the_tasks(name, tasks, batch, levels):
    recipe = training.recipe("airnet", "paper", name, tasks=tasks)
    assert (recipe.batch, recipe.queue, len(recipe.noise)) == (batch, 256 * batch, levels)
    assert recipe.config["queue"] == 256 * batch


def test_property_10_each_batch_of_five_holds_every_task_and_level_once(tmp_path):
    recipe = training.recipe("airnet", "paper")
    files = {
        "denoise": [(None, tmp_path / f"n{i}") for i in range(3)],
        "dehaze": [(tmp_path / f"h{i}", tmp_path / "h") for i in range(7)],
        "derain": [(tmp_path / "r0", tmp_path / "r")],
    }
    data = MixedPairs(training_list(files, recipe.turns, recipe.noise), balanced=recipe.balanced)
    wanted = [("denoise", 15.0), ("denoise", 25.0), ("denoise", 50.0)]
    wanted += [("dehaze", None), ("derain", None)]
    for batch in range(50):
        found = [data.entry(5 * batch + i) for i in range(5)]
        assert [(entry.task, entry.sigma) for entry in found] == wanted
    # Each list is walked through before anything comes again, whatever the workers.
    hazy = [data.entry(5 * turn + 3).degraded for turn in range(14)]
    assert len(set(hazy[:7])) == len(set(hazy[7:])) == 7
    assert hazy[:7] != hazy[7:]
    assert recipe.batch * recipe.steps_per_epoch == 2000, "samples of an epoch"


def test_balanced_data_of_ones_own_take_their_tasks_in_turn(tmp_path):
    entries = [Entry(task, tmp_path / str(i)) for task in ("derain", "deblur") for i in range(3)]
    data = MixedPairs(entries, balanced=True)
    assert [data.entry(i).task for i in range(4)] == ["derain", "deblur"] * 2


@pytest.mark.parametrize("scale", ["smoke", "pocket"])
def test_the_small_recipe_shares_data_and_budget_with_its_rivals(scale):
    own, rival = (training.recipe(name, scale) for name in ("airnet", "restormer"))
    assert isinstance(own, AirNetRecipe)
    for name in ("tasks", "turns", "patch", "batch", "steps", "rate", "scenes", "loss", "seed"):
        assert getattr(own, name) == getattr(rival, name)
    assert own.config == models.preset("airnet", scale)
    assert own.config["queue"] == 0, "what only training needs is not shipped"
    assert own.second_crop
    assert 0 < own.contrast_steps < own.steps / 2
    assert own.batch <= own.queue
    assert own.learning_rate(own.steps // 2) == rival.learning_rate(own.steps // 2)


def test_bug_2_tasks_are_chosen_as_a_list():
    """The authors' option takes a word apart into its letters."""
    assert training.recipe("airnet", "smoke", tasks=["derain"]).tasks == ("derain",)
    with pytest.raises(UsageError, match="unknown task 'd'"):
        training.recipe("airnet", "smoke", tasks="derain")


def test_bug_3_no_worker_repeats_the_noise_of_another():
    """The authors' data set keeps its order in itself, and every worker has its own copy of it."""
    settings = {"patch": 16, "scenes": 1, "scene_size": 32, "photo_share": 0, "positive": True}
    workers = [EmbeddedPairs(training.recipe("airnet", "smoke").tasks, **settings) for _ in "ab"]
    alike, other = workers[0][3], workers[1][4]
    assert torch.equal(alike["positive"], workers[1][3]["positive"])
    assert not torch.equal(alike["positive"], other["positive"])
