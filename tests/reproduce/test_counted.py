"""Sizes of networks: counted again, they are what the record and the papers' tables say."""

import pytest

from irlib.ledger import write_record
from irlib.ledger.paper_tables import paper_table, paper_tables
from irlib.models import MODELS
from irlib.reproduce.counted import (
    PRESETS,
    RECORD,
    ROWS,
    TOLERANCE,
    count_all,
    counted,
    record_of_counts,
    recorded_counts,
)

WITH_SIZES = [
    table
    for table in paper_tables()
    if any(column.key == "parameters" for column in paper_table(table).columns)
]


def test_the_record_is_what_is_counted_now(root):
    assert recorded_counts(root / "book" / "results") == count_all(), (
        f"a network changed: run `irlib models list --record {RECORD}` again"
    )


@pytest.mark.parametrize("table", WITH_SIZES)
def test_every_printed_size_of_a_system_of_this_library_is_asked(table, root):
    printed = paper_table(table)
    found = {size.row for size in counted(printed, {})}
    own = {
        row.key
        for row in printed.rows
        if printed.value(row.key, "parameters") is not None
        and any(row.key == name or row.key.startswith(f"{name}-") for name in MODELS.names())
    }
    assert own <= found
    assert {size.status for size in counted(printed, {})} == {"not run"}


def test_status_follows_the_tolerance():
    printed = paper_table("perceive-ir/table-02")
    paper = printed.value("restormer", "parameters")
    for factor, status in ((1, "reproduced"), (1 + 2 * TOLERANCE, "not reproduced")):
        counts = {"restormer/paper": paper * factor * 1e6}
        (size,) = [s for s in counted(printed, counts) if s.row == "restormer"]
        assert size.status == status
        assert size.ours == pytest.approx(paper * factor)


def test_every_preset_exists_and_every_row_stands_in_a_table():
    known = {f"{name}/{preset}" for name in MODELS.names() for preset in MODELS.get(name).presets}
    assert {*PRESETS.values(), *ROWS.values()} <= known
    rows = {row.key for table in WITH_SIZES for row in paper_table(table).rows}
    assert set(PRESETS) <= rows
    assert counted(paper_table("perceive-ir/table-06"), {}) == []


def test_a_record_comes_back_and_without_one_nothing_is_known(tmp_path):
    assert recorded_counts(tmp_path) == {}
    record = record_of_counts()
    write_record(record, tmp_path)
    assert recorded_counts(tmp_path) == record.values
    assert record.values["restormer/paper"] == pytest.approx(26_126_644)
