"""Printed sizes of networks beside ours: the one kind of number that needs no training.

A parameter count is a fact of the layers, so it can be reproduced on any machine. It is counted at
the paper's own width and kept as a record, so that a page shows where each count comes from.

Taught in chapter 23.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irlib.ledger import Record, commit, library_versions, read_record, record_names
from irlib.ledger.paper_tables import PaperTable

RECORD = "parameters/full-width"
COMMAND = f"irlib models list --record {RECORD}"
COLUMN = "parameters"

#: How far a count may lie from the printed one, as a share: papers round to two decimals or to
#: one, and counters differ in whether a temperature or a bias is a parameter.
TOLERANCE = 0.005

#: By row of a printed table: which model and preset its printed size is of.
PRESETS = {
    "restormer": "restormer/paper",
    "nafnet": "nafnet/paper",
    "instructir-without-text": "nafnet/paper",
    "airnet": "airnet/paper",
    "promptir": "promptir/paper",
    "instructir": "instructir/paper",
    "instructir-5d": "instructir/paper",
    "instructir-6d": "instructir/paper",
    "instructir-7d": "instructir/paper",
    "perceive-ir": "perceive-ir/paper",
    "perceive-ir-restormer": "perceive-ir/paper",
    "perceive-ir-nafnet": "perceive-ir/paper-nafnet",
}

#: Rows of one table that stand for a model under another name.
ROWS = {"airnet/quoted": "airnet/paper"}


@dataclass(frozen=True)
class Counted:
    """A printed size beside ours.

    Attributes:
        row: Key of the row in the paper's table.
        preset: MODEL/PRESET that was counted.
        paper: Millions of parameters as printed.
        ours: Millions of parameters as counted, None where no record has the preset.
        status: ``reproduced`` within :data:`TOLERANCE`, else ``not reproduced``; ``not run``
            without a count.
    """

    row: str
    preset: str
    paper: float
    ours: float | None
    status: Literal["reproduced", "not reproduced", "not run"]


def count_all() -> dict[str, int]:
    """Parameters of every model at every preset, by MODEL/PRESET.

    Nothing is computed with them, so nothing is allocated.
    """
    import torch

    from irlib import models

    found = {}
    for name in models.list_models():
        for preset in models.MODELS.get(name).presets:
            with torch.device("meta"):
                network = models.create(name, preset_name=preset)
            found[f"{name}/{preset}"] = network.count_parameters()
    return found


def record_of_counts(name: str = RECORD) -> Record:
    """The record of all counts."""
    return Record(
        name=name,
        kind="count",
        values={preset: float(number) for preset, number in count_all().items()},
        device="counted, not run",
        versions=library_versions(),
        commit=commit(),
        command=f"irlib models list --record {name}",
        notes="Parameters by model and preset; what is frozen or fixed is counted as the model's "
        "own count_parameters does.",
    )


def recorded_counts(root: str | Path | None = None) -> dict[str, float]:
    """The recorded counts by MODEL/PRESET; empty where they were never taken.

    Raises:
        IrlibError: The record was edited after it was written.
    """
    return dict(read_record(RECORD, root).values) if RECORD in record_names(root) else {}


def counted(table: PaperTable, counts: dict[str, float]) -> list[Counted]:
    """The printed sizes of one table that this library's networks answer, in the table's order.

    Args:
        table: As printed; without a column of sizes there is nothing to count.
        counts: From :func:`recorded_counts`.
    """
    if all(column.key != COLUMN for column in table.columns):
        return []
    found = []
    for row in table.rows:
        preset = ROWS.get(table.id) or PRESETS.get(row.key)
        paper = table.value(row.key, COLUMN)
        if preset is None or paper is None:
            continue
        number = counts.get(preset)
        ours = None if number is None else number / 1e6
        if ours is None:
            status = "not run"
        else:
            near = abs(ours - paper) <= TOLERANCE * paper
            status = "reproduced" if near else "not reproduced"
        found.append(Counted(row.key, preset, paper, ours, status))
    return found
