"""Weights to start from: irlib's files, shipped names, and files as authors publish them."""

import pytest
import torch

from irlib import models
from irlib.errors import IrlibError, UsageError
from irlib.models.official_names import official_name
from irlib.models.starting_weights import load_start

IMAGE = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def published(model, path, wrapper="params"):
    """A network's weights as its authors would publish them."""
    if model.name == "nafnet":
        state = {official_name("nafnet", key): t for key, t in model.state_dict().items()}
    else:
        state = {
            key.replace("patch_embed.", "patch_embed.proj.")
            .replace(".attention.depthwise", ".attn.qkv_dwconv")
            .replace(".attention", ".attn")
            .replace(".feed_forward.depthwise", ".ffn.dwconv")
            .replace(".feed_forward", ".ffn")
            .replace(".norm1.", ".norm1.body.")
            .replace(".norm2.", ".norm2.body.")
            .replace(".conv.", ".body.0."): tensor
            for key, tensor in model.state_dict().items()
        }
    torch.save({wrapper: state}, path)
    return path


@pytest.fixture(params=["restormer", "nafnet"])
def plain(request):
    torch.manual_seed(0)
    return models.create(request.param, preset_name="smoke").eval()


@pytest.mark.parametrize("suffix", [".pth", ".ckpt", ".pt"])
def test_a_published_file_gives_its_network(plain, suffix, tmp_path):
    path = published(plain, tmp_path / f"theirs{suffix}", "state_dict")
    loaded = load_start(path, plain.name)
    assert loaded.name == plain.name
    assert torch.equal(loaded(IMAGE), plain(IMAGE))


def test_a_file_of_irlib_and_a_shipped_name_are_read_as_ever(plain, tmp_path):
    path = models.save_weights(plain, tmp_path / "ours.safetensors")
    assert torch.equal(load_start(path, plain.name)(IMAGE), plain(IMAGE))
    assert load_start("promptir-pocket", "promptir").name == "promptir"


def test_perceive_ir_starts_from_the_backbone_that_the_file_holds(plain, tmp_path):
    path = published(plain, tmp_path / "theirs.pth")
    assert load_start(path, "perceive-ir").name == plain.name
    assert load_start(path, "perceive-ir", plain.name).name == plain.name
    other = {"restormer": "nafnet", "nafnet": "restormer"}[plain.name]
    with pytest.raises(UsageError, match=f"not a checkpoint of {other}"):
        load_start(path, "perceive-ir", other)


def test_a_file_of_neither_backbone_is_refused(tmp_path):
    torch.save({"stranger.weight": torch.zeros(2)}, tmp_path / "theirs.pth")
    with pytest.raises(UsageError, match="not a checkpoint of restormer"):
        load_start(tmp_path / "theirs.pth", "perceive-ir")


class Dangerous:
    """An object whose unpickling would call a function."""

    def __reduce__(self):
        return exec, ("raise SystemExit('code of a checkpoint was run')",)


@pytest.mark.parametrize("name", ["restormer", "perceive-ir"])
def test_a_file_that_holds_code_is_refused_and_not_run(name, tmp_path):
    torch.save({"params": {}, "extra": Dangerous()}, tmp_path / "theirs.pth")
    with pytest.raises(IrlibError, match="reads tensors only"):
        load_start(tmp_path / "theirs.pth", name)


def test_a_missing_file_is_named():
    with pytest.raises(UsageError, match=r"nowhere\.pth"):
        load_start("nowhere.pth", "restormer")
