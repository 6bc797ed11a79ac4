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
#: The records that a built package carries (setup.py puts them there); missing in a checkout.
SHIPPED = Path(__file__).resolve().parent / "shipped"


def ledger_root(root: str | os.PathLike | None = None) -> Path:
    """The folder of records: `root`, else ``book/results`` of the nearest checkout.

    The nearest checkout is looked for from the current folder upwards, then where irlib itself
    lies, so that notebooks and commands in any subfolder read the same records. Without a
    checkout, as on Colab, they are the records that came with the installed package: to be read,
    and never written to.

    Raises:
        IrlibError: No `root` was given, no ``book`` folder is found, and none came with irlib.
    """
    if root is not None:
        return Path(root)
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / "book").is_dir() and (folder / "irlib").is_dir():
            return folder / "book" / "results"
    if SHIPPED.is_dir():
        return SHIPPED
    raise IrlibError(
        f"no ledger found: neither {here} nor a folder above it is a checkout with `book/` and "
        "`irlib/`. Change into the checkout, or name the folder of records (root=..., --results)."
    )


def record_path(name: str, root: str | os.PathLike | None = None, *, writing: bool = False) -> Path:
    """The file a record of this name lies in.

    Args:
        name: Such as ``promptir-pocket/cbsd68-sigma25``.
        root: Folder of records; see :func:`ledger_root` when None.
        writing: Refuse the records that came with irlib, which are only read.

    Raises:
        UsageError: The name has other than lower-case letters, digits, ``. _ + -`` and ``/``; or
            a record is to be written, and there is neither a checkout nor a `root`.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or ".." in name:
        raise UsageError(
            f"'{name}' is not a record name: use lower-case letters, digits, '-', '_', '+', '.' "
            "and '/' between parts, such as 'promptir-pocket/cbsd68-sigma25'."
        )
    folder = ledger_root(root)
    if writing and folder == SHIPPED:
        raise UsageError(
            f"the record '{name}' has no folder to lie in: {Path.cwd()} is in no checkout of the "
            "book, and the records that came with irlib are only read. Name a folder of your own "
            "(--results FOLDER where a command has it, in Python root=...), or change into a "
            "checkout."
        )
    return folder / f"{name}.json"


def write_record(record: Record | dict[str, Any], root: str | os.PathLike | None = None) -> Path:
    """Write one record atomically, replacing an older record of the same name.

    Args:
        record: A :class:`Record` or a mapping of its fields.
        root: Folder of records; the checkout's ``book/results`` when None.

    Returns:
        The file written.

    Raises:
        UsageError: The record's name is not a record name; no checkout and no `root`.
        IrlibError: The content is not a record, or the disk refuses it.
    """
    if not isinstance(record, Record):
        record = Record.from_mapping(dict(record))
    path = record_path(record.name, root, writing=True)
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
