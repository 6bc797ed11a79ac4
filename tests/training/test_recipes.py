"""Recipes: equal ones hash alike, wrong requests are refused with a way out."""

import pytest

from irlib import models, training
from irlib.errors import UsageError
from irlib.scale import SCALES


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("model", ["promptir", "restormer", "nafnet"])
def test_every_recipe_builds_a_model_and_has_rates(model, scale):
    recipe = training.recipe(model, scale)
    assert recipe.steps > 0
    assert recipe.batch > 0
    assert recipe.patch % 8 == 0
    assert recipe.learning_rate(recipe.steps // 2) > 0
    if scale != "paper":
        assert models.create(recipe.model, **recipe.config).name == model


def test_hash_follows_the_content():
    assert (
        training.recipe("promptir", "smoke").hash() == training.recipe("promptir", "smoke").hash()
    )
    changed = training.recipe("promptir", "smoke", seed=1)
    assert changed.hash() != training.recipe("promptir", "smoke").hash()


def test_a_recipe_can_be_a_key_and_equal_ones_are_one():
    first, second = (training.recipe("promptir", "paper") for _ in range(2))
    assert len({first, second}) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"model": "promtir"}, "did you mean 'promptir'"),
        ({"model": "promptir", "scale": "huge"}, "smoke, pocket, paper"),
        ({"model": "promptir", "tasks": ("derian",)}, "did you mean 'derain'"),
        ({"model": "promptir", "tasks": ()}, "one or more"),
        ({"model": "promptir", "stepz": 3}, "did you mean 'steps'"),
        ({"model": "promptir", "steps": 0}, "from 1 up"),
        ({"model": "promptir", "mixup": -1.0}, "0 or more"),
        ({"model": "promptir", "rate": float("nan")}, "0 or more"),
        ({"model": "promptir", "clip_norm": float("inf")}, "0 or more"),
        ({"model": "promptir", "seed": -1}, "0 or more"),
        ({"model": "promptir", "seed": 2**32}, "below 2"),
        ({"model": "promptir", "glare": 1.5}, "a share from 0 to 1"),
        ({"model": "promptir", "intact": -0.1}, "a share from 0 to 1"),
        ({"model": "promptir", "thinnest_haze": 0.6}, "a share from 0 to 0.5"),
        ({"model": "promptir", "augment": "flip"}, "did you mean 'flips'"),
        ({"model": "promptir", "schedule": "cosin"}, "did you mean 'cosine'"),
    ],
)
def test_wrong_requests_say_what_was_expected(arguments, says):
    with pytest.raises(UsageError, match=says):
        training.recipe(**arguments)
