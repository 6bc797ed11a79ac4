"""The Ledger page: every record, a place for each, its file beside the page."""

import json
import re

from irlib.ledger import Record, read_record, record_names, write_record
from irlib.viz.ledger_page import (
    LONG,
    copy_records,
    ledger_text,
    link_to_record,
    write_ledger_page,
)


def test_every_record_has_a_place_values_and_a_file(tmp_path):
    record = Record(
        "net/rain",
        {"input_psnr": 20.0, "psnr": 28.6149, "derain/psnr": 20.0, "a": 1.0, "b": 2.0},
        test_set={"name": "rain100l", "count": 25, "expected": 100, "sha256": "0"},
        device="CPU: <one>",
        command="irlib evaluate",
        minutes=1.25,
    )
    text = ledger_text([record, Record("other", {"x": 1.0})])
    assert "2 records" in text
    assert "## net\n" in text
    assert '<span id="net/rain">' in text
    assert "a 1, b 2, psnr 28.61, input_psnr 20 and 1 more" in text
    assert "25 of 100" in text
    assert "CPU: &lt;one&gt;" in text
    assert '<a href="results/net/rain.json">' in text


def test_no_heading_takes_the_place_of_a_record():
    text = ledger_text([Record("alone", {"psnr": 1.0}), Record("net/rain", {"psnr": 1.0})])
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["other", "net"]


def test_a_long_table_is_folded_and_a_short_one_is_not():
    long = [Record(f"long/{n:02}", {"psnr": 1.0}) for n in range(LONG + 1)]
    text = ledger_text([*long, Record("short/a", {"psnr": 1.0})])
    assert text.count("<details>") == 1
    assert f"<details><summary>Show {LONG + 1} records</summary>" in text


def test_a_link_leads_to_a_place_of_the_page():
    link = link_to_record("net/rain", "0", "../")
    assert link == '<a href="../ledger.html#net/rain">0</a>'


def test_the_page_of_the_book_lists_all_records_and_nothing_else(root, tmp_path):
    results = root / "book" / "results"
    text = write_ledger_page(tmp_path, results).read_text(encoding="utf-8")
    assert re.findall(r'<span id="([^"]+)">', text) == record_names(results)
    name = "checks/promptir-pocket-derain"
    assert f"psnr {read_record(name, results).values['psnr']:.4g}" in text


def test_the_records_files_are_copied_and_old_ones_leave(tmp_path):
    root, to = tmp_path / "results", tmp_path / "built"
    write_record(Record("net/rain", {"psnr": 1.0}), root)
    (to / "old").mkdir(parents=True)
    assert copy_records(root, to) == 1
    assert json.loads((to / "net" / "rain.json").read_text())["values"] == {"psnr": 1.0}
    assert not (to / "old").exists()
    assert copy_records(tmp_path / "none", to) == 0
