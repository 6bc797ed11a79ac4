"""Weights files hold all that is needed to build the network, and are written whole."""

import pytest
import torch
from safetensors.torch import save_file

from irlib import models
from irlib.errors import IrlibError, UsageError


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return models.create("promptir", preset_name="smoke")


def test_round_trip(model, tmp_path):
    path = models.save_weights(model, tmp_path / "new" / "w.safetensors", steps=3, seed=1)
    loaded = models.load_weights(path)
    assert not loaded.training
    assert loaded.config == model.config
    assert models.read_header(path)["facts"] == {"steps": 3, "seed": 1}
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(image), model(image))
    assert [file.name for file in path.parent.iterdir()] == ["w.safetensors"]


def test_equal_weights_and_facts_are_equal_bytes(model, tmp_path):
    paths = [
        models.save_weights(copy, tmp_path / name, steps=3, seed=1)
        for name, copy in (("a", model), ("b", models.create("promptir", **model.config)))
    ]
    assert paths[0].read_bytes() != paths[1].read_bytes()
    again = models.create("promptir", **model.config)
    again.load_state_dict(model.state_dict())
    path = models.save_weights(again, tmp_path / "c", steps=3, seed=1)
    assert path.read_bytes() == paths[0].read_bytes()


def test_failed_write_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = models.save_weights(model, tmp_path / "w.safetensors", steps=1)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("irlib.tensor_files.save", full)
    with pytest.raises(IrlibError, match="No space left"):
        models.save_weights(model, path, steps=2)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]


def test_filling_a_network_checks_its_name_and_width(model, tmp_path):
    path = models.save_weights(model, tmp_path / "w.safetensors")
    other = models.create("promptir", preset_name="smoke")
    assert models.load_weights(path, into=other) is other
    with pytest.raises(UsageError, match="weights of promptir, but restormer"):
        models.load_weights(path, into=models.create("restormer", preset_name="smoke"))
    with pytest.raises(UsageError, match="dim=16"):
        models.load_weights(path, into=models.create("promptir", preset_name="smoke", dim=16))
    with pytest.raises(UsageError, match="but restormer was asked for"):
        models.require(other, "restormer", path)


def test_foreign_files_point_to_the_official_loader(tmp_path):
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(1)}, foreign)
    checkpoint = tmp_path / "theirs.pth"
    checkpoint.write_bytes(b"anything")
    for path in (foreign, checkpoint):
        with pytest.raises(UsageError, match="load_official"):
            models.load_weights(path)


def test_damaged_and_missing_files(tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"\x00" * 40)
    with pytest.raises(IrlibError, match="damaged"):
        models.load_weights(damaged)
    with pytest.raises(UsageError, match="no weights at"):
        models.load_weights(tmp_path / "missing.safetensors")
    with pytest.raises(UsageError, match="unknown weights"):
        models.load_weights("promptir-pockett")
