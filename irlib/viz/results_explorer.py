"""What the results explorer's page sorts: printed numbers with ours, and all that was measured.

Written as a script, because a page that is opened from a folder may not read a JSON file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from irlib.data.benchmarks import list_benchmarks
from irlib.ledger import Record, records
from irlib.ledger.paper_tables import PaperTable
from irlib.reproduce.counted import COLUMN, RECORD, Counted
from irlib.viz.comparisons import Comparison
from irlib.viz.pages import write_page
from irlib.viz.paper_table_page import page_name
from irlib.viz.tables_summary import Compared, compare_all

PAGE = "book/results-explorer"
#: In the folder of the page's own scripts, so that it loads without a server.
SCRIPT = "results-explorer/data.js"
#: Beside the fragments, until a built book takes it.
WRITTEN = "results-explorer.js"
#: The fields of a row, in their order; `records` are places in the list of records.
FIELDS = (
    *("view", "source", "page", "row", "system", "task", "number"),
    *("paper", "ours", "deviation", "scale", "status", "records"),
)
#: Fields of few different words: a row has their places in the list of words.
WORDED = ("view", "source", "page", "row", "system", "task", "number", "scale", "status")
#: What a reader is shown of a record beside its values; its file holds all.
SHOWN = ("kind", "scale", "minutes", "device", "command", "commit", "notes")
NONE = "–"


def explorer_script(
    root: str | Path | None = None, compared: Mapping[str, Compared] | None = None
) -> str:
    """All rows and a short form of each record, as a script.

    Args:
        root: Folder of records; the checkout's ``book/results`` when None.
        compared: Every printed table beside these records; compared here when None.

    Raises:
        IrlibError: A record was edited after it was written.
    """
    found = list(records(root))
    places = {record.name: place for place, record in enumerate(found)}
    rows = []
    for table, _, lines, sizes in (compare_all(root) if compared is None else compared).values():
        rows += [compared_row(table, line, places) for line in lines]
        rows += [counted_row(table, size, places) for size in sizes]
    rows += measured_rows(found)
    words = list(dict.fromkeys(row[field] for row in rows for field in WORDED))
    place_of = {word: place for place, word in enumerate(words)}
    body = {
        "fields": FIELDS,
        "worded": WORDED,
        "words": words,
        "rows": [
            [place_of[row[field]] if field in WORDED else row[field] for field in FIELDS]
            for row in rows
        ],
        "records": [short_form(record) for record in found],
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"globalThis.irlibResults = {text};\n"


def compared_row(table: PaperTable, line: Comparison, places: dict[str, int]) -> dict[str, Any]:
    """The row of one comparison of a printed number with ours."""
    column = table.column(line.cell.column)
    task = "average" if column.kind == "average" else column.task or NONE
    number = f"{column.title} ({column.unit})" if column.unit else column.title
    names = dict.fromkeys(name for one in line.ours.records.values() for name in one)
    return {
        "view": "compared",
        "source": f"{table.paper}, {table.label}",
        "page": page_name(table.id),
        "row": table.row(line.cell.row).method,
        "system": line.cell.training.model,
        "task": task,
        "number": f"{number}; ours on {line.cell.stands_for or 'the same test set'}",
        "paper": line.paper,
        "ours": _number(line.ours.mean),
        "deviation": _number(line.ours.deviation),
        "scale": line.ours.scale or NONE,
        "status": line.verdict.status,
        "records": [places[name] for name in names],
    }


def counted_row(table: PaperTable, size: Counted, places: dict[str, int]) -> dict[str, Any]:
    """The row of one printed size of a network beside its count."""
    column = table.column(COLUMN)
    return {
        "view": "compared",
        "source": f"{table.paper}, {table.label}",
        "page": page_name(table.id),
        "row": table.row(size.row).method,
        "system": size.preset.partition("/")[0],
        "task": NONE,
        "number": f"{column.title}; counted as {size.preset}",
        "paper": size.paper,
        "ours": _number(size.ours),
        "deviation": None,
        "scale": NONE,
        "status": size.status,
        "records": [] if size.ours is None else [places[RECORD]],
    }


def measured_rows(found: Iterable[Record]) -> list[dict[str, Any]]:
    """One row a measured value; what was given to a system is left to its record."""
    found = list(found)
    models = {
        record.weights_sha256: record.recipe["model"]
        for record in found
        if record.weights_sha256 and record.recipe and "model" in record.recipe
    }
    tasks = {benchmark.name: benchmark.task for benchmark in list_benchmarks()}
    rows = []
    for place, record in enumerate(found):
        group, _, rest = record.name.partition("/")
        system = models.get(record.weights_sha256) or NONE
        of_set = tasks.get((record.test_set or {}).get("name"), NONE)
        for key, value in record.values.items():
            part, _, metric = key.rpartition("/")
            if metric.startswith("input_"):
                continue
            rows.append(
                {
                    "view": "measured",
                    "source": group,
                    "page": None,
                    "row": rest or group,
                    "system": system,
                    "task": part if part in tasks.values() else of_set,
                    "number": key,
                    "paper": None,
                    "ours": _number(value),
                    "deviation": None,
                    "scale": record.scale or NONE,
                    "status": "measured",
                    "records": [place],
                }
            )
    return rows


def short_form(record: Record) -> dict[str, Any]:
    """What the page shows of a record before a reader opens its file."""
    facts = {name: getattr(record, name) for name in SHOWN if getattr(record, name)}
    test_set, protocol = record.test_set or {}, record.protocol or {}
    if test_set:
        count, expected = test_set.get("count"), test_set.get("expected")
        part = f" of {expected}" if expected and expected != count else ""
        facts["images"] = f"{test_set.get('name')}, {count}{part}"
    if protocol:
        facts["protocol"] = protocol.get("name")
    if "minutes" in facts:
        facts["minutes"] = round(facts["minutes"], 1)
    return {"name": record.name, **facts}


def lay_out_results(app: Any, exception: Exception | None) -> None:
    """Put the script, written before pages are read, into a built book that holds the page."""
    if exception is None and app.builder.format == "html" and PAGE in app.env.found_docs:
        written = Path(app.srcdir) / "book" / "_generated" / WRITTEN
        write_page(Path(app.outdir) / "_static" / SCRIPT, written.read_text(encoding="utf-8"))


def _number(value: float | None) -> float | str | None:
    """Six digits, as a page needs no more; JSON has no infinity."""
    if value is None or math.isfinite(value):
        return None if value is None else float(f"{value:.6g}")
    return str(value)
