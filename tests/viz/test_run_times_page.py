"""The page of run times shows the record's numbers, and says so where there are none."""

from irlib.ledger import Record, write_record
from irlib.viz.run_times_page import RECORD, run_times_text, write_run_times

TITLES = {"01-a": "First <b>", "02-b": "Second"}
VALUES = {"01-a/smoke_seconds": 90.0, "01-a/smoke_core_seconds": 30.0, "01-a/smoke_bytes": 512e6}


def record() -> Record:
    return Record(
        name=RECORD, kind="timing", values=VALUES, device="CPU: a <small> one", versions={"x": "1"}
    )


def test_a_row_a_notebook_with_dashes_where_nothing_is_measured():
    text = run_times_text([record()], TITLES)
    assert "1 of 2 notebooks measured" in text
    cells = ["1.5", "0.5", "512", *"–––", *"––––––"]
    assert [c for c in cells if f">{c}</td>" not in text] == []
    assert text.count(">–</td>") == 9
    assert "First &lt;b&gt;" in text
    assert "CPU: a &lt;small&gt; one" in text
    assert 'href="../notebooks/02-b.html"' in text


def test_each_scale_may_have_a_record_of_its_own(tmp_path):
    values = {f"02-b/pocket_{what}": 240.0 for what in ("seconds", "core_seconds", "bytes")}
    pocket = Record(name=f"{RECORD}-pocket", kind="timing", values=values, device="another")
    for one in (record(), pocket):
        write_record(one, tmp_path)
    text = write_run_times(tmp_path / "made", tmp_path, TITLES).read_text("utf-8")
    assert "2 of 2 notebooks measured" in text
    assert "CPU: a &lt;small&gt; one" in text
    assert "Machine: another" in text


def test_without_a_record_the_page_says_so(tmp_path):
    path = write_run_times(tmp_path / "made", tmp_path, TITLES)
    assert "Nothing is measured yet" in path.read_text("utf-8")


def test_the_record_is_found_in_the_ledger(tmp_path):
    write_record(record(), tmp_path)
    text = write_run_times(tmp_path / "made", tmp_path, TITLES).read_text("utf-8")
    assert f"ledger.html#{RECORD}" in text
