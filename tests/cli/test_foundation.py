"""``irlib foundation``: list, train, evidence, card."""

import pytest
from typer.testing import CliRunner

from irlib import cli
from irlib.cli.foundation import app
from irlib.errors import UsageError
from irlib.foundation import sources
from irlib.ledger import read_record


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """An installation of its own, so that nothing that is shipped can be overwritten."""
    folder = tmp_path / "weights"
    monkeypatch.setattr(sources, "SHIPPED", folder)
    return folder


def test_train_writes_weights_records_and_a_card_and_list_shows_them(
    shipped, monkeypatch, tmp_path
):
    monkeypatch.setattr("irlib.ledger.files.ledger_root", lambda root=None: tmp_path / "results")
    done = call(
        *("train", "vgg", "--scale", "smoke", "--scenes", 0, "--run", tmp_path / "run"),
        *("--record", "vgg-pocket", "--ship", "--device", "cpu"),
    )
    assert done.exit_code == 0, done.exception
    assert (shipped / "vgg-pocket.safetensors").is_file()
    training = read_record("vgg-pocket/training", tmp_path / "results")
    evidence = read_record("vgg-pocket/evidence", tmp_path / "results")
    assert training.steps == 2
    assert training.recipe["name"] == "vgg"
    assert training.weights_sha256 == evidence.weights_sha256
    assert {"order", "order/untrained", "unit_length_order"} <= set(evidence.values)
    assert "order" in done.output

    shown = call("list").output
    assert "vgg: pocket: vgg-pocket" in shown
    assert "identity" in shown
    assert "clip: the pocket clip is not installed" in shown

    assert call("card", "vgg").exit_code == 0
    card = (shipped / "vgg-pocket.md").read_text(encoding="utf-8")
    assert f"{evidence.values['order']:.3f} | `vgg-pocket/evidence`" in card
    assert "nothing here is typed by hand" in card


def test_list_of_pretrained_says_what_is_missing_and_does_not_fail(monkeypatch):
    monkeypatch.setattr(sources, "find_cached", lambda published: None)
    done = call("list", "--source", "pretrained")
    assert done.exit_code == 0
    assert done.output.count("Ways on") == 3
    assert "timm/vgg16.tv_in1k" in done.output


def test_wrong_names_are_refused_before_the_long_part():
    assert isinstance(call("train", "clp").exception, UsageError)
    assert isinstance(call("evidence", "vgg16").exception, UsageError)
    refused = call("train", "clip", "--record", "Not A Name").exception
    assert isinstance(refused, UsageError)


def test_the_group_is_part_of_the_command(capsys):
    assert cli.run(["foundation", "train", "--help"]) == 0
    assert "--ship" in capsys.readouterr().out
