"""The page "Parity": how far our networks are from the authors' outputs, made from records."""

from __future__ import annotations

from pathlib import Path

from irlib import ledger
from irlib.ledger import Record
from irlib.viz.ledger_page import link_to_record
from irlib.viz.pages import write_page
from irlib.viz.scores_page import TITLES

PAGE_NAME = "parity.md"
PARTS = (
    (
        "parity/full-size",
        "Files of the package",
        "Networks at full size; PIVPNet's file would be too large, so that one is narrow. Any "
        "reader can make this table again.",
    ),
    (
        "parity/all",
        "All files, small networks and parts too",
        "The small ones hold all weights and, of some networks, what leaves single layers. They "
        "lie beside the repository, not in it.",
    ),
)


def write_parity_page(folder: str | Path, root: str | Path | None = None) -> Path:
    """Write the fragment of "Parity" from the records.

    Args:
        folder: Where pages made by commands lie, ``book/_generated``; made if missing.
        root: Folder of records; the checkout's ``book/results`` when None.

    Returns:
        The path of the fragment.
    """
    return write_page(Path(folder) / PAGE_NAME, parity_text(root))


def parity_text(root: str | Path | None = None) -> str:
    """The tables as Markdown, one a record.

    Args:
        root: Folder of records; the checkout's ``book/results`` when None.
    """
    known = set(ledger.record_names(root))
    parts = []
    for name, title, about in PARTS:
        if name in known:
            record = ledger.read_record(name, root)
            parts += [f"## {title}", about, _table(record), _facts(record)]
    return "\n\n".join(parts) + "\n" if parts else "No comparison has been recorded yet.\n"


def _table(record: Record) -> str:
    lines = [
        # On a phone the first columns are in sight.
        "| system | largest difference | verdict | file | parameters | allowed |",
        "|---|---:|---|---|---:|---:|",
    ]
    for row in record.per_image:
        # A function on its own, such as a loss, has no parameters.
        size = f"{row['parameters']:,}" if row["parameters"] else "none"
        verdict = "equal" if row["equal"] else "**differs**"
        lines.append(
            f"| {TITLES.get(row['system'], row['system'])} | {row['difference']:.1e} | {verdict} | "
            f"`{row['name']}` | {size} | {row['allowed']:.0e} |"
        )
    return "\n".join(lines)


def _facts(record: Record) -> str:
    equal, compared = (int(record.values[key]) for key in ("equal", "compared"))
    torch = record.versions.get("torch", "unknown")
    link = link_to_record(record.name, record.name)
    return (
        f"{equal} of {compared} are equal. Record {link}, made with PyTorch {torch} by "
        f"`{record.command}`."
    )
