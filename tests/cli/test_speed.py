"""``irlib speed``: measured in turns, told or recorded."""

import json

from irlib import cli, ledger


def test_quick_prints_numbers_and_writes_a_record(tmp_path, capsys):
    arguments = ["speed", "--quick", "--pairs", "5", "--rounds", "1", "--json"]
    assert cli.run([*arguments, "--record", "speed/here", "--results", str(tmp_path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    record = ledger.read_record("speed/here", tmp_path)
    assert record.kind == "timing"
    assert record.values == printed["values"]
    assert record.device == printed["device"]
    assert all(value > 0 for value in record.values.values())


def test_wrong_use_is_told_before_the_long_part(tmp_path, capsys):
    assert cli.run(["speed", "--rounds", "0"]) == 2
    assert "--rounds 0" in capsys.readouterr().err
    assert cli.run(["speed", "--record", "Not A Name", "--results", str(tmp_path)]) == 2
