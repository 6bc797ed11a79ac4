"""Which of a paper's tables is answered how: one declaration a table, built for a scale."""

from collections.abc import Callable, Sequence

from irlib.ledger.paper_tables import PaperTable, paper_table, paper_tables
from irlib.reproduce.declared import Cell, Measurement, Reproduction, Training
from irlib.reproduce.measurements import embedded_value, on_benchmark, test_set_of
from irlib.scale import checked_scale

#: Declares a table at a scale.
Declaration = Callable[[PaperTable, str], Reproduction]
_DECLARED: dict[str, Declaration] = {}

Systems = dict[str, tuple[Training, Measurement | None]]


def declare(*tables: str) -> Callable[[Declaration], Declaration]:
    """Returns a decorator that enters how some tables are answered."""

    def enter(declaration: Declaration) -> Declaration:
        _DECLARED.update(dict.fromkeys(tables, declaration))
        return declaration

    return enter


def reproductions() -> list[str]:
    """The ids of all tables, sorted; those that nothing answers say why in their note."""
    return paper_tables()


def comparisons_of_our_own() -> list[str]:
    """The ids of what no paper printed: the book's own comparisons."""
    from irlib.reproduce.own import OWN

    return list(OWN)


def reproduction(table: str, scale: str = "pocket") -> Reproduction:
    """How one table is answered.

    Args:
        table: Id of :func:`irlib.ledger.paper_tables.paper_tables`, or one of
            :func:`comparisons_of_our_own`.
        scale: "pocket" (a laptop, the book), "paper" (the authors' recipes and data) or "smoke".

    Raises:
        UsageError: No such table or scale; the nearest is suggested.
    """
    from irlib.reproduce import ablations, main_tables, unseen  # noqa: F401  they declare
    from irlib.reproduce.own import OWN

    checked_scale(scale)
    if table in OWN:
        return OWN[table](scale)
    printed = paper_table(table)
    if table not in _DECLARED:
        return Reproduction(table, (), note=NOTHING.get(table, _NO_SYSTEM), scale=scale)
    return _DECLARED[table](printed, scale)


_NO_SYSTEM = "It prints nothing that a training of this library answers."
NOTHING = {
    "perceive-ir/table-01": "It counts images; `irlib data check` counts those that are there.",
    "dppd/table-3": "Super-resolution and JPEG are no degradations of this book, and neither of "
    "the two backbones is in the library.",
    "instructir/lol": "Its row is a network trained with a sixth degradation, super-resolution, "
    "which this book does not have.",
    "instructir/mit5k": "Retouching by experts is no degradation of this book.",
    "pivpnet/claims": "The authors name neither baseline nor setting, so nothing can be compared.",
    "pivpnet/parameters": "Parameters are counted, not trained: chapter 23 does so.",
}


def systems_table(
    printed: PaperTable,
    scale: str,
    systems: Systems,
    reference: str | None = None,
    note: str = "",
    absent: dict[str, str] | None = None,
) -> Reproduction:
    """A table whose rows are systems and whose columns are test sets.

    Args:
        printed: The paper's table.
        scale: "smoke", "pocket" or "paper".
        systems: By row: what is trained, and what is measured on embedded photographs.
        reference: The row that others are compared with.
        note: What a reader has to know.
        absent: Rows that nothing answers and why; others without a training are taken for
            systems that the library does not have.
    """
    cells: list[Cell] = []
    for row, (training, measurement) in systems.items():
        cells += row_cells(printed, row, training, measurement, scale)
    return assembled(printed, scale, cells, reference, note, absent)


def assembled(
    printed: PaperTable,
    scale: str,
    cells: Sequence[Cell],
    reference: str | None,
    note: str,
    absent: dict[str, str] | None = None,
) -> Reproduction:
    """Cells put together, in the order of the table's rows.

    Args:
        printed: The paper's table.
        scale: "smoke", "pocket" or "paper".
        cells: What answers its numbers.
        reference: The row that others are compared with, if it is answered.
        note: What a reader has to know.
        absent: Rows that nothing answers and why; others are taken for systems that the library
            does not have.
    """
    answered = {cell.row for cell in cells}
    order = [row.key for row in printed.rows]
    cells = sorted(cells, key=lambda cell: order.index(cell.row))
    missing = {
        row.key: (absent or {}).get(row.key, f"{row.method} is not in this library")
        for row in printed.rows
        if row.key not in answered
    }
    if reference not in answered:
        reference = None
    return Reproduction(printed.id, tuple(cells), reference, note, scale, missing)


def row_cells(
    printed: PaperTable,
    row: str,
    training: Training,
    measurement: Measurement | None,
    scale: str,
    task: str | None = None,
) -> list[Cell]:
    """The cells of one row: what stands for each printed number, and the number's own test set.

    Args:
        printed: The paper's table.
        row: Key of the row; only numbers that the paper prints there get cells.
        training: What is trained.
        measurement: On embedded photographs, or None.
        scale: "smoke", "pocket" or "paper".
        task: Only columns of this task.
    """
    cells: list[Cell] = []
    for column in printed.columns:
        if column.kind not in ("measured", "average") or printed.value(row, column.key) is None:
            continue
        if task is not None and column.task != task:
            continue
        measured = [column]
        if column.kind == "average":  # of what is printed in this row
            measured = [c for c in printed.columns if c.kind == "measured"]
            measured = [c for c in measured if printed.value(row, c.key) is not None]
        sets = [
            (test_set_of(c), c.benchmark, c.sigma) for c in measured if c.metric == column.metric
        ]
        cells += cells_on(printed.id, row, column.key, sets, training, measurement, scale)
    return cells


def cells_on(
    table: str,
    row: str,
    column: str,
    sets: Sequence[tuple[str, str | None, int | None]],
    training: Training,
    measurement: Measurement | None,
    scale: str,
) -> list[Cell]:
    """What answers one printed number: the mean over some test sets, usually the one.

    Args:
        table: Of the cell.
        row: Of the cell.
        column: Of the cell; its last part is the metric.
        sets: Name, benchmark and noise level of each test set.
        training: What is trained.
        measurement: On embedded photographs; None measures there nothing.
        scale: At scale paper nothing stands for anything else.
    """
    metric = column.rpartition("/")[2]
    cells = []
    if measurement is not None and scale != "paper":
        found = [embedded_value(measurement, name, metric) for name, _, _ in sets]
        if all(found):
            parts = [(measurement, str(value)) for value in found]
            cells.append(_cell(table, row, column, training, parts, EMBEDDED_STANDS))
    if all(benchmark for _, benchmark, _ in sets):
        real = [on_benchmark(name, str(b), sigma, scale) for name, b, sigma in sets]
        stands_for = "; ".join(dict.fromkeys(words for _, words in real if words))
        parts = [(found, metric) for found, _ in real]
        cells.append(_cell(table, row, column, training, parts, stands_for))
    return cells


EMBEDDED_STANDS = "held-out embedded photographs, degraded in the same way"


def _cell(
    table: str,
    row: str,
    column: str,
    training: Training,
    parts: list[tuple[Measurement, str]],
    stands_for: str,
) -> Cell:
    (measurement, value), *also = parts
    return Cell(table, row, column, training, measurement, value, stands_for, tuple(also))
