"""Medium images come from the network that has not seen the image."""

import json

import pytest
import torch
from torch import nn

from irlib import models
from irlib.errors import UsageError
from irlib.perceiver.medium import (
    FoldPairs,
    load_medium,
    medium_folder,
    medium_recipe,
    read_medium,
    render_medium,
    train_medium,
)
from irlib.perceiver.sources import EmbeddedSource

TASKS = ("denoise", "derain")


@pytest.fixture(scope="module")
def source() -> EmbeddedSource:
    return EmbeddedSource(TASKS, side=32, cuts=1, scenes=2, photographs=4)


class Paint(nn.Module):
    """Answers every image with one grey."""

    multiple = 1

    def __init__(self, grey: float) -> None:
        super().__init__()
        self.grey = nn.Parameter(torch.tensor(grey))

    def forward(self, images):
        return torch.zeros_like(images) + self.grey


def test_a_fold_trains_on_its_own_samples_only(source):
    for fold in (0, 1):
        data = FoldPairs(source, fold, patch=16)
        assert {source.samples[i].fold for i in data.list} == {fold}
    both = set(FoldPairs(source, 0).list), set(FoldPairs(source, 1).list)
    assert not both[0] & both[1]
    assert both[0] | both[1] == set(range(len(source)))


def test_an_epoch_lists_samples_as_often_as_told(source):
    data = FoldPairs(source, 0, repetition={"derain": 3})
    for task, often in (("denoise", 1), ("derain", 3)):
        own = [i for i in data.list if source.samples[i].task == task]
        assert len(own) == often * len(set(own))


def test_samples_are_a_function_of_their_position(source):
    data, again = (FoldPairs(source, 0, patch=16) for _ in range(2))
    for position in (3, len(data) + 1, 0):
        one, other = data[position], again[position]
        assert all(torch.equal(one[key], other[key]) for key in one)
    assert data[0, 24]["degraded"].shape == (3, 24, 24)


def test_degraded_and_target_are_cut_and_flipped_alike():
    class Equal(EmbeddedSource):
        def pair(self, index, generator=None):
            clean = self._clean(index)
            return clean, clean

    data = FoldPairs(Equal(("derain",), side=32, cuts=1, scenes=2, photographs=4), 0, patch=16)
    for position in range(8):
        assert torch.equal(data[position]["degraded"], data[position]["target"])


def test_an_empty_fold_is_told():
    one = EmbeddedSource(("derain",), side=32, cuts=1, scenes=0, photographs=1)
    with pytest.raises(UsageError, match="is empty"):
        FoldPairs(one, 1 - one.samples[0].fold)


def test_each_image_is_restored_by_its_own_folds_network(source, tmp_path):
    greys = (51 / 255, 204 / 255)
    files = render_medium(source, [Paint(g) for g in greys], tmp_path, progress=False)
    for sample, file in zip(source.samples, files, strict=True):
        image = read_medium(file)
        assert image.shape == (3, 32, 32)
        assert float(image.mean()) == pytest.approx(greys[sample.fold], abs=1e-6)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest == source.manifest()


def test_rendered_images_are_kept_and_other_networks_get_another_folder(source, tmp_path):
    networks = [Paint(0.2), Paint(0.8)]
    folder = medium_folder(tmp_path, source, networks)
    files = render_medium(source, networks, folder, progress=False)
    before = [file.stat().st_mtime_ns for file in files]
    assert [f.stat().st_mtime_ns for f in render_medium(source, networks, folder)] == before
    assert medium_folder(tmp_path, source, [Paint(0.2), Paint(0.7)]) != folder


def test_the_recipe_of_the_released_code():
    recipe = medium_recipe("paper")
    assert (recipe.patch, recipe.batch, recipe.steps, recipe.loss) == (128, 4, 20_000, "l1")
    assert (recipe.rate, recipe.floor, recipe.weight_decay) == (2e-4, 1e-6, 0.01)
    assert recipe.turns == {"denoise": 3, "dehaze": 1, "derain": 120, "deblur": 50, "lowlight": 40}
    assert recipe.learning_rate(0) == pytest.approx(2e-4)
    assert recipe.learning_rate(20_000) == pytest.approx(1e-6)


def test_finished_networks_are_kept_and_other_data_is_refused(source, tmp_path):
    recipe = medium_recipe("smoke", TASKS, steps=1, batch=2, patch=16, precision="32-true")
    files = train_medium(source, tmp_path, recipe, accelerator="cpu", progress=False)
    assert [file.parent.name for file in files] == ["fold-0", "fold-1"]
    before = [file.stat().st_mtime_ns for file in files]
    again = train_medium(source, tmp_path, recipe, accelerator="cpu", progress=False)
    assert [file.stat().st_mtime_ns for file in again] == before
    networks = load_medium(tmp_path)
    assert not any(p.requires_grad for network in networks for p in network.parameters())
    with pytest.raises(UsageError, match="irlib prompts train"):
        load_medium(tmp_path / "elsewhere")
    other = EmbeddedSource(TASKS, side=32, cuts=1, scenes=3, photographs=4)
    with pytest.raises(UsageError, match="--medium"):
        train_medium(other, tmp_path, recipe, accelerator="cpu", progress=False)


def test_other_networks_can_make_medium_images():
    recipe = medium_recipe("smoke", TASKS, "promptir")
    assert recipe.model == "promptir"
    assert recipe.config == models.preset("promptir", "smoke")
    with pytest.raises(UsageError, match="did you mean 'restormer'"):
        medium_recipe("smoke", TASKS, "restromer")


@pytest.mark.parametrize("model", ["airnet", "dppd", "nafnet", "pivpnet", "promptir"])
def test_any_blind_network_can_make_medium_images(source, tmp_path, model):
    """Table X of Perceive-IR tries AirNet and PromptIR; what they learn besides is left out."""
    recipe = medium_recipe("smoke", TASKS, model, steps=1)
    for file in train_medium(source, tmp_path, recipe, accelerator="cpu", progress=False):
        assert models.read_header(file)["model"] == model
