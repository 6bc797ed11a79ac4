"""``irlib parity`` and ``irlib models`` print their tables; a difference gives exit status 1."""

import dataclasses

import pytest
import typer
from typer.testing import CliRunner

from irlib import models
from irlib.cli.models import app as models_app
from irlib.cli.parity import parity
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
