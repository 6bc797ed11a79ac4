"""``irlib bench``: measured in turns, told or recorded."""

import json

import pytest

from irlib import cli, ledger


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", "--pairs", "5", "--rounds", "1", "--workers", "1", "--tree", "40"],
        ["models", "--model", "restormer"],
    ],
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


def test_variants_are_printed_and_recorded(tmp_path, capsys, monkeypatch):
    asked = []

    def measured(plan):
        asked.append(plan)
        words = ("ratio", "gain", "seconds", "share", "memory_ratio", "bytes")
        both = [f"{w}_{way}" for w in ("seconds", "share", "bytes") for way in ("ours", "plain")]
        values = {
            f"{kind}_{word}": 2.0
            for kind in ("forward", "step")
            for word in ("ratio", "memory_ratio", *both)
        }
        values |= {
            f"{name}/{kind}_{word}": 3.0
            for name in plan.variants
            for kind in ("forward", "step")
            for word in (words if "compiled" not in name else words[:4])
        }
        timed = ("forward_ratio", "step_ratio", "_gain")
        return values, {key: [value] for key, value in values.items() if key.endswith(timed)}

    monkeypatch.setattr("irlib.bench.networks.measure_model", measured)
    monkeypatch.setattr("irlib.models.compiling.require_compiler", lambda device: None)
    words = ["models", "--model", "nafnet", "--quick", "--precision", "bf16", "--compile"]
    words += ["--channels-last", "--record", "speed/variants", "--results", str(tmp_path)]
    assert cli.run(["bench", *words]) == 0
    printed = capsys.readouterr().out
    record = ledger.read_record("speed/variants", tmp_path)
    assert asked[0].variants == ("plain-channels-last", "bf16", "compiled", "bf16-compiled")
    for name in asked[0].variants:
        assert f"  {name} " in printed
        assert record.values[f"nafnet/{name}/step_gain"] == 3
        assert f"nafnet/{name}/forward_gain" in record.spread
    assert "3.00 (3.00-3.00) times ours" in printed
    assert record.command.endswith(
        "--precision bf16 --compile --channels-last --record speed/variants"
    )
    assert "bf16-compiled" in record.notes


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["data", "--rounds", "0"], "--rounds 0"),
        (["data", "--record", "Not A Name"], "Not A Name"),
        (["models", "--batch", "0"], "--batch 0"),
        (["models", "--model", "restomer"], "did you mean 'restormer'"),
        (["models", "--preset", "large"], "large"),
        (["models", "--size", "100"], "multiples of 16"),
        (["models", "--precision", "bf61"], "did you mean 'bf16'"),
        (["models", "--device", "tpu"], "tpu"),
    ],
)
def test_wrong_use_is_told_before_the_long_part(arguments, told, capsys):
    assert cli.run(["bench", *arguments]) == 2
    assert told in capsys.readouterr().err
