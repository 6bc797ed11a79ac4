"""Declared cells beside printed ones: fresh records only, like compared with like."""

import pytest

from irlib.ledger import Record, write_record
from irlib.ledger.paper_tables import Column, PaperTable, Row
from irlib.reproduce.declared import Cell, Measurement, Reproduction, Training
from irlib.reproduce.work import expected_recipe
from irlib.viz.comparisons import Ledger, comparisons, count, measured

EMBEDDED = Measurement("embedded", ("--embedded",))
REAL = Measurement("rain100l", ("--benchmark", "rain100l"), needs_data="rain100l")


def training(name):
    return Training(f"equal/{name}", "restormer", ("--scale", "pocket"), 4.0)


def cell(
    row, measurement=EMBEDDED, value="derain/psnr", stands_for="photographs with rain", **more
):
    return Cell("p/t", row, "rain100l/psnr", training(row), measurement, value, stands_for, **more)


@pytest.fixture
def table():
    column = Column("rain100l/psnr", "Rain100L PSNR", metric="psnr", unit="dB")
    rows = [
        Row(key, key.upper(), {}, {"rain100l/psnr": value}, own=key == "full")
        for key, value in (("plain", 37.15), ("full", 37.76), ("other", 36.0))
    ]
    return PaperTable("p/t", "P", "p2024", "Table I", "c", "s", "t", (column,), tuple(rows))


@pytest.fixture
def put(tmp_path):
    def write(row, seed, psnr, measurement="embedded", weights="w", steps=850, **facts):
        base = f"equal/{row}/seed-{seed}"
        values = {"derain/psnr": psnr, "psnr": psnr}
        given = {"test_set": {"name": "embedded", "count": 3, "expected": None, "sha256": None}}
        given |= facts
        weights = f"{weights}{row}{seed}"
        write_record(
            Record(name=f"{base}/{measurement}", values=values, weights_sha256=weights, **given),
            tmp_path,
        )
        write_record(
            Record(
                name=f"{base}/training",
                values={"loss": 0.1},
                kind="training",
                scale="pocket",
                recipe=expected_recipe(training(row), seed).with_changes(steps=steps).as_dict(),
                weights_sha256=f"w{row}{seed}",
            ),
            tmp_path,
        )
        return tmp_path

    return write


def test_scores_are_read_by_seed_with_scale_images_and_records(put):
    for seed in (0, 2):
        root = put("full", seed, 25.0 + seed)
    found = measured(cell("full"), Ledger(root))
    assert found.scores == {0: 25.0, 2: 27.0}
    assert (found.mean, found.scale, found.images) == (26.0, "pocket", "3 images")
    assert found.deviation == pytest.approx(2**0.5)
    assert found.records[2] == ("equal/full/seed-2/embedded",)


def test_a_measurement_of_other_weights_than_were_trained_last_does_not_count(put):
    root = put("full", 0, 25.0, weights="old")
    assert measured(cell("full"), Ledger(root)).scores == {}


def test_a_training_of_another_recipe_than_is_declared_does_not_count(put):
    root = put("full", 0, 25.0, steps=849)
    assert measured(cell("full"), Ledger(root)).scores == {}


def test_a_value_that_a_record_lacks_does_not_count(put):
    root = put("full", 0, 25.0)
    assert measured(cell("full", value="dehaze/psnr"), Ledger(root)).scores == {}


def test_a_mean_over_measurements_needs_each_of_them(put):
    both = cell("full", also=((REAL, "psnr"),))
    root = put("full", 0, 25.0)
    assert measured(both, Ledger(root)).scores == {}
    put("full", 0, 27.0, measurement="rain100l")
    assert measured(both, Ledger(root)).scores == {0: 26.0}


def test_a_subset_is_named_and_never_complete(put):
    part = {"name": "rain100l", "count": 25, "expected": 100, "sha256": "0"}
    root = put("full", 0, 25.0, measurement="rain100l", test_set=part)
    found = measured(cell("full", REAL, "psnr", ""), Ledger(root))
    assert (found.images, found.complete) == ("25 of 100 images (a subset)", False)


def test_each_declared_cell_has_a_status(table, put):
    for seed, drift in enumerate((0.0, 0.3, 0.1)):
        put("plain", seed, 25.0 + drift)
        root = put("full", seed, 25.5 + drift)
    declared = Reproduction("p/t", (cell("plain"), cell("full"), cell("other")), "plain")
    found = comparisons(table, declared, Ledger(root))
    assert [one.verdict.status for one in found] == ["reference", "same sign", "not run"]
    assert found[1].verdict.printed == 0.61
    assert found[1].verdict.measured == pytest.approx(0.5)
    assert count(found)["same sign"] == 1
    assert sum(count(found).values()) == 3


def test_embedded_and_real_images_are_never_compared(table, put):
    put("plain", 0, 25.0)
    root = put("full", 0, 25.5, measurement="rain100l")
    declared = Reproduction("p/t", (cell("plain"), cell("full", REAL, "psnr", "")), "plain")
    assert comparisons(table, declared, Ledger(root))[1].verdict.measured is None


def test_other_images_are_never_compared(table, put):
    put("plain", 0, 25.0)
    other = {"name": "embedded", "count": 2, "expected": None, "sha256": None}
    root = put("full", 0, 25.5, test_set=other)
    declared = Reproduction("p/t", (cell("plain"), cell("full")), "plain")
    assert comparisons(table, declared, Ledger(root))[1].verdict.status == "not run"


def test_one_degradation_is_compared_whatever_was_measured_beside_it(table, put):
    alone, beside = (Measurement(f"embedded-{n}", ("--embedded",)) for n in ("rain", "rain+haze"))
    images = {"derain": ("cat", "cup"), "dehaze": ("cat", "cup")}

    def measure(row, psnr, what, *tasks, rain="rain"):
        drawn = {"derain": rain, "dehaze": "haze"}
        return put(
            row,
            0,
            psnr,
            what.name,
            test_set={"name": "embedded", "count": 2 * len(tasks), "expected": None},
            noise={"seed": 0, "degradations": {task: drawn[task] for task in tasks}},
            per_image=[
                {"name": n, "group": task, "psnr": psnr} for task in tasks for n in images[task]
            ],
        )

    measure("plain", 25.0, alone, "derain")
    root = measure("full", 25.5, beside, "derain", "dehaze")
    declared = Reproduction("p/t", (cell("plain", alone), cell("full", beside)), "plain")
    assert comparisons(table, declared, Ledger(root))[1].verdict.measured == pytest.approx(0.5)
    measure("full", 25.5, beside, "derain", "dehaze", rain="heavy rain")
    assert comparisons(table, declared, Ledger(root))[1].verdict.status == "not run"
    images["derain"] = ("cat",)
    measure("full", 25.5, beside, "derain", "dehaze")
    assert comparisons(table, declared, Ledger(root))[1].verdict.status == "not run"
