"""``irlib bench notebooks``: the record grows with each notebook and survives one that fails."""

import pytest

from irlib import cli, ledger
from irlib.bench.notebooks import NotebookRun
from irlib.errors import IrlibError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    def run(path, scale):
        if path.stem == "02-broken":
            raise IrlibError("02-broken.ipynb stopped")
        return NotebookRun(60.0, 30.0, 500_000_000)

    monkeypatch.setattr("irlib.bench.notebooks.run_notebook", run)
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    for name in ("01-a", "02-broken", "03-c"):
        (notebooks / f"{name}.ipynb").write_text("{}")
    return notebooks


def told(folder, *words):
    words = ["bench", "notebooks", "--notebooks", str(folder), *words]
    return cli.run([*words, "--record", "speed/notebooks", "--results", str(folder.parent)])


def test_a_notebook_that_fails_costs_only_itself(folder, capsys):
    assert told(folder, "--scale", "smoke") == 1
    assert "02-broken.ipynb stopped" in capsys.readouterr().err
    record = ledger.read_record("speed/notebooks", folder.parent)
    assert record.values["03-c/smoke_seconds"] == 60
    assert set(record.values) == {
        f"{name}/smoke_{what}"
        for name in ("01-a", "03-c")
        for what in ("seconds", "core_seconds", "bytes")
    }


def test_both_scales_are_the_default_and_the_command_is_kept(folder):
    assert told(folder, "--notebook", "03-c", "--notebook", "01-a") == 0
    record = ledger.read_record("speed/notebooks", folder.parent)
    assert {key.split("/")[1] for key in record.values} == {
        f"{scale}_{what}"
        for scale in ("smoke", "pocket")
        for what in ("seconds", "core_seconds", "bytes")
    }
    wanted = "irlib bench notebooks --notebook 01-a --notebook 03-c --record speed/notebooks"
    assert record.command == wanted


def test_an_unknown_scale_is_wrong_use(folder, capsys):
    assert told(folder, "--scale", "paper") == 2
    assert "scale to run notebooks at" in capsys.readouterr().err
