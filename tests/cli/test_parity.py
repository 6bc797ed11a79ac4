"""``irlib parity`` and ``irlib models`` print their tables; a difference gives exit status 1."""

import dataclasses

import pytest
import typer
from typer.testing import CliRunner

from irlib import models
from irlib.cli.models import app as models_app
from irlib.cli.parity import parity
from irlib.errors import UsageError
from irlib.ledger import read_record
from irlib.models import parity as comparison

RESULT = comparison.ParityResult("restormer", "restormer_full_formula", 26_126_644, 4e-7)


@pytest.mark.parametrize(
    ("difference", "layer", "status", "words"),
    [
        (4e-7, None, 0, "1 of 1 within 1e-05"),
        (3e-2, "latent", 1, "DIFFERS, first in latent"),
        (float("inf"), None, 1, "DIFFERS"),
    ],
)
def test_verdict_and_exit_status(monkeypatch, difference, layer, status, words):
    result = dataclasses.replace(RESULT, difference=difference, first_differing_layer=layer)
    monkeypatch.setattr(comparison, "compare_all", lambda folder: [result])
    app = typer.Typer()
    app.command()(parity)
    answer = CliRunner().invoke(app)
    assert answer.exit_code == status
    assert words in answer.output
    assert "26,126,644" in answer.output


def test_fixtures_of_no_model_are_named(monkeypatch):
    monkeypatch.setattr(comparison, "compare_all", lambda folder: [RESULT])
    monkeypatch.setattr(comparison, "skipped_fixtures", lambda folder: ["someone_full", "else"])
    app = typer.Typer()
    app.command()(parity)
    answer = CliRunner().invoke(app)
    assert answer.exit_code == 0
    assert "skipped, of no model that irlib has: someone_full, else" in answer.output


def test_a_comparison_is_recorded(monkeypatch, tmp_path):
    monkeypatch.setattr(comparison, "compare_all", lambda folder: [RESULT])
    app = typer.Typer()
    app.command()(parity)
    given = ["--record", "parity/mine", "--results", str(tmp_path)]
    answer = CliRunner().invoke(app, given)
    assert answer.exit_code == 0, answer.output
    record = read_record("parity/mine", tmp_path)
    assert record.values == {"compared": 1, "equal": 1}
    assert record.command == "irlib parity --record parity/mine"


def test_a_run_of_the_authors_code_is_not_recorded(tmp_path):
    app = typer.Typer()
    app.command()(parity)
    given = ["--record", "parity/mine", "--upstream", str(tmp_path)]
    answer = CliRunner().invoke(app, given)
    assert isinstance(answer.exception, UsageError)


def test_models_are_listed_with_their_counts():
    answer = CliRunner().invoke(models_app, ["list"])
    assert answer.exit_code == 0
    assert "35,376,967" in answer.output
    assert "26,126,644" in answer.output
    assert "17,111,907" in answer.output


def test_a_weights_file_says_what_it_holds(tmp_path):
    path = models.save_weights(
        models.create("promptir", preset_name="smoke"), tmp_path / "w.safetensors", steps=400
    )
    answer = CliRunner().invoke(models_app, ["show", str(path)])
    assert answer.exit_code == 0
    assert "promptir" in answer.output
    assert "400" in answer.output
