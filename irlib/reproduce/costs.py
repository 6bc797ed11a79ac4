"""What every row of every printed table would cost at scale `paper`, kept as a ledger record.

An estimate counts the operations of networks of full size, which takes minutes for all tables;
pages read the record instead.

Taught in chapter 23.
"""

from pathlib import Path

from irlib.ledger import Record, commit, library_versions, read_record, record_names
from irlib.planning import Assumptions, gpu_hours
from irlib.reproduce.tables import reproduction, reproductions

RECORD = "planning/gpu-hours"
COMMAND = "irlib ledger costs"


def hours_of_rows(tables: list[str] | None = None, device: str = "h200") -> dict[str, float]:
    """GPU-hours of one seed by ``TABLE/ROW``: the sum over the trainings a row needs.

    Args:
        tables: Ids; all tables when None.
        device: A name in :data:`irlib.planning.devices.DEVICES`.
    """
    planned: dict[tuple, float] = {}
    found = {}
    for table in tables or reproductions():
        declared = reproduction(table, "paper")
        for row in declared.rows:
            own = {cell.training for cell in declared.cells if cell.row == row}
            for training in own:
                # Rows share trainings, and tables too: what is planned depends on this alone.
                key = training.model, training.arguments
                if key not in planned:
                    planned[key] = gpu_hours(training, device)
            found[f"{table}/{row}"] = sum(planned[t.model, t.arguments] for t in own)
    return found


def record_of_costs(device: str = "h200") -> Record:
    """The record of all rows' costs."""
    return Record(
        name=RECORD,
        kind="plan",
        values=hours_of_rows(device=device),
        scale="paper",
        device=f"planned for one {device}, not run",
        versions=library_versions(),
        commit=commit(),
        command=COMMAND,
        notes=f"GPU-hours of one seed, estimated with {Assumptions()}",
    )


def planned_hours(root: str | Path | None = None) -> dict[str, dict[str, float]]:
    """The recorded costs by table and row; empty where they were never estimated.

    Raises:
        IrlibError: The record was edited after it was written.
    """
    found: dict[str, dict[str, float]] = {}
    if RECORD in record_names(root):
        for key, hours in read_record(RECORD, root).values.items():
            table, _, row = key.rpartition("/")
            found.setdefault(table, {})[row] = hours
    return found
