"""The printed tables: every file has the one form, keys are found, errors say what to do."""

import pytest

from irlib.data.benchmarks import list_benchmarks
from irlib.errors import IrlibError, UsageError
from irlib.ledger.paper_tables import paper_table, paper_tables, read_paper_table

TABLE = """\
paper: A Paper
cite: someone2024
label: Table I
caption: What it shows.
source: where it was read
setting: one task
columns:
- {key: prompt, title: Prompt, kind: setting}
- {key: rain100l/psnr, title: Rain100L PSNR, benchmark: rain100l, task: derain}
- {key: uieb/lpips, title: UIEB LPIPS}
rows:
- {key: a, method: First, settings: {prompt: true}, values: {rain100l/psnr: 31.2, uieb/lpips: null}}
- {key: b, method: Second, own: true, settings: {prompt: false},
   values: {rain100l/psnr: 33, uieb/lpips: 0.2}}
"""


def read(tmp_path, text):
    path = tmp_path / "paper" / "table-1.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return read_paper_table(path)


def test_reads_cells_and_settings(tmp_path):
    table = read(tmp_path, TABLE)
    assert (table.id, table.label) == ("paper/table-1", "Table I")
    assert table.value("a", "rain100l/psnr") == 31.2
    assert table.value("a", "uieb/lpips") is None
    assert table.value("b", "prompt") is False
    assert table.row("b").own
    assert table.column("uieb/lpips").better == "lower"
    assert table.column("rain100l/psnr").unit == "dB"


def test_ranks_by_the_better_side(tmp_path):
    table = read(tmp_path, TABLE)
    assert [row.key for row in table.ranked("rain100l/psnr")] == ["b", "a"]
    assert [row.key for row in table.ranked("uieb/lpips")] == ["b"]
    with pytest.raises(UsageError, match="a setting"):
        table.ranked("prompt")


def test_prints_a_cell_as_the_paper_does(tmp_path):
    table = read(tmp_path, TABLE)
    psnr = table.column("rain100l/psnr")
    assert [psnr.text(x) for x in (31.2, 33.0, 0.7782, None)] == ["31.20", "33.00", "0.7782", "–"]
    assert table.column("prompt").text(True) == "yes"
    assert table.column("prompt").text(["good", "bad"]) == "good, bad"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("label: Table I\n", "", "label"),
        ("label: Table I", "labell: Table I", "label"),
        ("label: Table I", "label: [1]", "label"),
        ("rain100l/psnr: 31.2", "rain100l/psnr: about 31", r"rows\[0\].values.rain100l/psnr"),
        ("rain100l/psnr: 31.2, ", "", r"rows\[0\].values"),
        ("rain100l/psnr: 31.2", "rain100l/ssim: 31.2", r"rows\[0\].values"),
        ("settings: {prompt: true}", "settings: {}", r"rows\[0\].settings"),
        ("key: b,", "key: a,", "rows: expected each key once"),
        ("own: true", "own: 1", r"rows\[1\].own"),
        ("key: uieb/lpips", "key: uieb/niqe", r"columns\[2\].key"),
        ("kind: setting", "kind: settings", r"columns\[0\].kind"),
        ("rows:", "notes: a sentence\nrows:", "notes"),
    ],
)
def test_refuses_another_form_and_names_the_field(tmp_path, old, new, field):
    assert old in TABLE
    with pytest.raises(IrlibError, match=f"table-1.yaml.*{field}.*"):
        read(tmp_path, TABLE.replace(old, new, 1))


def test_refuses_what_is_no_yaml(tmp_path):
    with pytest.raises(IrlibError, match="cannot be read as a table"):
        read(tmp_path, "columns: [")


def test_names_the_nearest_of_an_unknown_key(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'perceive-ir/table-02'"):
        paper_table("perceiveir/table-02")
    table = read(tmp_path, TABLE)
    with pytest.raises(UsageError, match="did you mean 'rain100l/psnr'"):
        table.value("a", "rain100/psnr")
    with pytest.raises(UsageError, match="unknown row of paper/table-1 'c'"):
        table.row("c")


@pytest.mark.parametrize("table_id", paper_tables())
def test_every_file_has_the_form(table_id, root):
    table = paper_table(table_id)
    assert table.id == table_id
    assert f"{{{table.cite}," in (root / "book" / "references.bib").read_text()
    known = {benchmark.name for benchmark in list_benchmarks()}
    assert {column.benchmark for column in table.columns} <= known | {None}


@pytest.mark.parametrize("table_id", [name for name in paper_tables() if "superseded" not in name])
def test_names_every_average_that_does_not_follow(table_id):
    """A printed average further from its columns' mean than rounding allows is told to readers."""
    table = paper_table(table_id)
    for column in (c for c in table.columns if c.key.startswith("average/")):
        for row in table.rows:
            printed, mean = row.values[column.key], table.mean_of_columns(row.key, column.metric)
            # Half a unit for the printed average and half a unit for the columns under it.
            if None not in (printed, mean) and abs(printed - mean) > 10.0**-column.digits:
                told = [text for text in table.inconsistencies if text.startswith(row.method)]
                assert any(str(printed) in text for text in told), (row.key, column.key)
