"""The Ledger page: every record with a place to link to, and its file beside the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from html import escape
from itertools import groupby
from pathlib import Path

from irlib.ledger import Record, records
from irlib.viz.pages import raw, write_page
from irlib.viz.tables import Markup, Table

PAGE_NAME = "ledger.md"
#: Where the records' files lie in the built book, beside the page.
FILES = "results"
MOST_VALUES = 4
#: A longer table is folded: unfolded, all of them are fifty screens of a phone.
LONG = 12

GROUPS = {
    "ablations": "Perceive-IR with parts left out, and other ablations.",
    "checks": "Cheap enough to be measured again by every test of the repository.",
    "classical": "Methods without a network, on the same images.",
    "clip-pocket": "The small CLIP that ships, which stands in for CLIP at pocket scale.",
    "composite": "Trained on the eleven compositions of haze, rain, snow and darkness.",
    "dino-pocket": "The small DINO that ships, which stands in for DINOv2 at pocket scale.",
    "equal-budget": "Every system trained with one budget on five tasks.",
    "namer-pocket": "The small classifier that ships, which names the degradation of a picture.",
    "parameters": "Parameters of the systems at each size, counted.",
    "parity": "How far our networks are from the authors' outputs.",
    "planning": "What the authors' recipes would cost; estimates, nothing was run.",
    "promptir-pocket": "The small PromptIR that ships.",
    "rounding": "The equal budget again on other numbers of CPU threads: what rounding moves.",
    "same-steps": "One task alone, with as many steps as three tasks share.",
    "single-task": "One network for each task.",
    "speed": "Time and memory on the machine named.",
    "tasks": "Trained on some or all of the five tasks, always with as many steps.",
    "three-task": "Every system trained with one budget on three tasks.",
    "vgg-pocket": "The small VGG that ships, which stands in for VGG at pocket scale.",
}


def link_to_record(name: str, text: str, up: str = "") -> str:
    """A link to a record on the Ledger page, as HTML.

    Args:
        name: The record.
        text: What to show.
        up: From the page's folder to that of the Ledger page, such as ``../``.
    """
    return f'<a href="{up}ledger.html#{escape(name)}">{escape(text)}</a>'


def ledger_text(found: Iterable[Record]) -> str:
    """The fragment of the Ledger page: a section for each first part of the names.

    Args:
        found: Records in the order of their names, as :func:`irlib.ledger.records` gives them.
    """
    parts = []
    total = 0
    for group, members in groupby(found, _group):
        rows = [_row(record) for record in members]
        total += len(rows)
        header = ("record", "values", "images", "minutes", "file")
        numeric = (False, False, True, True, False)
        number = "1 record" if len(rows) == 1 else f"{len(rows)} records"
        caption = f"{number}. {GROUPS.get(group, '')}".strip()
        listed = Table(header, tuple(rows), caption, numeric).html
        if len(rows) > LONG:
            listed = f"<details><summary>Show {number}</summary>{listed}</details>"
        parts += [f"## {group}", raw(listed)]
    head = f"{total} records, each read and found as its command wrote it when this page was made."
    return "\n\n".join([head, *parts]) + "\n"


def write_ledger_page(folder: str | Path, root: str | Path | None = None) -> Path:
    """Writes the fragment of the Ledger page.

    Args:
        folder: Where pages made by commands lie, ``book/_generated``.
        root: Folder of records; the checkout's ``book/results`` when None.

    Raises:
        IrlibError: A record was edited after it was written.
    """
    return write_page(Path(folder) / PAGE_NAME, ledger_text(records(root)))


def copy_records(root: str | Path, to: str | Path) -> int:
    """Copies the records' files into the built book; returns how many there are.

    Args:
        root: Folder of records.
        to: The folder ``results`` beside the built Ledger page; made anew.
    """
    root, to = Path(root), Path(to)
    if to.exists():
        shutil.rmtree(to)
    files = sorted(root.rglob("*.json")) if root.is_dir() else []
    for file in files:
        target = to / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return len(files)


def _group(record: Record) -> str:
    group, _, rest = record.name.partition("/")
    return group if rest else "other"  # a heading of the record's name would take its place


def _row(record: Record) -> tuple[str, ...]:
    name = escape(record.name)
    test_set = record.test_set or {}
    count, expected = test_set.get("count"), test_set.get("expected")
    images = "–" if count is None else str(count)
    if expected and expected != count:
        images += f" of {expected}"
    facts = [f"<code>{escape(record.command)}</code>"] if record.command else []
    facts += [escape(text) for text in (record.device, record.notes) if text]
    facts += [f"scale {record.scale}"] if record.scale else []
    more = f"<details><summary>how</summary>{'<br>'.join(facts)}</details>" if facts else ""
    return (
        # A name may break at its slashes: nothing else of it has a place to.
        Markup(f'<span id="{name}">{name.replace("/", "/<wbr>")}</span>{more}'),
        _values(record),
        images,
        "–" if record.minutes is None else f"{record.minutes:.1f}",
        Markup(f'<a href="{FILES}/{name}.json">JSON</a>'),
    )


def _values(record: Record) -> str:
    """Means first, then what was given, then parts (``derain/psnr``); the file holds them all."""
    ordered = sorted(record.values.items(), key=lambda item: (*_rank(item[0]), item[0]))
    shown = ", ".join(f"{key} {value:.4g}" for key, value in ordered[:MOST_VALUES])
    left = len(ordered) - MOST_VALUES
    return f"{shown} and {left} more" if left > 0 else shown


def _rank(key: str) -> tuple[bool, bool]:
    return "/" in key, key.startswith("input_")
