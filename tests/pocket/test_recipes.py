"""Recipes of the pocket foundation models."""

import pytest

from irlib.errors import UsageError
from irlib.pocket.recipes import RECIPES, pocket_recipe


def test_scales_change_only_numbers():
    assert pocket_recipe("clip", "smoke").steps < pocket_recipe("clip", "pocket").steps
    assert pocket_recipe("clip", "paper").steps == 10 * pocket_recipe("clip", "pocket").steps
    assert pocket_recipe("vgg", "smoke").widths == pocket_recipe("vgg", "paper").widths


def test_changes_replace_fields_and_change_the_hash():
    recipe = pocket_recipe("dino", "pocket", steps=50, seed=3, batch=None)
    assert (recipe.steps, recipe.seed, recipe.batch) == (50, 3, RECIPES["dino"].batch)
    assert recipe.warmup == 5  # a short run cannot spend all its steps warming up
    assert recipe.hash() != pocket_recipe("dino", "pocket", steps=50).hash()
    assert recipe.hash() == pocket_recipe("dino", "pocket", steps=50, seed=3).hash()


def test_wrong_names_and_counts_are_refused():
    with pytest.raises(UsageError, match="did you mean 'clip'"):
        pocket_recipe("clp", "pocket")
    with pytest.raises(UsageError, match="steps is 0"):
        pocket_recipe("clip", "pocket", steps=0)
