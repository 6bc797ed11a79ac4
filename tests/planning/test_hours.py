"""Hours of a GPU follow from the words of a command."""

from types import SimpleNamespace

import pytest

from irlib.errors import UsageError
from irlib.planning import gpu_hours, plan, recipe_of
from irlib.training import recipe


def training(model, *arguments, minutes=0.0):
    return SimpleNamespace(model=model, arguments=arguments, minutes=minutes)


def test_the_words_of_a_command_give_its_recipe():
    words = ("--scale", "paper", "--recipe", "paper", "--tasks", "derain", "--steps", "100000")
    found = recipe_of("perceive-ir", (*words, "--without", "pgm", "--seed", "3"))
    assert (found.scale, found.tasks, found.steps) == ("paper", ("derain",), 100_000)
    assert (
        not found.config["use_semantics"] or found.config != recipe("perceive-ir", "paper").config
    )
    weighted = recipe_of("perceive-ir", (*words, "--loss-weights", "cl=0.3", "dpl=0"))
    assert (weighted.weights.cl, weighted.weights.dpl, weighted.weights.clip) == (0.3, 0.0, 0.05)


def test_hours_at_scale_paper_are_those_of_the_plan():
    words = ("--scale", "paper", "--recipe", "all-in-one", "--steps", "1000")
    hours = gpu_hours(training("nafnet", *words))
    assert hours == plan(recipe("nafnet", "paper", "all-in-one", steps=1000)).gpu_hours
    twice = gpu_hours(training("nafnet", *words[:-1], "2000"))
    assert twice == pytest.approx(2 * hours)


def test_small_scales_give_what_the_training_declares():
    assert gpu_hours(training("promptir", "--scale", "pocket", minutes=9.0)) == 0.15


def test_an_option_without_value_is_named():
    with pytest.raises(UsageError, match="--recipe was given without"):
        recipe_of("promptir", ("--recipe", "--scale", "paper"))
