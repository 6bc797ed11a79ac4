"""The summary of all printed tables: how many comparisons have which status, table by table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from irlib.ledger.paper_tables import PaperTable, paper_table, paper_tables
from irlib.ledger.status import LEVEL, MEANINGS, TOLERANCES
from irlib.reproduce import reproduction, reproductions
from irlib.reproduce.costs import planned_hours
from irlib.reproduce.declared import Reproduction
from irlib.viz.comparisons import Comparison, Ledger, comparisons, count
from irlib.viz.pages import bullets, raw, write_page
from irlib.viz.paper_table_page import page_name, page_text
from irlib.viz.tables import Markup, Table

FRAGMENT = "tables.md"
FOLDER = "tables"


def compare_all(
    root: str | Path | None = None,
) -> dict[str, tuple[PaperTable, Reproduction | None, list[Comparison]]]:
    """Every printed table, what answers it, and what the ledger holds beside it, by id."""
    ledger, declared = Ledger(root), set(reproductions())
    found = {}
    for table_id in paper_tables():
        table = paper_table(table_id)
        answer = reproduction(table_id) if table_id in declared else None
        found[table_id] = table, answer, comparisons(table, answer, ledger) if answer else []
    return found


def summary_text(
    compared: Mapping[str, tuple[PaperTable, Reproduction | None, Sequence[Comparison]]],
) -> str:
    """The fragment of the summary page: one row a table, and what the statuses mean."""
    rows, total = [], dict.fromkeys(("printed", "asked", *MEANINGS), 0)
    for table_id, (table, _, lines) in compared.items():
        numbers = {
            "printed": sum(v is not None for row in table.rows for v in row.values.values()),
            "asked": len({(line.cell.row, line.cell.column) for line in lines}),
            **count(lines),
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
    meanings.append(f"Tolerances: {tolerances}. Confidence of the noise: {LEVEL:g}.")
    return "\n\n".join([raw(table.html), "## What each status means", bullets(meanings)]) + "\n"


def write_table_pages(
    book: str | Path,
    root: str | Path | None = None,
) -> list[Path]:
    """Writes a page a printed table and the fragment of their summary.

    Args:
        book: The folder ``book``; pages go to ``tables``, the fragment to ``_generated``.
        root: Folder of records; the checkout's ``book/results`` when None.

    Raises:
        IrlibError: A record was edited after it was written, or a table's file is broken.
    """
    book = Path(book)
    compared, costs = compare_all(root), planned_hours(root)
    written = [write_page(book / "_generated" / FRAGMENT, summary_text(compared))]
    for table_id, (table, declared, lines) in compared.items():
        path = book / FOLDER / f"{page_name(table_id)}.md"
        written.append(write_page(path, page_text(table, declared, lines, costs.get(table_id))))
    for old in set((book / FOLDER).glob("*.md")) - set(written):
        old.unlink()  # a table that is gone would otherwise stay in the contents
    return written


def _name(table: PaperTable) -> str:
    return f"{table.paper}, {table.label}"
