"""``irlib export onnx``: a file written, and wrong uses answered."""

import pytest

from irlib import cli


def test_a_shipped_network_becomes_a_file(tmp_path, capsys):
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    out = tmp_path / "pocket.onnx"
    assert cli.run(["export", "onnx", "promptir-pocket", "--out", str(out)]) == 0
    assert "largest difference from PyTorch" in capsys.readouterr().out
    assert out.stat().st_size > 1e6


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["promptir-pocket", "--size", "large"], "HEIGHTxWIDTH"),
        (["airnet-equal"], "cannot be exported to ONNX"),
        (["instructir-equal"], "--task"),
    ],
)
def test_wrong_use_is_answered(words, answer, tmp_path, capsys):
    assert cli.run(["export", "onnx", *words, "--out", str(tmp_path / "x.onnx")]) == 2
    assert answer in capsys.readouterr().err


def test_a_folder_is_no_file_to_write(tmp_path, capsys):
    assert cli.run(["export", "onnx", "promptir-pocket", "--out", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
