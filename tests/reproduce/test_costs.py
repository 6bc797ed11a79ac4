"""What scale paper would cost: recorded once, and still what the planner says."""

import pytest

from irlib.ledger import Record, write_record
from irlib.reproduce import reproduction, reproductions
from irlib.reproduce.costs import RECORD, hours_of_rows, planned_hours


def test_every_answered_row_of_every_table_has_a_cost(root):
    planned = planned_hours(root / "book" / "results")
    for table in reproductions():
        rows = reproduction(table, "paper").rows
        assert set(planned.get(table, {})) == set(rows), f"{table}: run `irlib ledger costs` again"
        assert all(hours > 0 for hours in planned.get(table, {}).values())


def test_the_recorded_cost_is_what_the_planner_says_now(root):
    planned = planned_hours(root / "book" / "results")
    now = hours_of_rows(["nafnet/readme"])
    for row, hours in planned["nafnet/readme"].items():
        assert now[f"nafnet/readme/{row}"] == pytest.approx(hours, rel=1e-3)


def test_without_a_record_nothing_is_known(tmp_path):
    assert planned_hours(tmp_path) == {}
    write_record(Record(RECORD, {"p/table-1/a": 2.5, "p/table-1/b": 1.0}), tmp_path)
    assert planned_hours(tmp_path) == {"p/table-1": {"a": 2.5, "b": 1.0}}
