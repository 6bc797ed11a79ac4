"""What a printed table is here: columns, rows, and nothing that the paper does not print.

One form for every table of every paper, so that one page, one comparison and one test read all of
them.
"""

from dataclasses import dataclass
from typing import Any

from irlib.errors import UsageError
from irlib.registry import unknown_name

KINDS = ("measured", "average", "setting", "parameters")

#: Of each metric: its unit, which direction is better, and the decimals papers print.
METRICS = {
    "psnr": ("dB", "higher", 2),
    "ssim": ("", "higher", 3),
    "lpips": ("", "lower", 3),
    "uciqe": ("", "higher", 3),
    "uiqm": ("", "higher", 3),
    "delta-e": ("", "lower", 2),
    "parameters": ("M", "lower", 2),
}


@dataclass(frozen=True)
class Column:
    """One column of a printed table.

    Attributes:
        key: MEASUREMENT/METRIC, such as ``cbsd68-sigma25/psnr``; of a setting its name alone.
        title: The heading.
        kind: ``measured`` (a score on images), ``average`` (a mean of other columns as printed),
            ``parameters`` (millions), or ``setting`` (what was switched on, counted or claimed;
            such a cell stands in :attr:`Row.settings`).
        benchmark: Name of :func:`irlib.data.get_benchmark`, or None where the book has none.
        task: Such as ``denoise``, or None.
        sigma: Noise level on the 0-255 scale, or None.
        metric: A name of :data:`METRICS`, or None for a setting.
        unit: ``dB``, ``M`` or empty.
        better: ``higher`` or ``lower``; None for a setting.
        digits: Decimals the papers print.
    """

    key: str
    title: str
    kind: str = "measured"
    benchmark: str | None = None
    task: str | None = None
    sigma: int | None = None
    metric: str | None = None
    unit: str = ""
    better: str | None = None
    digits: int = 2

    def text(self, value: Any) -> str:
        """A cell of this column as the paper prints it; a dash where it prints nothing."""
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.kind == "setting" or not isinstance(value, float):
            return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        # A paper may print one cell with more decimals than the rest; none is lost here.
        return max(f"{value:.{self.digits}f}", repr(value), key=len)


@dataclass(frozen=True)
class Row:
    """One row of a printed table.

    Attributes:
        key: A slug, unique in the table: ``perceive-ir``; in ablations the printed index.
        method: The name as printed.
        settings: Facts of the row by name: what was switched on, venue, year, counts.
        values: Printed numbers by column key; None where the paper prints nothing.
        own: Whether it is the authors' own method (in ablations: the full method).
        quoted: Whether the authors took the numbers from other papers; None where they do not say.
        note: What was noticed while transcribing, or an empty string.
    """

    key: str
    method: str
    settings: dict[str, Any]
    values: dict[str, float | None]
    own: bool = False
    quoted: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class PaperTable:
    """One table or figure as printed.

    Attributes:
        id: PAPER/TABLE, such as ``perceive-ir/table-02``.
        paper: Short name of the paper.
        cite: Its key in the bibliography.
        label: Such as ``Table II``.
        caption: What it shows, in our words.
        source: Where the numbers were read.
        setting: What the methods were trained on.
        columns: In the printed order.
        rows: In the printed order.
        notes: What a reader of the numbers should know.
        inconsistencies: Where the print contradicts itself or another print, one sentence each.
    """

    id: str
    paper: str
    cite: str
    label: str
    caption: str
    source: str
    setting: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    inconsistencies: tuple[str, ...] = ()

    def column(self, key: str) -> Column:
        """The column of this key.

        Raises:
            UsageError: There is none; the nearest is named.
        """
        return _by_key(self.columns, key, f"column of {self.id}")

    def row(self, key: str) -> Row:
        """The row of this key.

        Raises:
            UsageError: There is none; the nearest is named.
        """
        return _by_key(self.rows, key, f"row of {self.id}")

    def value(self, row: str, column: str) -> Any:
        """One cell: a number or None, and for a setting whatever it was set to.

        Raises:
            UsageError: No such row or column.
        """
        found = self.column(column)
        cells = self.row(row)
        return (cells.settings if found.kind == "setting" else cells.values).get(column)

    def mean_of_columns(self, row: str, metric: str) -> float | None:
        """The mean of a row's measured cells of one metric, to hold against a printed average.

        Returns:
            None where a cell is not printed or nothing is measured in this metric.
        """
        measured = [c for c in self.columns if c.kind == "measured" and c.metric == metric]
        cells = [self.value(row, column.key) for column in measured]
        if not cells or None in cells:
            return None
        return sum(cells) / len(cells)

    def ranked(self, column: str) -> list[Row]:
        """The rows that have this cell, best first; equal ones in the printed order.

        Raises:
            UsageError: No such column, or it is a setting, which has no better side.
        """
        found = self.column(column)
        if found.better is None:
            raise UsageError(f"column '{column}' of {self.id} is a setting: it has no best row.")
        rows = [row for row in self.rows if row.values.get(column) is not None]
        sign = -1.0 if found.better == "higher" else 1.0
        return sorted(rows, key=lambda row: sign * row.values[column])


def _by_key(entries: tuple, key: str, kind: str) -> Any:
    for entry in entries:
        if entry.key == key:
            return entry
    raise UsageError(unknown_name(kind, key, [entry.key for entry in entries]))
