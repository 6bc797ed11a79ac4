"""``irlib ledger``: show and verify."""

import dataclasses

import pytest
from typer.testing import CliRunner

from irlib.cli.ledger import app
from irlib.errors import IrlibError, UsageError
from irlib.ledger import Record, read_record, write_record


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_show_and_verify(tmp_path):
    path = write_record(Record(name="a/b", values={"psnr": 28.5}), tmp_path)
    assert "a/b: psnr 28.5" in call("show", "--results", tmp_path).output
    assert "psnr: 28.5000" in call("show", "a/b", "--results", tmp_path).output
    assert call("verify", "--results", tmp_path).exit_code == 0
    path.write_text(path.read_text().replace("28.5", "29.5"))
    assert isinstance(call("verify", "--results", tmp_path).exception, IrlibError)


CHEAP = "checks/promptir-pocket-derain"


def test_a_cheap_record_of_the_book_can_be_measured_again(root):
    result = call("verify", "--rerun", CHEAP, "--results", root / "book" / "results")
    assert result.exit_code == 0, result.exception
    assert f"{CHEAP}: the same" in result.output


def test_a_record_that_cannot_be_repeated_is_a_failure(root, tmp_path, monkeypatch):
    stored = read_record(CHEAP, root / "book" / "results")

    def repeated(words):
        write_record(stored, words[words.index("--results") + 1])
        return 0

    monkeypatch.setattr("irlib.cli.run", repeated)
    values = {**stored.values, "psnr": stored.values["psnr"] + 1}
    write_record(dataclasses.replace(stored, values=values), tmp_path)
    result = call("verify", "--rerun", "--results", tmp_path)
    assert isinstance(result.exception, IrlibError)
    assert "could not be repeated" in str(result.exception)


def test_a_record_measured_on_other_weights_is_a_failure(root, tmp_path):
    stored = read_record(CHEAP, root / "book" / "results")
    write_record(dataclasses.replace(stored, weights_sha256="0" * 64), tmp_path)
    assert "other weights" in str(call("verify", "--results", tmp_path).exception)


def test_a_name_without_rerun_is_wrong_use(tmp_path):
    assert isinstance(call("verify", "a/b", "--results", tmp_path).exception, UsageError)


def test_the_tables_are_counted_without_any_record(tmp_path):
    lines = call("tables", "--results", tmp_path).output.splitlines()
    counted = dict(line.split(": ", 1) for line in lines)
    assert counted["perceive-ir/table-01"] == "nothing is asked"
    assert counted["perceive-ir/table-06"].endswith(" not run")
    assert "," not in counted["perceive-ir/table-06"]


@pytest.mark.parametrize("command", ["show", "verify", "tables"])
def test_a_folder_that_is_not_there_does_not_pass_for_an_empty_ledger(command, tmp_path):
    wrong = call(command, "--results", tmp_path / "typed-wrongly").exception
    assert isinstance(wrong, UsageError)
    assert "no such folder" in str(wrong)
