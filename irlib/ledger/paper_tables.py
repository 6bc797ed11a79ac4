"""The tables of the papers as data: every number they print, where it was read, what is odd in it.

They lie in ``irlib/ledger/papers/PAPER/TABLE.yaml``, one file a table, all of the form of
:mod:`irlib.ledger.paper_schema`. A file without that form is refused with its name, the field and
what was expected. None of these numbers was measured by this library: ours are records under
``book/results`` and never stand in the same column.

Taught in chapter 20.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from irlib.errors import IrlibError, UsageError
from irlib.ledger.paper_schema import KINDS, METRICS, Column, PaperTable, Row
from irlib.registry import unknown_name

__all__ = ["Column", "PaperTable", "Row", "paper_table", "paper_tables", "read_paper_table"]

PAPERS = Path(__file__).parent / "papers"
# The loader in C where PyYAML was built with it: some ten times as fast, and as safe.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SLUG = re.compile(r"[a-z0-9]+([._+-][a-z0-9]+)*")
_HEAD = ("paper", "cite", "label", "caption", "source", "setting")


def paper_tables() -> list[str]:
    """The ids of all printed tables and figures, sorted: ``perceive-ir/table-02`` and so on."""
    return sorted(
        path.relative_to(PAPERS).with_suffix("").as_posix() for path in PAPERS.glob("*/*.yaml")
    )


@cache
def paper_table(table_id: str) -> PaperTable:
    """One table or figure as printed.

    Args:
        table_id: An id of :func:`paper_tables`.

    Raises:
        UsageError: No such table; the nearest is named.
        IrlibError: Its file is broken.
    """
    if table_id not in paper_tables():
        raise UsageError(unknown_name("table", table_id, paper_tables()))
    return read_paper_table(PAPERS / f"{table_id}.yaml")


def read_paper_table(path: Path) -> PaperTable:
    """Read one file of the form above; its id is its folder's name and its own.

    Raises:
        IrlibError: It cannot be read, or a field is missing, unknown or of another form.
    """
    try:
        body = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise IrlibError(f"{path} cannot be read as a table: {error}.") from error
    _fields(body, {*_HEAD, "columns", "rows"}, {"notes", "inconsistencies"}, str(path))
    columns = _unique(
        [_column(entry, f"{path}: columns[{i}]") for i, entry in _listed(body, "columns", path)],
        f"{path}: columns",
    )
    rows = [_row(entry, columns, f"{path}: rows[{i}]") for i, entry in _listed(body, "rows", path)]
    return PaperTable(
        id=f"{path.parent.name}/{path.stem}",
        **{name: _text(body[name], f"{path}: {name}") for name in _HEAD},
        columns=columns,
        rows=_unique(rows, f"{path}: rows"),
        notes=_sentences(body.get("notes", []), f"{path}: notes"),
        inconsistencies=_sentences(body.get("inconsistencies", []), f"{path}: inconsistencies"),
    )


def _column(entry: Any, where: str) -> Column:
    _fields(entry, {"key", "title"}, {"kind", "benchmark", "task", "sigma"}, where)
    kind = entry.get("kind", "measured")
    _expect(kind in KINDS, f"{where}.kind", f"one of {', '.join(KINDS)}", kind)
    given = {name: entry.get(name) for name in ("benchmark", "task")}
    for name, text in given.items():
        _expect(text is None or _is_slug(text), f"{where}.{name}", "a name in lower case", text)
    sigma = entry.get("sigma")
    _expect(sigma is None or _is_whole(sigma), f"{where}.sigma", "a whole number", sigma)
    title = _text(entry["title"], f"{where}.title")
    if kind == "setting":
        _expect(_is_slug(entry["key"]), f"{where}.key", "a name in lower case", entry["key"])
        return Column(entry["key"], title, kind, **given, sigma=sigma)
    measurement, _, metric = str(entry["key"]).rpartition("/")
    if kind == "parameters":
        _expect(entry["key"] == "parameters", f"{where}.key", "'parameters'", entry["key"])
    else:
        form = f"MEASUREMENT/METRIC with a metric of {', '.join(METRICS)}"
        good = _is_slug(measurement) and metric in METRICS
        _expect(good, f"{where}.key", form, entry["key"])
    unit, better, digits = METRICS[metric]
    facts = {"metric": metric, "unit": unit, "better": better, "digits": digits}
    return Column(entry["key"], title, kind, **given, sigma=sigma, **facts)


def _row(entry: Any, columns: tuple[Column, ...], where: str) -> Row:
    optional = {"settings", "values", "own", "quoted", "note"}
    _fields(entry, {"key", "method"}, optional, where)
    _expect(_is_slug(entry["key"]), f"{where}.key", "a name in lower case", entry["key"])
    settings, values = entry.get("settings", {}), entry.get("values", {})
    of_settings = {column.key for column in columns if column.kind == "setting"}
    of_values = {column.key for column in columns} - of_settings
    for name, cells in (("settings", settings), ("values", values)):
        _expect(isinstance(cells, Mapping), f"{where}.{name}", "a mapping", cells)
    # Every declared cell is written, a missing number as null: a forgotten one cannot pass.
    missing = of_settings - set(settings)
    _expect(not missing, f"{where}.settings", f"the cells {sorted(missing)} too", sorted(settings))
    _expect(set(values) == of_values, f"{where}.values", f"{sorted(of_values)}", sorted(values))
    for key, value in values.items():
        number = value is None or (isinstance(value, float | int) and not isinstance(value, bool))
        _expect(number, f"{where}.values.{key}", "a number or null", value)
    own, quoted = entry.get("own", False), entry.get("quoted")
    _expect(isinstance(own, bool), f"{where}.own", "true or false", own)
    said = quoted is None or isinstance(quoted, bool)
    _expect(said, f"{where}.quoted", "true, false or null", quoted)
    return Row(
        key=entry["key"],
        method=_text(entry["method"], f"{where}.method"),
        settings=dict(settings),
        values={key: None if value is None else float(value) for key, value in values.items()},
        own=own,
        quoted=quoted,
        note=_text(entry["note"], f"{where}.note") if "note" in entry else "",
    )


def _fields(body: Any, needed: set[str], optional: set[str], where: str) -> None:
    _expect(isinstance(body, Mapping), where, "a mapping", body)
    missing, unknown = needed - set(body), set(body) - needed - optional
    _expect(not missing, where, f"the fields {', '.join(sorted(missing))} too", sorted(body))
    allowed = ", ".join(sorted(needed | optional))
    _expect(not unknown, where, f"only the fields {allowed}", sorted(map(str, unknown)))


def _listed(body: Mapping, name: str, path: Path) -> list[tuple[int, Any]]:
    _expect(isinstance(body[name], list), f"{path}: {name}", "a list", body[name])
    return list(enumerate(body[name]))


def _unique(entries: list, where: str) -> tuple:
    keys = [entry.key for entry in entries]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    _expect(not twice, where, "each key once", twice)
    return tuple(entries)


def _sentences(given: Any, where: str) -> tuple[str, ...]:
    _expect(isinstance(given, list), where, "a list of sentences", given)
    return tuple(_text(text, f"{where}[{i}]") for i, text in enumerate(given))


def _text(given: Any, where: str) -> str:
    _expect(isinstance(given, str) and bool(given.strip()), where, "a text", given)
    return given


def _is_slug(given: Any) -> bool:
    return isinstance(given, str) and _SLUG.fullmatch(given) is not None


def _is_whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _expect(holds: bool, where: str, expected: str, given: Any) -> None:
    if not holds:
        raise IrlibError(f"{where}: expected {expected}, found {given!r}. Correct the file.")
