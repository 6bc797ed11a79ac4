"""Tables of the book: HTML for pages, Markdown and text everywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from irlib.errors import UsageError


class Markup(str):
    """A cell that is HTML already, such as a link; any other text is escaped."""


@dataclass(frozen=True)
class Table:
    """A table that displays itself.

    Attributes:
        header: column names.
        rows: cells, already formatted as text.
        caption: what the table shows.
        numeric: for each column, whether its cells are numbers (then they stand on the right).
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    numeric: tuple[bool, ...]

    @property
    def html(self) -> str:
        """The table in a box that scrolls sideways where the screen is narrower."""
        align = [' style="text-align: right"' if number else "" for number in self.numeric]
        head = "".join(
            f'<th scope="col"{side}>{escape(name)}</th>'
            for name, side in zip(self.header, align, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f"<td{side}>{_html(c)}</td>" for c, side in zip(row, align, strict=True))
            + "</tr>"
            for row in self.rows
        )
        caption = escape(self.caption)
        return (
            f'<div class="irlib-table" role="region" aria-label="{caption}" tabindex="0" '
            f'style="overflow-x: auto; max-width: 100%"><table class="table">'
            f'<caption style="caption-side: top; text-align: left">{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    @property
    def markdown(self) -> str:
        """The table as Markdown, under its caption."""
        rule = "|".join("---:" if number else "---" for number in self.numeric)
        lines = [self._line(self.header), f"|{rule}|", *(self._line(row) for row in self.rows)]
        return f"{self.caption}\n\n" + "\n".join(lines) + "\n"

    @staticmethod
    def _line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/markdown": self.markdown, "text/plain": str(self)}

    def __str__(self) -> str:
        columns = list(zip(self.header, *self.rows, strict=True))
        widths = [max(len(cell) for cell in column) for column in columns]
        lines = [
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(row, widths, self.numeric, strict=True)
            ).rstrip()
            for row in (self.header, *self.rows)
        ]
        return "\n".join([self.caption, *lines])


def table(rows: Sequence[Mapping[str, Any]], caption: str, *, digits: int = 2) -> Table:
    """Make a table from rows.

    Args:
        rows: one mapping a row, column name -> value; the columns are those of the first row.
            Floats are written with `digits` decimals, None as a dash.
        caption: what the table shows, with protocol and units.
        digits: decimals of floats.

    Returns:
        A table that displays itself: leave it on the last line of a cell.

    Raises:
        UsageError: if there is no row, or a row has other columns than the first.
    """
    if not rows:
        raise UsageError(f'the table "{caption}" has no rows; give at least one')
    header = tuple(rows[0])
    for number, row in enumerate(rows, start=1):
        if tuple(row) != header:
            raise UsageError(
                f'row {number} of the table "{caption}" has the columns {", ".join(row)}; '
                f"the first row has {', '.join(header)}; give every row the same ones"
            )
    numeric = tuple(all(_is_number(row[name]) for row in rows) for name in header)
    cells = tuple(tuple(_cell(row[name], digits) for name in header) for row in rows)
    return Table(tuple(str(name) for name in header), cells, caption, numeric)


def _html(text: str) -> str:
    return text if isinstance(text, Markup) else escape(text)


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    try:
        float(value)  # a number that was already formatted stands on the right as well
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _cell(value: Any, digits: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, Markup):
        return value
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)
