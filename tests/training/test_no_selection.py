"""No number of a test set decides anything in a training: neither what is learned nor what is kept.

The papers' code is less strict: DFPIR keeps the weights that score best on the test sets, PIVPNet's
validation set is its test set (chapter 18). A recipe here cannot say such a thing.
"""

import dataclasses

import pytest
import torch

from irlib import training
from irlib.data import photos
from irlib.data.benchmarks import get_benchmark, list_benchmarks
from irlib.errors import UsageError
from irlib.losses import losses
from irlib.models import list_models, load_weights, read_header
from irlib.training.logs import read_log
from irlib.training.loop import train
from irlib.training.recipes import Recipe
from irlib.training.sources import open_source

SETTINGS = (None, ("denoise", "dehaze", "derain"), ("denoise",), ("derain",), ("cdd11",))
SELECTING = ("valid", "test", "best", "select", "monitor", "stop")


def kinds(kind=Recipe):
    yield kind
    for other in kind.__subclasses__():
        yield from kinds(other)


def paper_recipes():
    for model in list_models():
        for name in training.recipe_names(model):
            for tasks in SETTINGS:
                try:
                    plan = training.recipe(model, "paper", name, tasks=tasks)
                except UsageError:  # not for these tasks
                    continue
                yield pytest.param(plan, id=f"{model}-{name}-{'+'.join(tasks or ('own',))}")


@pytest.mark.parametrize("plan", list(paper_recipes()))
def test_recipes_learn_from_training_splits_alone(plan):
    used = {name for task in plan.tasks for name in plan.sets[task]}
    assert used
    assert {get_benchmark(name).split for name in used} == {"train"}


def test_training_splits_share_no_folder_with_test_splits():
    places = {"train": {}, "test": {}}
    for benchmark in list_benchmarks():
        if benchmark.split in places:
            for layout in benchmark.layouts:
                for pattern in (*layout.degraded, *layout.target):
                    key = (tuple(map(str, benchmark.folders)), pattern.lower())
                    places[benchmark.split].setdefault(key, benchmark.name)
    assert not set(places["train"]) & set(places["test"])


def test_no_recipe_has_a_field_that_could_select():
    for kind in kinds():
        for field in dataclasses.fields(kind):
            assert not any(word in field.name for word in SELECTING), (
                f"{kind.__name__}.{field.name}"
            )


@pytest.mark.parametrize("scale", ["smoke", "pocket"])
def test_small_recipes_use_embedded_data(scale):
    for model in list_models():
        assert training.recipe(model, scale).data == "embedded"


def test_training_opens_no_held_out_photograph_and_keeps_the_last_step(tmp_path, monkeypatch):
    opened = []
    file_of = photos._data_file
    photos._pixels.cache_clear()
    monkeypatch.setattr(photos, "_data_file", lambda name: opened.append(name) or file_of(name))
    # A rate that ruins what it started with: weights kept for their score would be the first ones.
    plan = training.recipe(
        "restormer", "smoke", steps=3, rate=0.5, warmup=0, ema=0.0, precision="32-true"
    )
    plan, samples = open_source(plan)
    file = train(plan, tmp_path, samples, devices=1, accelerator="cpu", progress=False, log_every=1)
    assert opened
    assert not set(opened) & set(photos._TEST_FILES.values())
    assert read_header(file)["facts"]["steps"] == plan.steps
    batch = [samples[position] for position in range(plan.batch)]
    degraded, target = (torch.stack([s[side] for s in batch]) for side in ("degraded", "target"))
    with torch.no_grad():
        kept = losses.get(plan.loss)(load_weights(file)(degraded), target).item()
    first = read_log(tmp_path / "metrics.csv")[0]["loss"]
    assert kept > first + 1
