"""What is declared for the printed tables: every cell exists, every command can be typed."""

from dataclasses import replace
from itertools import takewhile

import pytest

from irlib import ledger, models
from irlib.data.benchmarks import get_benchmark
from irlib.errors import UsageError
from irlib.evaluation.embedded import embedded_tasks
from irlib.ledger.paper_tables import paper_table
from irlib.planning import recipe_of
from irlib.reproduce import (
    Reproduction,
    comparisons_of_our_own,
    reproduction,
    reproductions,
)
from irlib.reproduce.ablations import WEIGHTS
from irlib.reproduce.measurements import EMBEDDED, embedded, embedded_value, on_benchmark
from irlib.reproduce.work import expected_recipe

SCALES = ("smoke", "pocket", "paper")


def everywhere() -> list[Reproduction]:
    return [reproduction(table, scale) for table in reproductions() for scale in SCALES]


def training_of(table: str, row: str, scale: str = "pocket"):
    (found,) = {c.training for c in reproduction(table, scale).cells if c.row == row}
    return found


@pytest.mark.parametrize("table", reproductions())
def test_every_cell_answers_a_printed_number(table):
    printed = paper_table(table)
    for scale in SCALES:
        declared = reproduction(table, scale)
        for cell in declared.cells:
            assert printed.value(cell.row, cell.column) is not None, cell
        assert set(declared.rows).isdisjoint(declared.absent)
        if declared.cells:
            assert {*declared.rows, *declared.absent} == {row.key for row in printed.rows}
            assert all(declared.absent.values())
        else:
            assert declared.note


@pytest.mark.parametrize("table", reproductions())
def test_every_number_of_a_system_of_the_library_has_a_cell(table):
    printed, declared = paper_table(table), reproduction(table, "paper")
    answered = {(cell.row, cell.column) for cell in declared.cells}
    known = [row.key for row in printed.rows if row.key in models.list_models()]
    for row in known:
        if row in declared.absent or not declared.cells:
            continue
        for column in printed.columns:
            asked = column.kind in ("measured", "average") and column.benchmark is not None
            if asked and printed.value(row, column.key) is not None:
                assert (row, column.key) in answered


def test_a_comparison_has_the_row_that_others_are_compared_with():
    for declared in everywhere():
        assert declared.reference is None or declared.reference in declared.rows


def test_at_scale_paper_nothing_stands_for_anything_else():
    for declared in everywhere():
        for cell in declared.cells:
            paper = declared.scale == "paper"
            assert not (paper and cell.stands_for)
            assert not (paper and "--embedded" in cell.measurement.arguments)
            words = cell.training.arguments
            assert words[words.index("--scale") + 1] == declared.scale
            assert cell.training.name.startswith(
                "" if declared.scale == "pocket" else f"{declared.scale}/"
            )


def test_names_are_names_of_records_and_each_means_one_training(tmp_path):
    meant: dict[str, tuple] = {}
    for declared in everywhere():
        for training in declared.trainings:
            ledger.record_path(training.record(0), tmp_path)
            words = (training.model, training.arguments)
            assert meant.setdefault(training.name, words) == words
        for cell in declared.cells:
            for part, _ in cell.parts:
                ledger.record_path(part.record(cell.training, 0), tmp_path)
                words = (*meant[cell.training.name], part.arguments)
                assert meant.setdefault(part.record(cell.training, 0), words) == words
    # A few steps of scale smoke are the same few steps for every table.
    of_size = {name: words for name, words in meant.items() if not name.startswith("smoke/")}
    trainings = [words for words in of_size.values() if len(words) == 2]
    assert len(set(trainings)) == len(trainings), "one training under two names is run twice"


def test_every_training_has_a_recipe_and_every_measurement_its_images():
    trainings = {training for declared in everywhere() for training in declared.trainings}
    for training in trainings:
        recipe = recipe_of(training.model, training.arguments)
        assert recipe.model == training.model
        assert (training.minutes == 0) == (recipe.scale == "paper")
    parts = {part for d in everywhere() for cell in d.cells for part, _ in cell.parts}
    for part in parts:
        if part.needs_data:
            assert get_benchmark(part.needs_data)
        elif "--tasks" in part.arguments:
            words = part.arguments[part.arguments.index("--tasks") + 1 :]
            embedded_tasks(list(takewhile(lambda word: not word.startswith("--"), words)))


def test_an_unknown_table_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="perceive-ir/table-06"):
        reproduction("perceive-ir/table-6")
    with pytest.raises(UsageError, match="pocket"):
        reproduction("perceive-ir/table-06", "poket")


def test_the_full_network_is_trained_once_for_five_tables():
    rows = {"table-06": "j", "table-07": "h", "table-08": "i", "table-10": "restormer"}
    full = {training_of(f"perceive-ir/{table}", row) for table, row in rows.items()}
    assert full | {training_of("perceive-ir/fig-08", "e")} == {
        training_of("perceive-ir/table-06", "j")
    }


def test_without_prompts_is_without_the_loss_of_the_prompts():
    """The paper prints this training twice: as row h of Table VI and as row e of Table VII."""
    sixth = training_of("perceive-ir/table-06", "h")
    assert training_of("perceive-ir/table-07", "e") == sixth
    words = ["--without-loss" if word == "--without" else word for word in sixth.arguments]
    words[words.index("prompts")] = "clip"
    assert recipe_of("perceive-ir", words) == recipe_of("perceive-ir", sixth.arguments)


