import pytest
import torch
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from typer.testing import CliRunner

from irlib import models
from irlib.cli.restore import restore
from irlib.data.images import read_image, write_image
from irlib.errors import UsageError


@pytest.fixture
def run(monkeypatch):
    """Runs ``irlib restore`` with a model that changes nothing."""
    monkeypatch.setattr(models, "load_weights", lambda _: nn.Identity(), raising=False)
    app = typer.Typer()
    app.command()(restore)

    def run_with(*words):
        return CliRunner().invoke(app, ["--device", "cpu", *map(str, words)])

    return run_with


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    write_image(path, torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(0)))
    return path


def test_a_photograph_is_restored(run, photo, tmp_path):
    result = run(photo, "--output", tmp_path / "out", "--tile", "none")
    assert result.exit_code == 0, result.output
    assert "1 restored" in result.output
    restored = read_image(tmp_path / "out" / "photo.png")
    assert torch.equal(restored.pixels, read_image(photo).pixels)


def test_a_second_run_keeps_what_is_there(run, photo, tmp_path):
    run(photo, "--output", tmp_path / "out")
    assert "1 were there already" in run(photo, "--output", tmp_path / "out").output


def test_a_bad_file_sets_the_exit_status_and_the_rest_goes_on(run, photo, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    result = run(bad, photo, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "bad.jpg" in result.output
    assert "1 restored" in result.output
    assert "1 failed" in result.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["photo.png"]


def test_a_second_file_of_one_name_is_announced(run, photo, tmp_path):
    (tmp_path / "more").mkdir()
    write_image(tmp_path / "more" / "photo.png", torch.zeros(3, 4, 4))
    result = run(photo, tmp_path / "more" / "photo.png", "--output", tmp_path / "out")
    assert "photo-2.png" in result.output
    assert (tmp_path / "out" / "photo-2.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing"], "no file or folder"),
        (["photo.png", "--output", "."], "would replace the input"),
        (["photo.png", "--tile", "large"], "'large'"),
        (["photo.png", "--tile", "40"], "twice the overlap"),
        (["photo.png", "--tile", "0"], "positive"),
        (["photo.png", "--tile-overlap", "-1"], "0 or more"),
        (["photo.png", "--device", "toaster"], "toaster"),
        (["photo.png", "--format", "gif"], "unknown format"),
    ],
)
def test_wrong_use_writes_nothing(run, photo, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_garbage_fails_file_by_file(run, tmp_path, contents):
    names = [f"{index}.png" for index in range(len(contents))]
    for name, content in zip(names, contents, strict=True):
        (tmp_path / name).write_bytes(content)
    result = run(*(tmp_path / name for name in names), "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert f"{len(contents)} failed" in result.output
    assert not (tmp_path / "out").exists()
