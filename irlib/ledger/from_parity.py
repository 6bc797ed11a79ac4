"""From a comparison with the authors' outputs to a record of how far ours are from them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from irlib.ledger.provenance import commit, device_in_words, library_versions
from irlib.ledger.record import Record
from irlib.models.parity import ParityResult


def record_of_parity(
    results: Sequence[ParityResult],
    files: Iterable[Path],
    name: str,
    *,
    minutes: float | None = None,
    command: str | None = None,
) -> Record:
    """The record of one comparison of our networks with files of the authors' outputs.

    Its values count the fixtures ``compared`` and those found ``equal``; ``per_image`` holds a row
    a fixture: name, system, parameters, largest difference, and the difference allowed.

    Args:
        results: What :func:`irlib.models.parity.compare_all` returned.
        files: The fixtures compared; their names and bytes are hashed.
        name: The record's name, such as ``parity/full-size``.
        minutes: Wall-clock minutes the comparison took.
        command: The command that makes it again.
    """
    rows = [
        {
            "name": result.fixture,
            "system": result.system,
            "parameters": result.parameters,
            "difference": result.difference,
            "allowed": result.tolerance,
            "equal": result.passed,
        }
        for result in results
    ]
    return Record(
        name=name,
        kind="parity",
        values={"compared": len(rows), "equal": sum(row["equal"] for row in rows)},
        per_image=rows,
        test_set={
            "name": "outputs of the authors' code",
            "count": len(rows),
            "expected": len(rows),
            "sha256": hash_of_fixtures(files),
        },
        versions=library_versions(),
        device=device_in_words("cpu"),
        minutes=minutes,
        commit=commit(),
        command=command,
    )


def hash_of_fixtures(files: Iterable[Path]) -> str:
    """SHA-256 (hex) over the sorted names of the files and their bytes."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
