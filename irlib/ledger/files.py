"""Where records lie on disk: written whole or not at all, verified each time they are read."""

import errno
import json
import os
import re
import tempfile
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from irlib.errors import IrlibError, UsageError
from irlib.ledger.record import Record, record_from_json

_NAME = re.compile(r"[a-z0-9][a-z0-9._+-]*(/[a-z0-9][a-z0-9._+-]*)*")


def ledger_root(root: str | os.PathLike | None = None) -> Path:
    """The folder of records: `root`, else ``book/results`` of the nearest checkout.

    The nearest checkout is looked for from the current folder upwards, then where irlib itself
    lies, so that notebooks and commands in any subfolder read the same records.

    Raises:
        IrlibError: No `root` was given and no ``book`` folder is found.
    """
    if root is not None:
        return Path(root)
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / "book").is_dir() and (folder / "irlib").is_dir():
            return folder / "book" / "results"
    raise IrlibError(
        f"no ledger found: neither {here} nor a folder above it is a checkout with `book/` and "
        "`irlib/`. Change into the checkout, or name the folder of records (root=..., --results)."
    )


def record_path(name: str, root: str | os.PathLike | None = None) -> Path:
    """The file a record of this name lies in.

    Raises:
        UsageError: The name has other than lower-case letters, digits, ``. _ + -`` and ``/``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or ".." in name:
        raise UsageError(
            f"'{name}' is not a record name: use lower-case letters, digits, '-', '_', '+', '.' "
            "and '/' between parts, such as 'promptir-pocket/cbsd68-sigma25'."
        )
    return ledger_root(root) / f"{name}.json"


def write_record(record: Record | dict[str, Any], root: str | os.PathLike | None = None) -> Path:
    """Write one record atomically, replacing an older record of the same name.

    Args:
        record: A :class:`Record` or a mapping of its fields.
        root: Folder of records; the checkout's ``book/results`` when None.

    Returns:
        The file written.

    Raises:
        UsageError: The record's name is not a record name.
        IrlibError: The content is not a record, or the disk refuses it.
    """
    if not isinstance(record, Record):
        record = Record.from_mapping(dict(record))
    path = record_path(record.name, root)
    text = json.dumps(record.to_mapping(), indent=1, sort_keys=True, allow_nan=False) + "\n"
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The same folder: os.replace is atomic only inside one file system.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".record-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        reason = "no space is left there" if error.errno == errno.ENOSPC else error.strerror
        raise IrlibError(
            f"could not write the record {path}: {reason}. Nothing half-written was left; free "
            "space or name another folder, and run the command again."
        ) from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
    return path


def read_record(name: str, root: str | os.PathLike | None = None) -> Record:
    """Read one record and verify its content hash.

    Args:
        name: Such as ``promptir-pocket/cbsd68-sigma25``.
        root: Folder of records; the checkout's ``book/results`` when None.

    Raises:
        UsageError: There is no such record; near names are suggested.
        IrlibError: The file is not a record, or was edited after it was written.
    """
    path = record_path(name, root)
    if not path.is_file():
        known = record_names(root)
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UsageError(
            f"no record '{name}' in {path.parents[name.count('/')]}.{hint} "
            f"Known: {', '.join(known) or 'none yet'}. Records are written by "
            f"`irlib evaluate --record NAME` and by training."
        )
    return _read_file(path, name)


def record_names(root: str | os.PathLike | None = None) -> list[str]:
    """The names of all records under a root, sorted."""
    folder = ledger_root(root)
    return sorted(
        path.relative_to(folder).with_suffix("").as_posix()
        for path in folder.rglob("*.json")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def records(root: str | os.PathLike | None = None) -> Iterator[Record]:
    """All records under a root, in the order of their names, each verified.

    Raises:
        IrlibError: A file is not a record, or was edited after it was written.
    """
    folder = ledger_root(root)
    for name in record_names(root):
        yield _read_file(folder / f"{name}.json", name)


def value(name: str, key: str, root: str | os.PathLike | None = None) -> float:
    """One measured value, for a page: ``value("promptir-pocket/cbsd68-sigma25", "psnr")``.

    Raises:
        UsageError: No such record, or the record has no such value.
        IrlibError: The record was edited after it was written.
    """
    record = read_record(name, root)
    if key not in record.values:
        raise UsageError(
            f"record '{name}' has no value '{key}'; it has {', '.join(sorted(record.values))}."
        )
    return record.values[key]


def _read_file(path: Path, name: str) -> Record:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise IrlibError(
            f"{path} cannot be read as a record: {error}. Make it again with its command."
        ) from error
    record = record_from_json(body, str(path))
    if record.name != name:
        raise IrlibError(
            f"{path} holds the record '{record.name}', not '{name}': it was copied or renamed. "
            f"Give it back its name, or make the record again with: {record.command}"
        )
    return record
