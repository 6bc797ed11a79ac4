"""What is left of a table: what answers, what is stale, what cannot run here."""

from dataclasses import replace
from pathlib import Path

import pytest

from irlib import ledger
from irlib.ledger import Record
from irlib.reproduce import Cell, Measurement, Preparation, Reproduction, Training, reproduction
from irlib.reproduce.work import Planner, expected_recipe, same_recipe, start_of

NET = Training("net", "nafnet", ("--scale", "smoke", "--tasks", "derain", "--steps", "2"), 3.0)
AT_HOME = Measurement("embedded", ("--embedded",), None, 2.0)
OUTSIDE = Measurement("rain100l", ("--benchmark", "rain100l"), "rain100l", 5.0)


def table(*trainings: Training, measured: tuple[Measurement, ...] = (AT_HOME,)) -> Reproduction:
    return Reproduction(
        "some/table",
        tuple(
            Cell("some/table", t.name, "rain100l/psnr", t, part, "psnr")
            for t in trainings
            for part in measured
        ),
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with an empty ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IRLIB_DATA", raising=False)
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


def train(here: Path, training: Training, seed: int = 0, weights: bytes = b"w") -> Record:
    """Pretends that a training has run: its record and its weights."""
    path = Path(training.weights(seed))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(weights)
    recipe = expected_recipe(training, seed)
    record = Record(
        training.record(seed),
        {"loss": 1.0},
        kind="training",
        recipe=recipe.as_dict(),
        recipe_hash=recipe.hash(),
        scale=recipe.scale,
        weights_sha256=ledger.sha256_of_file(path),
        minutes=4.0,
    )
    ledger.write_record(record, here)
    return record


def measure(here: Path, training: Training, part: Measurement, trained: Record) -> None:
    sha = trained.weights_sha256
    name = part.record(training, 0)
    ledger.write_record(Record(name, {"psnr": 30.0}, weights_sha256=sha, minutes=0.5), here)


def left(here: Path, *tables: Reproduction, seeds=(0,), **options) -> list[str]:
    return [job.record for job in Planner(here, **options).work(tables, seeds).jobs]


def test_everything_is_left_where_nothing_is_there(here):
    work = Planner(here).work([table(NET)], (0, 1))
    assert work.answered == ()
    assert [job.record for job in work.jobs] == [
        "net/seed-0/training",
        "net/seed-0/embedded",
        "net/seed-1/training",
        "net/seed-1/embedded",
    ]
    first, second = work.jobs[:2]
    assert first.command == (
        *("train", "nafnet", *NET.arguments, "--seed", "0"),
        *("--run", "runs/net/seed-0", "--record", "net/seed-0/training"),
    )
    assert second.command == (
        *("evaluate", "--weights", "runs/net/seed-0/weights.safetensors"),
        *("--embedded", "--record", "net/seed-0/embedded"),
    )
    assert second.after == (first.record,)
    assert work.minutes == 2 * (3.0 + 2.0), "as declared, where no record says better"


def test_what_a_record_answers_is_skipped(here):
    trained = train(here, NET)
    assert left(here, table(NET)) == ["net/seed-0/embedded"]
    measure(here, NET, AT_HOME, trained)
    work = Planner(here).work([table(NET)], (0,))
    assert (work.jobs, set(work.answered)) == ((), {"net/seed-0/training", "net/seed-0/embedded"})
    assert len(left(here, table(NET), again=True)) == 2


def test_a_changed_recipe_answers_nothing(here):
    measure(here, NET, AT_HOME, train(here, NET))
    longer = replace(NET, arguments=(*NET.arguments[:-1], "3"))
    assert left(here, table(longer)) == ["net/seed-0/training", "net/seed-0/embedded"]


def test_a_measurement_of_other_weights_is_stale(here):
    measure(here, NET, AT_HOME, train(here, NET))
    train(here, NET, weights=b"trained anew")
    assert left(here, table(NET)) == ["net/seed-0/embedded"]


def test_weights_that_are_gone_are_trained_again_only_if_something_can_be_measured(here):
    trained = train(here, NET)
    measure(here, NET, AT_HOME, trained)
    Path(NET.weights(0)).unlink()
    both = table(NET, measured=(AT_HOME, OUTSIDE))
    work = Planner(here).work([both], (0,))
    assert [job.record for job in work.jobs] == ["net/seed-0/rain100l"]
    assert "IRLIB_DATA" in work.jobs[0].obstacle
    assert work.possible == ()
    more = replace(AT_HOME, name="embedded-more")
    assert left(here, table(NET, measured=(AT_HOME, more))) == [
        "net/seed-0/training",
        "net/seed-0/embedded",
        "net/seed-0/embedded-more",
    ], "what comes out may differ, so all is measured on it"


def test_parts_that_a_benchmark_lacks_here_are_obstacles(here, tmp_path):
    for folder, name in (("input", "1_low_haze_rain.png"), ("target", "1.png")):
        (tmp_path / "CDD11" / folder).mkdir(parents=True)
        (tmp_path / "CDD11" / folder / name).touch()
    there, missing = (
        Measurement(f"cdd11-{group}", ("--benchmark", "cdd11", "--group", group), "cdd11")
        for group in ("low_haze_rain", "snow")
    )
    train(here, NET)
    work = Planner(here, data=tmp_path).work([table(NET, measured=(there, missing))], (0,))
    assert [job.record for job in work.possible] == ["net/seed-0/cdd11-low_haze_rain"]
    assert "has no group 'snow'; it has low_haze_rain" in work.jobs[1].obstacle


def test_shipped_weights_are_measured_where_the_run_is_gone(here):
    known = [r for r in ledger.records() if r.name == "equal-budget/restormer/seed-0/training"]
    ledger.write_record(known[0], here)
    rows = [c for c in reproduction("perceive-ir/table-03").cells if c.row == "restormer"]
    whole = Reproduction("perceive-ir/table-03", tuple(rows))
    work = Planner(here).work([whole], (0,))
    at_home = next(job for job in work.jobs if job.record.endswith("/embedded"))
    assert at_home.command[:3] == ("evaluate", "--weights", "restormer-equal")
    assert work.answered == ("equal-budget/restormer/seed-0/training",)


def test_a_preparation_comes_first_and_once(here):
    prompts = Preparation("prompts", ("prompts", "train"), "prompts.safetensors", 5.0)
    nets = [replace(NET, name=name, needs=(prompts,)) for name in ("a", "b")]
    work = Planner(here).work([table(*nets)], (0, 1))
    assert [job.record for job in work.jobs].count("prompts") == 1
    assert work.jobs[0].command == (
        *("prompts", "train", "--run", "runs/prompts", "--record", "prompts"),
    )
    assert work.jobs[1].after == ("prompts",)
    path = Path(prompts.path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"prompts")
    sha, words = ledger.sha256_of_file(path), "irlib prompts train --run runs/prompts"
    ledger.write_record(Record("prompts", {}, weights_sha256=sha, command=words), here)
    assert "prompts" not in left(here, table(*nets))
    path.write_bytes(b"other prompts")
    assert "prompts" in left(here, table(*nets))


def test_what_tables_share_is_done_once(here):
    two = [reproduction(f"perceive-ir/{name}", "smoke") for name in ("table-06", "table-07")]
    jobs = left(here, *two)
    assert len(jobs) == len(set(jobs))
    trained = [name for name in jobs if name.endswith("/training")]
    assert len(trained) == 10 + 8 - 2, "the full network, and the row that both print"


def test_only_some_rows(here):
    work = Planner(here).work([table(NET, replace(NET, name="other"))], (0,), ["other"])
    assert {job.record.split("/")[0] for job in work.jobs} == {"other"}


def test_cost_comes_from_records_of_the_same_network(here, monkeypatch):
    train(here, NET)
    twice = replace(NET, name="longer", arguments=(*NET.arguments[:-1], "4"))
    planner = Planner(here)
    assert planner.training_minutes(twice) == pytest.approx(2 * 4.0)
    assert planner.training_minutes(replace(NET, model="promptir", minutes=7.0)) == 7.0
    big = replace(NET, arguments=("--scale", "paper", "--recipe", "released"))
    monkeypatch.setattr("irlib.reproduce.work.gpu_hours", lambda training: 2.5)
    assert planner.training_minutes(big) == 150.0, "at scale paper, as irlib.planning says"


def test_a_recipe_of_before_a_field_was_there_counts_as_its_default():
    recipe = expected_recipe(NET, 0)
    record = Record("net/seed-0/training", {}, recipe=recipe.as_dict())
    assert same_recipe(record, recipe)
    record.recipe.pop("twigs")
    assert same_recipe(record, recipe)
    assert not same_recipe(record, recipe.with_changes(twigs=0.5))
    assert not same_recipe(Record("net/seed-0/training", {}), recipe)


def test_a_start_decides_widths_and_must_be_the_same(here):
    (training,) = {c.training for c in reproduction("perceive-ir/table-06").cells if c.row == "j"}
    recipe = expected_recipe(training, 0)
    start = start_of(training)
    from irlib.models import load_weights

    assert recipe.config["heads"] == load_weights(start).config["heads"]
    train(here, training)
    names = left(here, table(training))
    assert names[0] == "ablations/full/seed-0/training", "no note of what it started from"
    record = train(here, training)
    note = f"begun from weights with SHA-256 {ledger.sha256_of_file(start)}"
    ledger.write_record(replace(record, notes=note), here)
    assert left(here, table(training)) == ["ablations/full/seed-0/embedded"]
