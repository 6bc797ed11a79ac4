"""Where training samples come from: each source opens, notes itself, and refuses what it cannot."""

from dataclasses import replace

import pytest
import torch

from irlib.data.embedded import EmbeddedPairs
from irlib.data.images import write_image
from irlib.data.mixing import MixedPairs
from irlib.degradations import FIVE_TASKS
from irlib.errors import IrlibError, UsageError
from irlib.training import recipe, sources
from irlib.training.sources import TRAINING_SETS, open_source


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


def test_the_benchmarks_of_a_paper_recipe(tmp_path, monkeypatch):
    sets = {"denoise": ("bsd400",), "derain": ("raintrainl",)}
    monkeypatch.setattr(sources, "TRAINING_SETS", sets)
    images = fill(tmp_path / "images", ["1.png"])

    class Set:
        def __init__(self, name):
            self.name = name

        def pairs(self, root):
            from irlib.data.pairing import Pair

            assert root == tmp_path
            degraded = None if self.name == "bsd400" else images / "1.png"
            return [Pair("1", degraded, images / "1.png")]

    monkeypatch.setattr(sources, "get_benchmark", Set)
    paper = recipe("promptir", "paper", tasks=("denoise", "derain"), patch=16)
    _, samples = open_source(paper, data=tmp_path)
    assert len(samples) == 9 + 120
    assert samples.first_mode == 1, "PromptIR's code never leaves a patch unturned"
    restormer = recipe("restormer", "paper", tasks=("derain",), patch=16)
    _, samples = open_source(restormer, data=tmp_path)
    assert samples.first_mode == 0


def test_every_task_has_training_sets_that_exist():
    from irlib.data.benchmarks import get_benchmark

    assert set(TRAINING_SETS) == set(FIVE_TASKS)
    for name in (name for names in TRAINING_SETS.values() for name in names):
        assert get_benchmark(name).name == name


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
