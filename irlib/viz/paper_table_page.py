"""The page of one printed table: as it was printed, and what the ledger holds beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from irlib.ledger.paper_tables import Column, PaperTable, Row
from irlib.reproduce.counted import RECORD, TOLERANCE, Counted
from irlib.reproduce.declared import Reproduction, Training
from irlib.viz.comparisons import Comparison, count
from irlib.viz.ledger_page import link_to_record
from irlib.viz.pages import bullets, paragraph, raw
from irlib.viz.tables import Markup, Table

#: By row of a table: GPU-hours of one seed at scale `paper`, as planned.
Hours = Mapping[str, float]

OURS = ("row", "paper", "ours", "±", "seeds", "Δ paper", "Δ ours", "noise", "status")
READING = (
    "± is the standard deviation over the seeds, each of which links to its record. Δ is the "
    "difference to the reference row; *noise* is how large ours may be by the choice of seeds "
    "alone (19 in 20, pooled over the rows of a table below). It says nothing about other images "
    "or longer training. [](../tables.md) says what each status means."
)


def page_name(table_id: str) -> str:
    """The file of a table's page, without ending: ``perceive-ir-table-06``."""
    return table_id.replace("/", "-")


def page_text(
    table: PaperTable,
    declared: Reproduction,
    compared: Sequence[Comparison],
    hours: Hours | None = None,
    sizes: Sequence[Counted] = (),
) -> str:
    """The page as MyST Markdown.

    Args:
        table: As printed.
        declared: What answers it; it may have no cells.
        compared: From :func:`irlib.viz.comparisons.comparisons`.
        hours: What a seed of a row would cost at scale `paper`.
        sizes: From :func:`irlib.reproduce.counted.counted`.
    """
    parts = [
        f"# {table.paper}, {table.label}",
        paragraph(table.caption),
        f"Printed in {{cite:t}}`{table.cite}`.",
        paragraph(f"Trained on: {table.setting}. Read from: {table.source}."),
        "## As printed",
        raw(as_printed(table).html),
    ]
    parts.append("## Ours beside it")
    if not declared.cells:
        parts.append("No score of this table is measured here.")
    if declared.note:
        parts.append(paragraph(declared.note))
    if declared.cells:
        if declared.reference:
            reference = table.row(declared.reference).method
            parts.append(paragraph(f"Reference row: {reference}."))
        counted = [f"{number} {status}" for status, number in count(compared).items() if number]
        parts.append(paragraph(f"{len(compared)} comparisons: {', '.join(counted)}."))
        parts.append(READING)
        parts += [raw(found.html) for found in beside(table, declared, compared)]
        parts += _costs(table, declared, compared, hours or {})
    if sizes:
        parts += ["### Sizes of the networks", raw(beside_sizes(table, sizes).html)]
    if declared.absent:
        reasons = [f"{table.row(row).method}: {why}" for row, why in declared.absent.items()]
        parts += ["### Rows without an answer", bullets(reasons)]
    notes = [f"{row.method}: {row.note}" for row in table.rows if row.note]
    for title, sentences in (
        ("Where the print contradicts itself or another", table.inconsistencies),
        ("Notes on the transcription", [*table.notes, *notes]),
    ):
        if sentences:
            parts += [f"## {title}", bullets(sentences)]
    return "\n\n".join(parts) + "\n"


def as_printed(table: PaperTable) -> Table:
    """The table as printed, the authors' own row marked."""
    rows = []
    for row in table.rows:
        cells = [column.text(table.value(row.key, column.key)) for column in table.columns]
        rows.append((_method(row), *cells))
    return Table(
        ("method", *(_title(column) for column in table.columns)),
        tuple(rows),
        f"{table.label} as printed. ★: the authors' own method. †: numbers quoted from elsewhere.",
        (False, *(column.kind != "setting" for column in table.columns)),
    )


def beside(
    table: PaperTable, declared: Reproduction, compared: Sequence[Comparison]
) -> list[Table]:
    """One table a column and way of measuring, the paper's values and ours in separate columns."""
    order = {row.key: place for place, row in enumerate(table.rows)}
    columns = {column.key: place for place, column in enumerate(table.columns)}

    def way(comparison: Comparison) -> tuple:
        cell = comparison.cell
        return columns[cell.column], cell.stands_for, cell.measurement.name, cell.value

    tables = []
    for _, group in groupby(sorted(compared, key=way), way):
        members = sorted(group, key=lambda one: order[one.cell.row])
        column = table.column(members[0].cell.column)
        rows = tuple(_row(table, declared, column, one) for one in members)
        numeric = (False, True, True, True, False, True, True, True, False)
        tables.append(Table(OURS, rows, _caption(column, members), numeric))
    return tables


