"""A printed table and what the ledger holds beside it: one comparison a declared cell.

Taught in chapter 20.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev

from irlib.ledger import Record, read_record, record_names
from irlib.ledger.paper_tables import PaperTable
from irlib.ledger.status import MEANINGS, Status, Verdict, seed_noise, verdict
from irlib.reproduce.declared import Cell, Reproduction
from irlib.reproduce.work import expected_recipe, same_recipe


@dataclass(frozen=True)
class Measured:
    """What the ledger holds for one cell.

    Attributes:
        scores: Our value by seed.
        records: Names of the records by seed, in the order of the cell's parts.
        scale: Scale of the training, None where nothing was run.
        images: How many images, such as "25 of 100 images (a subset)".
        complete: Whether the whole test set was measured.
        conditions: By seed, what has to be equal in a comparison: images, noise and protocol.
    """

    scores: Mapping[int, float] = field(default_factory=dict)
    records: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    scale: str | None = None
    images: str = ""
    complete: bool = True
    conditions: Mapping[int, str] = field(default_factory=dict)

    @property
    def mean(self) -> float | None:
        """Mean over seeds."""
        return mean(self.scores.values()) if self.scores else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation over seeds, None with fewer than two."""
        values = list(self.scores.values())
        return stdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else None


@dataclass(frozen=True)
class Comparison:
    """One declared cell beside the printed one.

    Attributes:
        cell: What was declared: training, measurement, value.
        paper: The printed value, None where nothing is printed.
        ours: What the ledger holds.
        verdict: What became of the printed value.
    """

    cell: Cell
    paper: float | None
    ours: Measured
    verdict: Verdict


class Ledger:
    """The records under a root, each read once however many cells ask for it."""

    def __init__(self, root: str | Path | None = None):
        self.root = root
        self.names = set(record_names(root))
        self._read: dict[str, Record] = {}

    def get(self, name: str) -> Record | None:
        """A record, or None where none of this name was written."""
        if name not in self.names:
            return None
        if name not in self._read:
            self._read[name] = read_record(name, self.root)
        return self._read[name]

    def seeds(self, training: str) -> list[int]:
        """The seeds of which there is any record of a training."""
        form = re.compile(rf"{re.escape(training)}/seed-(\d+)/.+")
        return sorted({int(found[1]) for name in self.names if (found := form.fullmatch(name))})


def measured(cell: Cell, ledger: Ledger) -> Measured:
    """What the ledger holds for one declared cell.

    A seed counts where `irlib reproduce` would find nothing left to do: all records are there, the
    training's is of the recipe that is declared now, and the others were measured on its weights.
    """
    scores, sources, conditions, images, complete, scale = {}, {}, {}, "", True, None
    for seed in ledger.seeds(cell.training.name):
        names = cell.records(seed)
        found = [ledger.get(name) for name in names]
        trained = ledger.get(cell.training.record(seed))
        if None in found or trained is None:
            continue
        if not same_recipe(trained, expected_recipe(cell.training, seed)):
            continue
        if any(record.weights_sha256 != trained.weights_sha256 for record in found):
            continue
        parts = [(ledger.get(p.record(cell.training, seed)), value) for p, value in cell.parts]
        read = [record.values.get(value) for record, value in parts]
        if None in read:
            continue
        scores[seed], sources[seed] = mean(read), tuple(names)
        conditions[seed] = repr([_conditions(record, value) for record, value in parts])
        images, complete = _images(parts)
        scale = trained.scale
    return Measured(scores, sources, scale, images, complete, conditions)


def comparisons(table: PaperTable, declared: Reproduction, ledger: Ledger) -> list[Comparison]:
    """Every declared cell of a table with its status.

    Cells are compared with the reference row's cell of the same column that was measured in the
    same way, on the same images with the same noise; the noise between seeds is pooled over all
    rows of that column and measurement.
    """
    ours = {cell: measured(cell, ledger) for cell in declared.cells}
    columns: dict[tuple, dict[str, Measured]] = {}
    for cell in declared.cells:
        columns.setdefault(_way(cell), {})[cell.row] = ours[cell]
    noises = {
        way: seed_noise({row: found.scores for row, found in rows.items()})
        for way, rows in columns.items()
    }
    done = []
    for cell in declared.cells:
        column, found = table.column(cell.column), ours[cell]
        reference = None
        if declared.reference is not None and cell.row != declared.reference:
            other = columns[_way(cell)].get(declared.reference, Measured())
            reference = {
                seed: score
                for seed, score in other.scores.items()
                if other.conditions[seed] == found.conditions.get(seed)
            }
        paper = table.value(cell.row, cell.column)
        decided = verdict(
            found.scores,
            paper=paper,
            metric=column.metric,
            scale=found.scale,
            # What stands for a test set is never the whole of it.
            complete=found.complete and not cell.stands_for,
            reference=reference,
            paper_reference=(
                table.value(declared.reference, cell.column) if reference is not None else None
            ),
            noise=noises[_way(cell)],
        )
        done.append(Comparison(cell, paper, found, decided))
    return done


def count(compared: Sequence[Comparison]) -> dict[Status, int]:
    """How many comparisons have each status, in the order of their meanings."""
    found = Counter(comparison.verdict.status for comparison in compared)
    return {status: found[status] for status in MEANINGS}


def _way(cell: Cell) -> tuple:
    """Cells that can be compared: the same column, measured in the same way.

    A degradation of the embedded photographs is the same whatever else was measured beside it.
    """
    parts = tuple(
        ("embedded" if part.needs_data is None and "/" in value else part.name, value)
        for part, value in cell.parts
    )
    return cell.column, cell.stands_for, parts


def _conditions(record: Record, value: str) -> tuple:
    """What was measured: of a value of one degradation only that one's images and noise."""
    group = value.rpartition("/")[0]
    drawn = (record.noise or {}).get("degradations", {})
    if group not in drawn:
        return record.test_set, record.noise, record.protocol
    images = sorted(row["name"] for row in record.per_image if row.get("group") == group)
    noise = record.noise | {"degradations": {group: drawn[group]}}
    return record.test_set["name"], images, noise, record.protocol


def _images(parts: Sequence[tuple[Record, str]]) -> tuple[str, bool]:
    """Of records and the values read from them: the images in words, and whether sets are whole."""
    words, whole = [], True
    for record, value in parts:
        test_set = record.test_set or {}
        number, expected = test_set.get("count"), test_set.get("expected")
        group = value.rpartition("/")[0]  # a value such as "derain/psnr" is of some images only
        number = sum(row.get("group") == group for row in record.per_image if group) or number
        part = expected is not None and number != expected
        whole = whole and not part
        if number is not None:
            words.append(
                f"{number} of {expected} images (a subset)" if part else f"{number} images"
            )
    return ", ".join(dict.fromkeys(words)), whole
