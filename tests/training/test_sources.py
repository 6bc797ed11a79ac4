"""Where training samples come from: each source opens, notes itself, and refuses what it cannot."""

from dataclasses import replace

import pytest
import torch

from irlib.data.benchmarks import get_benchmark
from irlib.data.embedded import EmbeddedPairs
from irlib.data.images import write_image
from irlib.data.mixing import MixedPairs
from irlib.data.pairing import Pair
from irlib.errors import IrlibError, UsageError
from irlib.training import Stage, recipe, sources
from irlib.training.sources import open_source


@pytest.fixture
def small():
    return recipe("promptir", "smoke", patch=16, scenes=1)


def fill(folder, names, size=24):
    folder.mkdir(parents=True)
    for index, name in enumerate(names):
        generator = torch.Generator().manual_seed(index)
        write_image(folder / name, torch.rand(3, size, size, generator=generator))
    return folder


def test_embedded_data_by_default(small):
    opened, samples = open_source(small)
    assert opened == small
    assert isinstance(samples, EmbeddedPairs)
    assert samples.tasks == small.tasks
    assert samples[0]["target"].shape == (3, 16, 16)


def test_a_patch_larger_than_the_usual_scene(small):
    _, samples = open_source(replace(small, patch=336))
    assert samples.scenes[0][0].shape == (3, 336, 336)


def test_a_folder_of_pairs(small, tmp_path):
    fill(tmp_path / "input", ["a.png", "b.png"])
    fill(tmp_path / "target", ["a.png", "b.png"])
    opened, samples = open_source(small, pairs=tmp_path)
    assert opened.data == "pairs"
    assert opened.hash() != small.hash()
    assert isinstance(samples, MixedPairs)
    assert len(samples) == 2
    assert samples[1]["degraded"].shape == (3, 16, 16)


def test_a_folder_of_clean_images_is_degraded_by_every_task(small, tmp_path):
    fill(tmp_path / "clean" / "deeper", ["a.png", "b.png"])
    opened, samples = open_source(small, clean=tmp_path / "clean")
    assert opened.data == "clean"
    assert [samples.entry(i).task for i in range(5)] == list(small.tasks)
    for position in range(5):
        sample = samples[position]
        assert int(sample["task"]) == position
        assert not torch.equal(sample["degraded"], sample["target"])


def test_patches_that_grow_fit_the_scenes(small):
    grown = replace(small, growth=(Stage(4, patch=328, batch=5),))
    _, samples = open_source(grown)
    assert samples.patch == 16
    assert samples.scenes[0][0].shape == (3, 328, 328)
    assert samples[0, 328]["degraded"].shape == (3, 328, 328)


@pytest.fixture
def sets_on_disk(tmp_path, monkeypatch):
    """Stands for every benchmark: one image, alone where noise is added to it."""
    images = fill(tmp_path / "images", ["1.png"])

    class Set:
        def __init__(self, name):
            self.task = get_benchmark(name).task

        def pairs(self, root):
            assert root == tmp_path
            degraded = None if self.task == "denoise" else images / "1.png"
            return [Pair("1", degraded, images / "1.png")]

    monkeypatch.setattr(sources, "get_benchmark", Set)
    return tmp_path


def test_the_benchmarks_of_a_paper_recipe(sets_on_disk):
    paper = recipe("promptir", "paper", tasks=("denoise", "derain"), patch=16)
    _, samples = open_source(paper, data=sets_on_disk)
    assert len(samples) == 2 * 9 + 120
    assert samples.modes == tuple(range(1, 8)), "PromptIR's code never leaves a patch unturned"
    assert samples.quantise
    assert {entry.sigma for entry in samples.lists[0]} == {15.0, 25.0, 50.0, None}
    flips = recipe("promptir", "paper", "paper", tasks=("derain",), patch=16)
    _, samples = open_source(flips, data=sets_on_disk)
    assert samples.modes == (0, 1, 4, 5)


def test_the_sets_of_restormers_denoiser(sets_on_disk):
    plan = recipe("restormer", "paper", tasks=("denoise",))
    _, samples = open_source(plan, data=sets_on_disk)
    assert len(samples) == 4, "DIV2K, Flickr2K, WED, BSD400"
    assert {entry.sigma for entry in samples.lists[0]} == {(0.0, 50.0)}
    assert not samples.quantise
    assert samples.modes == tuple(range(8))
    assert samples[3, 40]["degraded"].shape == (3, 40, 40)


def test_a_task_without_a_training_set_is_refused(sets_on_disk):
    plan = recipe("restormer", "paper").with_changes(tasks=("dehaze", "derain"))
    with pytest.raises(UsageError, match=r"no training set for dehaze; .* derain, denoise"):
        open_source(plan, data=sets_on_disk)


def test_two_folders_at_once_are_refused(small, tmp_path):
    with pytest.raises(UsageError, match="--pairs and --clean"):
        open_source(small, pairs=tmp_path, clean=tmp_path)


@pytest.mark.parametrize("kind", ["pairs", "clean"])
def test_a_folder_without_images_is_refused(small, tmp_path, kind):
    with pytest.raises(UsageError, match=str(tmp_path)):
        open_source(small, **{kind: tmp_path})


def test_lonely_images_are_named_not_dropped(small, tmp_path):
    fill(tmp_path / "input", ["a.png", "b.png"])
    fill(tmp_path / "target", ["a.png"])
    with pytest.raises(IrlibError, match=r"b\.png"):
        open_source(small, pairs=tmp_path)