def beside_sizes(table: PaperTable, sizes: Sequence[Counted]) -> Table:
    """The printed sizes and ours, in separate columns; they hold at every scale."""
    rows = tuple(
        (
            table.row(size.row).method,
            str(size.paper),
            Markup(link_to_record(RECORD, size.preset, "../")),
            "not run" if size.ours is None else f"{size.ours:.2f}",
            "–" if size.ours is None else _signed(size.ours - size.paper, 2),
            size.status,
        )
        for size in sizes
    )
    header = ("row", "paper (M)", "what is counted", "ours (M)", "difference", "status")
    caption = (
        "Millions of parameters, printed and counted at the paper's width, which needs no "
        f"training. Reproduced: within {TOLERANCE:.1%}."
    )
    return Table(header, rows, caption, (False, True, False, True, True, False))


def _row(
    table: PaperTable, declared: Reproduction, column: Column, one: Comparison
) -> tuple[str, ...]:
    verdict, ours, digits = one.verdict, one.ours, column.digits
    method = table.row(one.cell.row).method
    if one.cell.row == declared.reference:
        method += " (reference)"
    records = Markup('<a href="#what-fills-the-cells">command</a>')
    if ours.scores:
        links = [
            " ".join(link_to_record(name, str(seed), "../") for name in names)
            for seed, names in sorted(ours.records.items())
        ]
        records = Markup(", ".join(links))
    return (
        method,
        column.text(one.paper),
        "not run" if ours.mean is None else f"{ours.mean:.{digits}f}",
        "–" if ours.deviation is None else f"{ours.deviation:.{digits}f}",
        records,
        _signed(verdict.printed, digits),
        _signed(verdict.measured, digits),
        "–" if verdict.margin is None else f"{verdict.margin:.{digits}f}",
        verdict.status,
    )


def _caption(column: Column, members: Sequence[Comparison]) -> str:
    """What stands in the column "ours": on which images and at which scale."""
    cell = members[0].cell
    done = [one.ours for one in members if one.ours.scores]
    images = ", ".join(dict.fromkeys(ours.images for ours in done if ours.images))
    scales = ", ".join(dict.fromkeys(ours.scale or "unknown" for ours in done))
    facts = [f"ours on {cell.stands_for or 'the same test set'}"]
    facts += [images] if images else []
    facts += [f"scale {scales}"] if scales else ["not run"]
    return f"{_title(column)}; " + ", ".join(facts) + "."


def _costs(
    table: PaperTable, declared: Reproduction, compared: Sequence[Comparison], hours: Hours
) -> list[str]:
    """The command of each row, and what a seed of it costs at either scale."""
    left: dict[str, set[Training]] = {}
    trainings: dict[str, dict[Training, None]] = {}
    for one in compared:
        trainings.setdefault(one.cell.row, {})[one.cell.training] = None
        if not one.ours.scores:
            left.setdefault(one.cell.row, set()).add(one.cell.training)
    rows = tuple(
        (
            table.row(row).method,
            Markup(f"<code>irlib reproduce {declared.table} --only {row}</code>"),
            "not run" if left.get(row) == set(own) else "in part" if row in left else "run",
            f"{sum(training.minutes for training in own):.0f}",
            f"{hours[row]:,.1f}" if row in hours else "–",
        )
        for row, own in trainings.items()
    )
    header = ("row", "command", f"scale {declared.scale}", "minutes", "GPU-hours at scale paper")
    caption = (
        "What fills a row. Minutes: a seed at this scale on one core of a laptop, about. "
        "GPU-hours: a seed with the authors' recipe on one card, as planned; with --scale paper. "
        "At scale paper nothing was run."
    )
    shown = Table(header, rows, caption, (False, False, False, True, True))
    return ["### What fills the cells", raw(shown.html)]


def _method(row: Row) -> str:
    return row.method + (" ★" if row.own else "") + (" †" if row.quoted else "")


def _title(column: Column) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def _signed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")
