"""Recipes: equal ones hash alike, wrong requests are refused with a way out."""

import pytest

from irlib import models, training
from irlib.errors import UsageError
from irlib.scale import SCALES


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("model", ["promptir", "restormer"])
def test_every_recipe_builds_a_model_and_has_rates(model, scale):
    recipe = training.recipe(model, scale)
    assert recipe.steps > 0
    assert recipe.batch > 0
    assert recipe.patch % 8 == 0
    assert recipe.learning_rate(recipe.steps // 2) > 0
    if scale != "paper":
        assert models.create(recipe.model, **recipe.config).name == model


def test_paper_recipe_of_promptir_is_the_authors():
    recipe = training.recipe("promptir", "paper")
    assert (recipe.steps, recipe.batch, recipe.patch) == (534_120, 32, 128)
    assert recipe.learning_rate(60 * 4451) == pytest.approx(1.5e-4, rel=0.02)


def test_hash_follows_the_content():
    assert (
        training.recipe("promptir", "smoke").hash() == training.recipe("promptir", "smoke").hash()
    )
    changed = training.recipe("promptir", "smoke", seed=1)
    assert changed.hash() != training.recipe("promptir", "smoke").hash()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"model": "promtir"}, "did you mean 'promptir'"),
        ({"model": "promptir", "scale": "huge"}, "smoke, pocket, paper"),
        ({"model": "promptir", "tasks": ("derian",)}, "did you mean 'derain'"),
        ({"model": "promptir", "tasks": ()}, "one or more"),
        ({"model": "promptir", "stepz": 3}, "did you mean 'steps'"),
        ({"model": "promptir", "steps": 0}, "from 1 up"),
    ],
)
def test_wrong_requests_say_what_was_expected(arguments, says):
    with pytest.raises(UsageError, match=says):
        training.recipe(**arguments)