def test_the_first_row_of_the_parts_is_the_plain_backbone():
    training = training_of("perceive-ir/table-06", "a")
    recipe = recipe_of(training.model, training.arguments)
    assert (recipe.weights.cl, recipe.weights.clip, recipe.weights.dpl) == (0, 0, 0)
    assert not recipe.second_crop
    plain = models.create("restormer", preset_name="pocket")
    network = models.create("perceive-ir", **{**recipe.config, **models.arguments_like(plain)})
    tensors = {tuple(p.shape) for p in network.parameters()}
    assert tensors == {tuple(p.shape) for p in plain.parameters()}
    assert len(list(network.parameters())) == len(list(plain.parameters()))


@pytest.mark.parametrize("row", "bcdefghij")
def test_a_row_of_the_parts_has_the_parts_that_the_paper_ticks(row):
    settings = paper_table("perceive-ir/table-06").row(row).settings
    training = training_of("perceive-ir/table-06", row)
    recipe = recipe_of(training.model, training.arguments)
    assert (recipe.weights.clip > 0) == settings["prompt"]
    assert recipe.config["use_semantics"] == settings["dino-v2"]
    assert recipe.config["use_code"] == settings["cfe"]
    assert (recipe.config["pgca"] != "none") == settings["pgm"]
    assert (recipe.weights.cl > 0) == settings["cfe"], "no code, nothing to contrast"


@pytest.mark.parametrize("row", "abcdefgh")
def test_a_row_of_the_losses_has_the_losses_that_the_paper_ticks(row):
    settings = paper_table("perceive-ir/table-07").row(row).settings
    training = training_of("perceive-ir/table-07", row)
    weights = recipe_of(training.model, training.arguments).weights
    for name in ("clip", "dpl", "cl"):
        assert (getattr(weights, name) > 0) == settings[f"l-{name}"]


@pytest.mark.parametrize("row", "abcdefghi")
def test_the_sweep_keeps_the_papers_ratios(row):
    settings = paper_table("perceive-ir/fig-08").row(row).settings
    for scale in ("pocket", "paper"):
        training = training_of("perceive-ir/fig-08", row, scale)
        weights = recipe_of(training.model, training.arguments).weights
        for loss, (column, own, small) in WEIGHTS.items():
            expected = settings[column] * (1 if scale == "paper" else small / own)
            assert getattr(weights, loss) == pytest.approx(expected)


def test_prompts_of_a_row_are_learned_before_its_training():
    for table in ("perceive-ir/table-08", "perceive-ir/table-10"):
        for training in reproduction(table).trainings:
            if training.name == "ablations/full":
                assert not training.needs
                continue
            (needed,) = training.needs
            words = training.arguments
            assert words[words.index("--prompts") + 1] == needed.path
    assert "MPRNet" in reproduction("perceive-ir/table-10").absent["mprnet"]


def test_a_mean_has_all_its_columns():
    cells = [c for c in reproduction("perceive-ir/table-03").cells if c.column == "average/psnr"]
    real = next(c for c in cells if c.row == "promptir" and c.measurement.needs_data)
    assert [part.name for part, _ in real.parts] == [
        "cbsd68-sigma25",
        "sots-outdoor",
        "rain100l",
        "gopro",
        "lol",
    ]
    at_home = next(c for c in cells if c.row == "promptir" and c.measurement == EMBEDDED)
    assert len(at_home.parts) == 5
    assert at_home.records(1) == ["equal-budget/promptir/seed-1/embedded"]


def test_rounding_differs_in_threads_alone():
    table = reproduction("rounding")
    assert {c.training.model for c in table.cells} == {"nafnet", "perceive-ir"}
    for model in ("nafnet", "perceive-ir"):
        one, two = (c.training for c in table.cells if c.training.model == model)
        assert one.name != two.name
        differ = [
            pair for pair in zip(one.arguments, two.arguments, strict=True) if len({*pair}) > 1
        ]
        assert differ == [("1", "2")]
        equal = next(c.training for c in reproduction("equal-budget").cells if c.row == model)
        assert expected_recipe(one, 1) == expected_recipe(equal, 1), "the equal budget, once more"
    at_full_size = reproduction("rounding", "paper")
    assert not at_full_size.cells
    assert "GPU" in at_full_size.note


def test_a_loss_left_out_is_all_that_differs():
    for scale in ("pocket", "paper"):
        table = reproduction("losses", scale)
        whole = next(c.training for c in table.cells if c.row == table.reference)
        for row in table.rows[1:]:
            training = next(c.training for c in table.cells if c.row == row)
            loss = row.removeprefix("without-")
            assert training.arguments == (*whole.arguments, "--without-loss", loss)
            weights = expected_recipe(whole, 0).weights
            assert expected_recipe(training, 0).weights == replace(weights, **{loss: 0.0})
    assert set(comparisons_of_our_own()) == {"equal-budget", "rounding", "losses"}


def test_what_stands_for_a_test_set():
    assert embedded_value(EMBEDDED, "cbsd68-sigma25", "psnr") == "denoise/psnr"
    assert embedded_value(EMBEDDED, "cbsd68-sigma15", "psnr") is None
    assert embedded_value(embedded(("denoise",)), "cbsd68-sigma15", "ssim") == "noise15/ssim"
    assert embedded_value(embedded(("denoise",)), "urban100-sigma15", "psnr") is None
    assert embedded_value(embedded(("cdd11",)), "cdd11-low_haze", "psnr") == "cdd11_low_haze/psnr"
    assert embedded_value(embedded(("underwater",)), "uieb", "lpips") is None
    measurement, words = on_benchmark("lol", "lol", None, "pocket")
    assert measurement.arguments == ("--benchmark", "lol-train")
    assert "training" in words
    measurement, words = on_benchmark("lol", "lol", None, "paper")
    assert measurement.arguments == ("--benchmark", "lol")
    assert not words
    measurement, _ = on_benchmark("cdd11-low", "cdd11", None, "paper")
    assert measurement.arguments == ("--benchmark", "cdd11", "--group", "low")
