"""Foundation weights on disk: tensors only, in a trainer's wrapping or without."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from irlib.errors import IrlibError, UsageError
from irlib.foundation.checkpoints import (
    fill,
    read_header,
    read_state,
    require_kind,
    write_weights,
)


class Bomb:
    """Runs code when it is unpickled."""

    def __init__(self, witness: str) -> None:
        self.witness = witness

    def __reduce__(self):
        return open, (self.witness, "w")


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "teacher"])
def test_wrapping_and_prefixes_come_off(wrapper, tmp_path):
    state = {"module.a": torch.ones(2, dtype=torch.float16), "module.n": torch.tensor(3)}
    path = tmp_path / "weights.pt"
    torch.save({wrapper: state} if wrapper else state, path)
    read = read_state(path)
    assert set(read) == {"a", "n"}
    assert read["a"].dtype == torch.float32
    assert read["n"].dtype == torch.int64


def test_code_in_a_file_is_never_run(tmp_path):
    path, witness = tmp_path / "weights.pt", tmp_path / "witness"
    path.write_bytes(pickle.dumps({"a": Bomb(str(witness))}))
    with pytest.raises(IrlibError, match="irlib reads tensors only"):
        read_state(path)
    torch.save({"a": Bomb(str(witness))}, path)
    with pytest.raises(IrlibError, match="irlib reads tensors only"):
        read_state(path)
    assert not witness.exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_torchscript_archive_is_refused_with_a_way_on(tmp_path):
    path = tmp_path / "ViT.pt"
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    with pytest.raises(IrlibError, match=r"TorchScript program.*safetensors file of the same"):
        read_state(path)


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
def test_a_damaged_file_is_named(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"not a checkpoint at all")
    with pytest.raises(IrlibError, match=f"{name}"):
        read_state(path)


def test_what_is_no_tensor_is_named(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"a": torch.ones(1), "epoch": 3}, path)
    with pytest.raises(UsageError, match="'epoch', which is not a tensor"):
        read_state(path)
    torch.save([1, 2], path)
    with pytest.raises(UsageError, match="holds no tensors by name"):
        read_state(path)


def test_written_weights_come_back_with_their_facts(tmp_path):
    path = tmp_path / "folder" / "vgg.safetensors"
    write_weights(path, "vgg", {"a": torch.arange(3.0)}, {"widths": [1, 2]}, steps=7)
    header = read_header(path)
    assert header["model"] == "vgg"
    assert header["config"] == {"widths": [1, 2]}
    assert header["facts"] == {"steps": 7}
    assert torch.equal(read_state(path)["a"], torch.arange(3.0))
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with pytest.raises(UsageError, match="holds a vgg network, but clip was asked for"):
        require_kind(header, "clip", path)


def test_a_foreign_safetensors_file_has_no_header(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.ones(1)}, path)
    assert read_header(path) == {}
    require_kind({}, "clip", path)


def test_a_network_is_filled_exactly_or_not_at_all():
    network = nn.Linear(2, 3)
    with pytest.raises(UsageError) as caught:
        fill(network, {"weight": torch.ones(3, 1), "extra": torch.ones(1)}, "f.pt", "a line")
    for part in ("f.pt is not a line", "missing: bias", "unknown: extra", "given (3, 1)"):
        assert part in str(caught.value)
