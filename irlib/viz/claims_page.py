"""The page "Claims": what the chapters claim and the last verdicts, read from stored outputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from irlib.errors import IrlibError, UsageError
from irlib.ledger.claims import (
    FAILS,
    HOLDS,
    MIME,
    OPEN,
    SHOWN_RECORDS,
    Claim,
    claim_from_mapping,
    record_hash,
)
from irlib.viz.ledger_page import link_to_record
from irlib.viz.pages import write_page

PAGE_NAME = "claims.md"
OUTDATED = "a record has changed since"


def write_claims_page(folder: str | Path, notebooks: str | Path) -> Path:
    """Write the fragment of "Claims" from the stored outputs of all chapters.

    Args:
        folder: Where pages made by commands lie, ``book/_generated``; made if missing.
        notebooks: The folder of the chapters.

    Returns:
        The path of the fragment.
    """
    return write_page(Path(folder) / PAGE_NAME, claims_text(notebooks))


def claims_text(notebooks: str | Path) -> str:
    """The list of claims as Markdown, chapter by chapter in the order of their files.

    Raises:
        IrlibError: A stored verdict does not follow from what was measured.
    """
    chapters = {path: stored_claims(path) for path in sorted(Path(notebooks).glob("*.ipynb"))}
    counted = Counter(claim.verdict for claims in chapters.values() for claim in claims)
    total = sum(counted.values())
    if not total:
        return "No chapter claims anything yet.\n"
    said = ", ".join(f"{counted[verdict]} {words}" for verdict, words in _COUNTS.items())
    parts = [f"{total} claims: {said}."]
    for path, claims in chapters.items():
        if claims:
            parts += [f"## {_title(path)}", "\n".join(_item(path, claim) for claim in claims)]
    return "\n\n".join(parts) + "\n"


_COUNTS = {HOLDS: "hold", FAILS: "do not hold", OPEN: "are not judged"}


def stored_claims(notebook: str | Path) -> list[Claim]:
    """The claims in the stored outputs of a chapter, from top to bottom.

    Raises:
        IrlibError: A stored verdict does not follow from what was measured.
    """
    path = Path(notebook)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    bodies = [
        output["data"][MIME]
        for cell in cells
        for output in cell.get("outputs", ())
        if MIME in output.get("data", {})
    ]
    return [claim_from_mapping(body, path.name) for body in bodies]


def outdated_records(claim: Claim) -> Sequence[str]:
    """The records of a claim that are gone, or hold other content than when it was judged."""

    def as_it_was(name: str, known: str) -> bool:
        try:
            return record_hash(name) == known
        except UsageError:  # no such record any more
            return False

    return [name for name, known in claim.records.items() if not as_it_was(name, known)]


def _item(path: Path, claim: Claim) -> str:
    # A link in HTML: the place lies in a cell's output, of which the page's builder knows nothing.
    place = f"../notebooks/{path.stem}.html#{claim.anchor}"
    verdict = f'<a href="{place}"><strong>{claim.verdict}</strong></a>'
    late = f" <em>Execute the chapter again: {OUTDATED}.</em>" if outdated_records(claim) else ""
    shown = [link_to_record(name, name) for name in list(claim.records)[:SHOWN_RECORDS]]
    others = len(claim.records) - len(shown)
    shown += [f"{others} more"] if others else []
    reads = f" Records: {', '.join(shown)}." if shown else ""
    return (
        f"- {verdict}: {_plain(claim.sentence)} <small>{_plain(claim.reason)}</small>{reads}{late}"
    )


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for letter in r"\`*_$[]{}":
        text = text.replace(letter, "\\" + letter)
    return escape(text, quote=False)


def _title(path: Path) -> str:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        first = "".join(cell["source"]).partition("\n")[0]
        if cell["cell_type"] == "markdown" and first.startswith("# "):
            number = path.stem.partition("-")[0]
            return f"Chapter {int(number)}: {first[2:]}" if number.isdigit() else first[2:]
    raise IrlibError(f"{path.name} does not begin with a title; write one in its first cell.")
