"""A table's page: the paper's values and ours apart, every cell with its source."""

import pytest

from irlib.ledger.paper_tables import Column, PaperTable, Row, paper_table
from irlib.ledger.status import Verdict
from irlib.reproduce import reproduction
from irlib.reproduce.declared import Cell, Measurement, Reproduction, Training
from irlib.viz.comparisons import Comparison, Ledger, Measured, comparisons
from irlib.viz.paper_table_page import as_printed, beside, page_name, page_text

COLUMNS = (
    Column("clip", "CLIP", kind="setting"),
    Column("rain100l/psnr", "Rain100L PSNR", metric="psnr", unit="dB"),
)
ROWS = (
    Row("a", "plain <b>", {"clip": False}, {"rain100l/psnr": 37.15}, quoted=True, note="A *note*."),
    Row("j", "full", {"clip": True}, {"rain100l/psnr": 37.76}, own=True),
)
TABLE = PaperTable(
    "p/t", "Paper", "zhang2024perceiveir", "Table I", "What_it_shows", "its text", "rain",
    COLUMNS, ROWS, ("A note.",), ("Two numbers contradict.",),
)  # fmt: skip
EMBEDDED = Measurement("embedded", ("--embedded",))


def one(row, paper, ours, verdict):
    trained = Training(f"equal/{row}", "restormer", (), 4.0)
    cell = Cell("p/t", row, "rain100l/psnr", trained, EMBEDDED, "derain/psnr", "photographs")
    return Comparison(cell, paper, ours, verdict)


@pytest.fixture
def compared():
    scores = {0: 25.0, 2: 25.5}
    records = {seed: (f"equal/j/seed-{seed}/embedded",) for seed in scores}
    found = Measured(scores, records, "pocket", "3 images")
    return [
        one("a", 37.15, Measured(), Verdict("not run")),
        one("j", 37.76, found, Verdict("same sign", 0.61, -0.125, 0.05, (0, 2))),
    ]


@pytest.fixture
def declared(compared):
    cells = tuple(comparison.cell for comparison in compared)
    return Reproduction("p/t", cells, "a", "On a <small> scale.", absent={"j": "why not"})


def test_the_printed_table_is_printed_whole_and_marked():
    shown = as_printed(TABLE)
    assert shown.rows == (("plain <b> †", "no", "37.15"), ("full ★", "yes", "37.76"))
    assert "Rain100L PSNR (dB)" in shown.header


def test_a_line_holds_paper_ours_spread_seeds_differences_and_status(compared, declared):
    (shown,) = beside(TABLE, declared, compared)
    missing, full = shown.rows
    assert full[:4] == ("full", "37.76", "25.25", "0.35")
    assert 'href="../ledger.html#equal/j/seed-2/embedded"' in full[4]
    assert full[5:] == ("+0.61", "−0.12", "0.05", "same sign")
    assert missing[0] == "plain <b> (reference)"
    assert missing[2] == missing[-1] == "not run"
    assert "#what-fills-the-cells" in missing[4]
    assert shown.caption == "Rain100L PSNR (dB); ours on photographs, 3 images, scale pocket."


def test_the_page_shows_notes_commands_costs_and_escapes_what_papers_print(compared, declared):
    text = page_text(TABLE, declared, compared, {"j": 1234.4})
    for expected in (
        "# Paper, Table I",
        "{cite:t}`zhang2024perceiveir`",
        "Two numbers contradict.",
        "plain &lt;b&gt;: A *note*.",
        "On a &lt;small&gt; scale.",
        "2 comparisons: 1 same sign, 1 not run.",
        "irlib reproduce p/t --only j",
        "1,234.4",
        "full: why not",
    ):
        assert expected in text
    assert "<b>:" not in text


def test_a_table_that_nothing_answers_says_why():
    text = page_text(TABLE, Reproduction("p/t", (), note="It counts images."), [])
    assert "No score of this table is measured here." in text
    assert "It counts images." in text


@pytest.mark.parametrize("table", ["perceive-ir/table-06", "promptir/table-1"])
def test_a_number_of_ours_never_stands_in_the_papers_column(table, root):
    printed, declared = paper_table(table), reproduction(table)
    found = comparisons(printed, declared, Ledger(root / "book" / "results"))
    printed_texts = {
        (row.method, f"{column.text(row.values[column.key])}")
        for column in printed.columns
        for row in printed.rows
        if column.kind != "setting"
    }
    for shown in beside(printed, declared, found):
        for method, paper, *_ in shown.rows:
            assert (method.removesuffix(" (reference)"), paper) in printed_texts


def test_names_of_pages():
    assert page_name("perceive-ir/table-06") == "perceive-ir-table-06"
