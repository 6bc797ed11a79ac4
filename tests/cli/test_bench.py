"""``irlib bench``: measured in turns, told or recorded."""

import json

import pytest

from irlib import cli, ledger


@pytest.mark.parametrize(
    "arguments",
    [["data", "--pairs", "5", "--rounds", "1"], ["models", "--model", "restormer"]],
    ids=["data", "models"],
)
def test_quick_prints_numbers_and_writes_a_record(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("irlib.bench.networks.peak_bytes", lambda *_: 1)  # no fresh processes here
    told = ["--quick", "--json", "--record", "speed/here", "--results", str(tmp_path)]
    assert cli.run(["bench", *arguments, *told]) == 0
    printed = json.loads(capsys.readouterr().out)
    record = ledger.read_record("speed/here", tmp_path)
    assert record.kind == "timing"
    assert record.values == printed["values"]
    assert record.spread == printed["spread"]
    assert record.device == printed["device"]
    assert all(value > 0 for value in record.values.values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["data", "--rounds", "0"], "--rounds 0"),
        (["data", "--record", "Not A Name"], "Not A Name"),
        (["models", "--batch", "0"], "--batch 0"),
        (["models", "--model", "restomer"], "did you mean 'restormer'"),
        (["models", "--preset", "large"], "large"),
        (["models", "--size", "100"], "multiples of 16"),
    ],
)
def test_wrong_use_is_told_before_the_long_part(arguments, told, capsys):
    assert cli.run(["bench", *arguments]) == 2
    assert told in capsys.readouterr().err
