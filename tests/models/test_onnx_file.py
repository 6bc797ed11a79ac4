"""ONNX files: what they compute, what they say of themselves, and which networks have none."""

import pytest
import torch

from irlib import models
from irlib.errors import IrlibError, UsageError
from irlib.models import onnx_file

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra export is not installed")


def small(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return models.create(name, preset_name="smoke").eval()


def restored_by(path, image: torch.Tensor) -> torch.Tensor:
    session = onnxruntime.InferenceSession(str(path))
    return torch.from_numpy(session.run(None, {"degraded": image.numpy()})[0])


@pytest.mark.parametrize("name", ["promptir", "nafnet", "restormer"])
def test_a_file_takes_other_sizes_than_those_it_was_checked_at(name, tmp_path, generator):
    network = small(name)
    path = tmp_path / "new" / f"{name}.onnx"
    assert onnx_file.export_onnx(network, path) <= onnx_file.TOLERANCE
    for height, width in [(64, 64), (40, 136)]:
        image = torch.rand(1, 3, height, width, generator=generator)
        with torch.no_grad():
            expected = network(image)
        torch.testing.assert_close(restored_by(path, image), expected, rtol=0, atol=1e-4)


def test_a_file_says_what_it_holds(tmp_path):
    path = tmp_path / "nafnet.onnx"
    onnx_file.export_onnx(small("nafnet"), path, size=(32, 48), facts={"weights": "mine"})
    header = onnx_file.read_onnx_header(path)
    assert (header["model"], header["size"], header["multiple"]) == ("nafnet", "32x48", "16")
    assert header["facts"] == '{"weights": "mine"}'


def test_what_cannot_be_exported_says_why_and_leaves_no_file(tmp_path):
    with pytest.raises(UsageError, match="deformable convolution"):
        onnx_file.export_onnx(small("airnet"), tmp_path / "airnet.onnx")
    with pytest.raises(UsageError, match=r"one size only.*--size"):
        onnx_file.export_onnx(small("dfpir"), tmp_path / "dfpir.onnx")
    with pytest.raises(UsageError, match="multiples of 8"):
        onnx_file.export_onnx(small("promptir"), tmp_path / "promptir.onnx", size=(30, 32))
    assert not list(tmp_path.iterdir())


def test_a_file_that_computes_something_else_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "TOLERANCE", -1.0)
    with pytest.raises(IrlibError, match="something else"):
        onnx_file.export_onnx(small("restormer"), tmp_path / "restormer.onnx")
    assert not list(tmp_path.iterdir())
