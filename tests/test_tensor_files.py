"""Files of tensors: the same bytes for the same tensors, whatever order they were given in."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from safetensors import safe_open
from safetensors.torch import load_file

from irlib.errors import IrlibError, UsageError
from irlib.tensor_files import misfits, read_content, unwrap, write_tensors

TYPES = (torch.float32, torch.float16, torch.int64, torch.bool, torch.uint8)


def write(path, state, **facts):
    return write_tensors(
        path, state, kind="model", name="größe", config={"dim": 4, "heads": (1, 2)}, facts=facts
    )


def tensors():
    generator = torch.Generator().manual_seed(0)
    return {
        f"{name}.{i}": (8 * torch.rand(i + 1, 3, generator=generator)).to(kind)
        for name in ("b", "a")
        for i, kind in enumerate(TYPES)
    }


def test_equal_tensors_and_facts_are_equal_bytes(tmp_path):
    first = write(tmp_path / "0", tensors(), steps=3, note="ε").read_bytes()
    for i in range(1, 20):  # safetensors shuffles four entries anew each time
        shuffled = dict(reversed(tensors().items()))
        assert write(tmp_path / str(i), shuffled, steps=3, note="ε").read_bytes() == first
    assert write(tmp_path / "other", tensors(), steps=4, note="ε").read_bytes() != first


@given(
    shapes=st.lists(array_shapes(max_dims=3, max_side=5), max_size=5),
    kinds=st.lists(st.sampled_from(TYPES), min_size=5, max_size=5),
    note=st.text(max_size=20).filter(lambda text: text.isprintable()),
)
def test_what_is_written_is_read(tmp_path_factory, shapes, kinds, note):
    state = {
        f"{note}{i}": (9 * torch.rand(shape)).to(kind)
        for i, (shape, kind) in enumerate(zip(shapes, kinds, strict=False))
    }
    path = write(tmp_path_factory.mktemp("files") / "w.safetensors", state, note=note)
    read = load_file(path)
    assert read.keys() == state.keys()
    assert all(torch.equal(read[key], state[key]) for key in state)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert (metadata["model"], json.loads(metadata["facts"])) == ("größe", {"note": note})
    assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0


def test_channels_last_and_parts_of_tensors_are_written_plainly(tmp_path):
    image = torch.rand(2, 3, 4, 5)
    state = {"last": image.contiguous(memory_format=torch.channels_last), "part": image[:, 1:]}
    read = read_content(write(tmp_path / "w.safetensors", state))
    assert torch.equal(read["last"], image)
    assert torch.equal(read["part"], image[:, 1:])


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(IrlibError, match=r"cannot write the weights to .*w\.safetensors"):
        write(tmp_path / "file" / "w.safetensors", tensors())


def test_prefixes_come_off_in_any_order_and_number():
    state = {"net.module.net.a": torch.ones(1), "net.module.net.net.b": torch.ones(1)}
    assert unwrap({"model": state}, "it", ("model",), ("module.", "net.")).keys() == {"a", "net.b"}
    with pytest.raises(UsageError, match=r"it holds no tensors by name.* params or model\."):
        unwrap({"params": {}}, "it", ("params", "model"), ())


def test_misfits_are_counted_and_the_first_of_them_named():
    expected = {str(i): torch.zeros(2) for i in range(7)}
    assert misfits(expected, dict(expected)) == ""
    found = misfits(expected, {"6": torch.zeros(3), "x": torch.zeros(1)})
    assert found == (
        "6 missing: 0, 1, 2, 3, 4; 1 unknown: x; 1 of another shape: 6: given (3,), expected (2,)"
    )
