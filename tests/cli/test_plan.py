"""``irlib plan`` and ``irlib recipe``: what they print, and what they refuse."""

import re

import pytest

from irlib import ledger
from irlib.cli import run
from irlib.planning.measured import images_per_second
from irlib.training import recipe

PAPER = "all-in-one"


def test_a_plan_prints_what_it_found_and_what_it_assumed(capsys):
    words = ["plan", f"nafnet:{PAPER}", "--gpus", "8", "--device", "RTX 3090", "--per-hour", "2"]
    assert run(words) == 0
    said = capsys.readouterr().out
    assert f"nafnet, recipe {PAPER}: denoise, dehaze, derain, deblur, lowlight" in said
    assert "8 × GeForce RTX 3090" in said
    assert "17,111,907" in said
    for title in ("a step", "time", "energy", "money"):
        assert re.search(rf"^  {title} +\S", said, re.M), title
    hours = float(re.search(r"([\d,]+) GPU-hours", said)[1].replace(",", ""))
    rent = float(re.search(r"([\d,]+) where cards are rented", said)[1].replace(",", ""))
    assert rent == pytest.approx(2 * hours, abs=2)
    for option in ("--arithmetic", "--bandwidth", "--start", "--parallel", "--images-per-second"):
        assert option in said, option


def test_a_measured_speed_is_taken_and_named(capsys):
    assert run(["plan", f"nafnet:{PAPER}", "--gpus", "4", "--images-per-second", "16"]) == 0
    said = capsys.readouterr().out
    assert "0.5 s, decided by the measured speed" in said
    assert "--bandwidth" not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["plan", "promtir"], "did you mean 'promptir'"),
        (["plan", "promptir:relased"], "did you mean 'released'"),
        (["plan", "promptir", "--device", "h20"], "did you mean 'h200'"),
        (["plan", "promptir", "--gpus", "0"], "gpus is 0"),
        (["plan", "promptir", "--arithmetic", "nan"], "arithmetic is nan"),
        (["plan", "promptir", "--images-per-second", "inf"], "images_per_s is inf"),
        (["plan", "promptir", "--images-per-second", "1", "--record", "a"], "one is enough"),
        (["recipe", "show", "promtir"], "did you mean 'promptir'"),
    ],
)
def test_wrong_use_is_said(words, says, capsys):
    assert run(words) == 2
    assert says in capsys.readouterr().err


def timing(**changes):
    fields = {
        "name": "speed/some",
        "kind": "timing",
        "values": {"promptir/step_seconds_ours": 0.5},
        "command": "irlib bench models --preset paper --patch 64 --batch 8 --record speed/some",
    }
    return ledger.Record(**{**fields, **changes})


def test_the_speed_of_a_record_is_that_of_its_patches():
    # 16 patches of 64 a second are four of 128.
    assert images_per_second(timing(), recipe("promptir", "paper")) == 4.0


@pytest.mark.parametrize(
    ("changes", "model", "says"),
    [
        ({"kind": "training"}, "promptir", "holds no training step"),
        ({"values": {"psnr": 1.0}}, "promptir", "holds no training step"),
        ({"command": "irlib bench models --preset pocket"}, "promptir", "preset 'pocket'"),
        ({}, "dppd", "unknown network in speed/some"),
    ],
)
def test_records_of_something_else_are_refused(changes, model, says):
    from irlib.errors import UsageError

    with pytest.raises(UsageError, match=says):
        images_per_second(timing(**changes), recipe(model, "paper"))


def test_a_recipe_is_shown_beside_the_others(capsys):
    assert run(["recipe", "show", "perceive-ir", "--scale", "paper"]) == 0
    said = capsys.readouterr().out
    assert "perceive-ir, scale paper, recipe released" in said
    for words in ("500,000", "256 × 256", "RESIDE OTS (72,135)", "× 360", "bf16-mixed", "RTX 3090"):
        assert words in said, words
    beside = said.partition("recipe paper has instead:")[2]
    assert "128 × 128, 6 a step" in beside
    assert "(not 256 × 256, 8 a step)" in beside
    assert "their hardware" not in beside
    assert "100,000 steps of 32 triplets" in said
    assert re.search(r"medium images +two restormers, .* 100,000 steps of 4", beside)


def test_stages_and_levels_are_shown(capsys):
    assert run(["recipe", "show", "restormer", "--scale", "paper", "--tasks", "denoise"]) == 0
    said = capsys.readouterr().out
    assert "from step 276,000: 384 × 384, 8 a step" in said
    assert "noise 0 to 50, not rounded" in said
    assert "mixup 1.2" in said


def test_small_scales_have_one_recipe(capsys):
    assert run(["recipe", "show", "dfpir", "--scale", "pocket"]) == 0
    said = capsys.readouterr().out
    assert "embedded; turns: denoise 2, deblur 2" in said
    assert "has instead" not in said
    assert "their hardware" not in said


def test_every_recipe_is_listed(capsys):
    assert run(["recipe", "list"]) == 0
    said = capsys.readouterr().out
    assert "restormer    released, paper, all-in-one" in said
