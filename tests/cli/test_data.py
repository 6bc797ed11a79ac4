"""``irlib data``: the table, the check and its exit status."""

from PIL import Image
from typer.testing import CliRunner

from irlib.cli.data import app
from irlib.data.benchmarks import list_benchmarks


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_list_names_every_benchmark():
    result = call("list")
    assert result.exit_code == 0
    for benchmark in list_benchmarks():
        assert benchmark.name in result.output
        assert str(benchmark.count) in result.output


def test_the_check_answers_with_its_exit_status(tmp_path):
    for side in ("input", "target"):
        (tmp_path / side).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / side / "1.png")
    assert call("check", tmp_path).exit_code == 0
    (tmp_path / "input" / "1.png").write_bytes(b"")
    result = call("check", tmp_path)
    assert result.exit_code == 1
    assert "unreadable: input/1.png is empty. To do: get this file again." in result.output
