"""The results explorer's rows are the records', and its script chooses and orders them."""

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from irlib.ledger import Record, records, write_record
from irlib.reproduce.counted import RECORD
from irlib.viz import results_explorer
from irlib.viz.pages import write_page
from irlib.viz.results_explorer import (
    FIELDS,
    PAGE,
    SCRIPT,
    WRITTEN,
    explorer_script,
    lay_out_results,
    measured_rows,
)
from irlib.viz.tables_summary import compare_all

STATIC = Path(results_explorer.__file__).parents[2] / "book" / "_static" / "results-explorer"


@pytest.fixture(scope="module")
def compared() -> dict:
    return compare_all()


@pytest.fixture(scope="module")
def script(compared) -> str:
    return explorer_script(compared=compared)


@pytest.fixture(scope="module")
def data(script) -> dict:
    """What the script holds, its rows spelled out."""
    found = json.loads(script.partition("= ")[2].rstrip(";\n"))
    worded = [field in found["worded"] for field in FIELDS]
    found["rows"] = [
        [found["words"][v] if short else v for v, short in zip(row, worded, strict=True)]
        for row in found["rows"]
    ]
    return found


def test_every_row_of_ours_names_records_that_hold_it(data):
    found = {record.name: record for record in records()}
    assert [record["name"] for record in data["records"]] == list(found)
    rows = [dict(zip(FIELDS, row, strict=True)) for row in data["rows"]]
    assert {row["view"] for row in rows} == {"compared", "measured"}
    missing = {(row["page"], row["number"]) for row in rows if row["ours"] is None}
    for row in rows:
        assert bool(row["records"]) == (row["ours"] is not None)
        names = [data["records"][place]["name"] for place in row["records"]]
        if row["view"] == "measured":
            assert found[names[0]].values[row["number"]] == pytest.approx(
                float(row["ours"]), rel=1e-5
            )
        elif row["ours"] is not None and row["status"] == "not run":
            assert (row["page"], row["number"]) in missing  # the row to compare with


def test_printed_sizes_of_networks_stand_beside_their_counts(data, compared):
    rows = [dict(zip(FIELDS, row, strict=True)) for row in data["rows"]]
    found = [row for row in rows if row["view"] == "compared" and "counted as" in row["number"]]
    sizes = [size for one in compared.values() for size in one.counted]
    assert sizes
    assert [(row["paper"], row["status"]) for row in found] == [
        (size.paper, size.status) for size in sizes
    ]
    for row, size in zip(found, sizes, strict=True):
        assert data["records"][row["records"][0]]["name"] == RECORD
        assert row["ours"] == pytest.approx(size.ours, rel=1e-5)


def test_all_that_the_summary_asks_has_a_row(data, compared):
    shown = [row for row in data["rows"] if row[FIELDS.index("view")] == "compared"]
    assert len(shown) == sum(len(one.measured) + len(one.counted) for one in compared.values())


def test_a_script_stays_light(script):
    assert len(script) < 1_500_000


def test_a_value_takes_the_task_of_its_part_or_of_its_test_set():
    of_parts = Record(
        "equal-budget/any/seed-0/embedded",
        {"derain/psnr": 30.0, "derain/input_psnr": 20.0, "psnr": float("inf")},
        test_set={"name": "embedded", "count": 3},
    )
    of_set = Record("a/b", {"psnr": 1.0}, test_set={"name": "cbsd68", "count": 1})
    rows = measured_rows([of_parts, of_set])
    assert [(row["task"], row["number"], row["ours"]) for row in rows] == [
        ("derain", "derain/psnr", 30.0),
        ("–", "psnr", "inf"),
        ("denoise", "psnr", 1.0),
    ]


def test_the_script_is_written_only_into_a_book_with_the_page(tmp_path):
    root = tmp_path / "book" / "results"
    write_record(Record("a/b", {"psnr": 1.0}), root)
    written = write_page(tmp_path / "book" / "_generated" / WRITTEN, explorer_script(root, {}))
    app = SimpleNamespace(
        srcdir=str(tmp_path),
        outdir=str(tmp_path / "built"),
        builder=SimpleNamespace(format="html"),
        env=SimpleNamespace(found_docs=set()),
    )
    lay_out_results(app, None)
    assert not list((tmp_path / "built").rglob("*.js"))
    app.env.found_docs = {PAGE}
    lay_out_results(app, None)
    text = (tmp_path / "built" / "_static" / SCRIPT).read_text(encoding="utf-8")
    assert text == written.read_text(encoding="utf-8")
    assert '"a/b"' not in text.partition('"records":')[0]
    assert '{"name":"a/b","kind":"evaluation"}' in text


def in_node(expression: str):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine; install Node.js to run the page's script in a test")
    script = (STATIC / "rows.js").read_text(encoding="utf-8")
    code = f"{script}\nprocess.stdout.write(JSON.stringify({expression}));"
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_rows_are_spelled_out_in_the_page():
    packed = (
        '{fields: ["row", "ours"], worded: ["row"], words: ["a", null], rows: [[0, 1], [1, 0]]}'
    )
    unpacked = in_node(f"irlibRows.unpack({packed})")
    assert unpacked == [{"row": "a", "ours": 1}, {"row": None, "ours": 0}]


def test_what_is_missing_is_sorted_last_either_way():
    rows = '[{v: 2}, {v: null}, {v: "inf"}, {v: 10}, {v: -1}]'
    up = in_node(f'irlibRows.sort({rows}, "v", false).map((row) => row.v)')
    down = in_node(f'irlibRows.sort({rows}, "v", true).map((row) => row.v)')
    assert up == [-1, 2, 10, "inf", None]
    assert down == ["inf", 10, 2, -1, None]


def test_filters_and_words_must_all_fit():
    rows = '[{system: "promptir", row: "Table 2"}, {system: "promptir"}, {system: "nafnet"}]'
    chosen = '{system: "promptir", task: ""}'
    assert len(in_node(f'irlibRows.filter({rows}, {chosen}, "")')) == 2
    assert len(in_node(f'irlibRows.filter({rows}, {chosen}, "prompt TABLE")')) == 1
    assert in_node(f'irlibRows.choices({rows}, "system")') == ["nafnet", "promptir"]
