"""What each notebook takes: the fragment of the page Run times, made of the ledger's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from irlib.ledger import Record, read_record, record_names
from irlib.viz.ledger_page import link_to_record
from irlib.viz.pages import paragraph, raw, write_page
from irlib.viz.tables import Markup, Table

FRAGMENT = "run-times.md"
#: How the names of the records begin: one of all scales, or one a scale.
RECORD = "speed/notebooks"
SCALES = ("smoke", "pocket")


def run_times_text(records: Sequence[Record], titles: Mapping[str, str]) -> str:
    """The fragment: a row a notebook, then machine and versions of each record.

    Args:
        records: What ``irlib bench notebooks`` wrote; of two that hold a number the last counts.
        titles: Every notebook of the book by file name without ending, to its title.
    """
    if not records:
        return "Nothing is measured yet: the command below writes the record.\n"
    values = {name: value for record in records for name, value in record.values.items()}
    rows = []
    for name, title in titles.items():
        link = Markup(f'<a href="../notebooks/{escape(name)}.html">{escape(title)}</a>')
        rows.append((link, *(cell for scale in SCALES for cell in _cells(values, name, scale))))
    kinds = [f"{scale}, {what}" for scale in SCALES for what in ("min", "min of a core", "MB")]
    header = ("notebook", *kinds)
    measured = sum(any(cell != "–" for cell in row[1:]) for row in rows)
    caption = (
        f"{measured} of {len(rows)} notebooks measured. Minutes by the clock; minutes of a core "
        "that the kernel computed; the largest memory of the kernel, with all libraries."
    )
    parts = [raw(Table(header, tuple(rows), caption, (False, *(True for _ in header[1:]))).html)]
    for record in records:
        versions = ", ".join(f"{name} {number}" for name, number in record.versions.items())
        parts += [
            raw(
                f"<p>Record: {link_to_record(record.name, record.name)}. "
                f"Machine: {escape(record.device or 'not stated')}.</p>"
            ),
            paragraph(f"Versions: {versions}."),
        ]
    return "\n\n".join(parts) + "\n"


def write_run_times(folder: str | Path, root: str | Path, titles: Mapping[str, str]) -> Path:
    """Writes the fragment.

    Args:
        folder: Where pages made by commands lie, ``book/_generated``.
        root: Folder of records.
        titles: As for :func:`run_times_text`.

    Raises:
        IrlibError: The record was edited after it was written.
    """
    return write_page(Path(folder) / FRAGMENT, run_times_text(run_time_records(root), titles))


def run_time_records(root: str | Path) -> list[Record]:
    """The records that ``irlib bench notebooks`` wrote under ``root``, in the order of names."""
    return [read_record(name, root) for name in record_names(root) if name.startswith(RECORD)]


def _cells(measured: Mapping[str, float], name: str, scale: str) -> tuple[str, str, str]:
    values = [measured.get(f"{name}/{scale}_{w}") for w in ("seconds", "core_seconds", "bytes")]
    if None in values:
        return "–", "–", "–"
    return f"{values[0] / 60:.1f}", f"{values[1] / 60:.1f}", f"{values[2] / 1e6:.0f}"
