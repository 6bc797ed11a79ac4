"""The summary of all printed tables: how many comparisons have which status, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple

from irlib.ledger.paper_tables import PaperTable, paper_table
from irlib.ledger.status import LEVEL, MEANINGS, TOLERANCES, Status
from irlib.reproduce import reproduction, reproductions
from irlib.reproduce.costs import planned_hours
from irlib.reproduce.counted import TOLERANCE, Counted, counted, recorded_counts
from irlib.reproduce.declared import Reproduction
from irlib.viz.comparisons import Comparison, Ledger, comparisons, count
from irlib.viz.pages import bullets, raw, write_page
from irlib.viz.paper_table_page import page_name, page_text
from irlib.viz.tables import Markup, Table

FRAGMENT = "tables.md"
FOLDER = "tables"


class Compared(NamedTuple):
    """A printed table, what answers it, and what the ledger holds beside it.

    Attributes:
        table: As printed.
        declared: What answers it.
        measured: A comparison a declared cell.
        counted: A comparison a printed size of a network.
    """

    table: PaperTable
    declared: Reproduction
    measured: list[Comparison]
    counted: list[Counted]

    @property
    def statuses(self) -> dict[Status, int]:
        """How many comparisons of either kind have each status."""
        found = count(self.measured)
        for size in self.counted:
            found[size.status] += 1
        return found


def compare_all(root: str | Path | None = None) -> dict[str, Compared]:
    """Every printed table beside the ledger, by id."""
    ledger, counts = Ledger(root), recorded_counts(root)
    found = {}
    for table_id in reproductions():
        table, answer = paper_table(table_id), reproduction(table_id)
        lines = comparisons(table, answer, ledger)
        found[table_id] = Compared(table, answer, lines, counted(table, counts))
    return found


def summary_text(
    compared: Mapping[str, Compared],
) -> str:
    """The fragment of the summary page: one row a table, and what the statuses mean."""
    rows, total = [], dict.fromkeys(("printed", "asked", *MEANINGS), 0)
    for table_id, found in compared.items():
        table, asked = found.table, {(one.cell.row, one.cell.column) for one in found.measured}
        numbers = {
            "printed": sum(v is not None for row in table.rows for v in row.values.values()),
            "asked": len(asked) + len(found.counted),
            **found.statuses,
        }
        for name, number in numbers.items():
            total[name] += number
        link = f'<a href="{FOLDER}/{page_name(table_id)}.html">{escape(_name(table))}</a>'
        rows.append((Markup(link), *(str(number or "–") for number in numbers.values())))
    rows.append(("all", *map(str, total.values())))
    caption = (
        "Printed numbers, how many of them this library asks again, and the status of each "
        "comparison. A number that is measured in two ways counts as two comparisons."
    )
    header = ("table", "printed", "asked", *MEANINGS)
    table = Table(header, tuple(rows), caption, (False, *(True for _ in header[1:])))
    meanings = [f"{status}: {meaning.replace('`', '')}." for status, meaning in MEANINGS.items()]
    tolerances = ", ".join(f"{metric} {value:g}" for metric, value in TOLERANCES.items())
    tolerances += f"; sizes of networks {TOLERANCE:.1%} of the printed one"
    meanings.append(f"Tolerances: {tolerances}. Confidence of the noise: {LEVEL:g}.")
    return "\n\n".join([raw(table.html), "## What each status means", bullets(meanings)]) + "\n"


def write_table_pages(
    book: str | Path,
    root: str | Path | None = None,
    compared: Mapping[str, Compared] | None = None,
) -> list[Path]:
    """Writes a page a printed table and the fragment of their summary.

    Args:
        book: The folder ``book``; pages go to ``tables``, the fragment to ``_generated``.
        root: Folder of records; the checkout's ``book/results`` when None.
        compared: Every printed table beside these records; compared here when None.

    Raises:
        IrlibError: A record was edited after it was written, or a table's file is broken.
    """
    book, costs = Path(book), planned_hours(root)
    compared = compare_all(root) if compared is None else compared
    written = [write_page(book / "_generated" / FRAGMENT, summary_text(compared))]
    for table_id, (table, declared, lines, sizes) in compared.items():
        path = book / FOLDER / f"{page_name(table_id)}.md"
        text = page_text(table, declared, lines, costs.get(table_id), sizes)
        written.append(write_page(path, text))
    for old in set((book / FOLDER).glob("*.md")) - set(written):
        old.unlink()  # a table that is gone would otherwise stay in the contents
    return written


def _name(table: PaperTable) -> str:
    return f"{table.paper}, {table.label}"
