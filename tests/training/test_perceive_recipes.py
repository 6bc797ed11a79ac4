"""Perceive-IR's recipes: the numbers of paper and code, and tables as changes to a recipe."""

import pytest

from irlib import models, training
from irlib.data.mixing import NOISE_LEVELS
from irlib.degradations import FIVE_TASKS, THREE_TASKS
from irlib.errors import UsageError
from irlib.losses import LossWeights
from irlib.training import PerceiveRecipe, stage_two


@pytest.mark.parametrize(
    ("name", "tasks", "patch", "batch", "steps", "epoch", "config"),
    [
        ("paper", THREE_TASKS, 128, 6, 400_000, 18_595, "paper"),
        ("paper", FIVE_TASKS, 128, 6, 400_000, 36_514, "paper"),
        ("released", THREE_TASKS, 256, 8, 500_000, 25_733, "released"),
        ("released", FIVE_TASKS, 256, 4, 500_000, 84_214, "released"),
    ],
)
def test_the_numbers_of_paper_and_code(name, tasks, patch, batch, steps, epoch, config):
    recipe = training.recipe("perceive-ir", "paper", name, tasks=tasks)
    found = (recipe.patch, recipe.batch, recipe.steps, recipe.steps_per_epoch)
    # An epoch lists 111,567 or 219,082 samples, in the released code 205,863 or 336,853.
    assert found == (patch, batch, steps, epoch)
    assert recipe.config == models.preset("perceive-ir", config)
    assert (recipe.rate, recipe.floor, recipe.weight_decay, recipe.warmup) == (2e-4, 1e-6, 1e-4, 0)
    assert (recipe.optimiser, recipe.betas, recipe.augment) == ("adamw", (0.9, 0.999), "flips")
    assert (recipe.loss, recipe.ema, recipe.clip_norm) == ("l1", 0.0, 0.0)
    assert recipe.learning_rate(0) == 2e-4
    assert recipe.learning_rate(recipe.steps) == pytest.approx(1e-6)
    assert recipe.weights == LossWeights(1.0, 0.1, 0.05, 0.1)
    assert recipe.noise == NOISE_LEVELS
    assert (recipe.quantise, recipe.noise_clipped) == (False, True), "clipped, not rounded"


def test_released_is_the_default_of_scale_paper():
    assert training.recipe_names("perceive-ir") == ["released", "paper"]
    assert training.recipe("perceive-ir", "paper").precision == "bf16-mixed"


@pytest.mark.parametrize("scale", ["smoke", "pocket"])
def test_the_small_recipe_shares_data_and_budget_with_its_rivals(scale):
    own, rival = (training.recipe(name, scale) for name in ("perceive-ir", "restormer"))
    assert isinstance(own, PerceiveRecipe)
    for name in ("tasks", "turns", "patch", "batch", "steps", "rate", "scenes", "loss", "seed"):
        assert getattr(own, name) == getattr(rival, name)
    assert own.second_crop
    assert not rival.second_crop
    assert 0 < own.dpl_from < own.steps
    assert 0 < own.steps_per_epoch < own.steps
    assert own.hash() != rival.hash()


def test_rows_of_the_tables_by_name():
    whole = stage_two("smoke")
    assert whole == training.recipe("perceive-ir", "smoke")
    no_eyes = stage_two("smoke", without=["dino"])
    assert not no_eyes.config["use_semantics"]
    assert no_eyes.weights == whole.weights
    no_code = stage_two("smoke", without=["cfe"], without_losses=["clip"])
    assert (no_code.weights.cl, no_code.weights.clip) == (0, 0), "no code, nothing to contrast"
    assert not no_code.second_crop
    no_judge = stage_two("smoke", without=["prompts"])
    assert (no_judge.weights.clip, no_judge.config) == (0, whole.config), "nothing to be judged by"
    assert stage_two("smoke", weights={"cl": 0.2}).weights.cl == 0.2
    assert stage_two("smoke", tasks=("derain",)).negatives == "other_image"
    assert len({r.hash() for r in (whole, no_eyes, no_code)}) == 3


@pytest.mark.parametrize("scale", ["smoke", "pocket", "paper"])
def test_the_nafnet_backbone(scale):
    recipe = stage_two(scale, "paper" if scale == "paper" else None, backbone="nafnet")
    assert recipe.config == models.preset("perceive-ir", f"{scale}-nafnet")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"without": ["dyno"]}, "did you mean 'dino'"),
        ({"without": ["prompt"]}, "did you mean 'prompts'"),
        ({"without_losses": ["klip"]}, "did you mean 'clip'"),
        ({"weights": {"dp": 1.0}}, "did you mean 'dpl'"),
        ({"weights": {"cl": -1.0}}, "0 or more"),
        ({"backbone": "nafnit"}, "did you mean 'nafnet'"),
        ({"scale": "paper", "backbone": "nafnet"}, "--recipe paper"),
    ],
)
def test_wrong_requests_say_what_was_expected(arguments, says):
    with pytest.raises(UsageError, match=says):
        stage_two(**{"scale": "smoke", **arguments})
