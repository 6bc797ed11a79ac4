"""An index file of a benchmark's pairs, read instead of listing its folders.

Listing 72,135 files takes seconds on a disk of one's own and minutes on one that a cluster shares,
and every process of every run does it again. The index holds the pairs by name, and the time at
which each folder last changed: a file that is added or removed since makes it void, and the folders
are listed again. Taught in chapter 19.
"""

import json
import os
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from irlib.data.pairing import Pair
from irlib.errors import IrlibError

FOLDER = ".irlib-index"
_FORM = 1


@dataclass(frozen=True)
class Listing:
    """The pairs of a benchmark, as names relative to the data root.

    Attributes:
        benchmark: Name of the benchmark.
        pairs: (name, group, degraded or None, clean or None) of each pair, in the benchmark's
            order.
        folders: Last change of every folder that was listed, in nanoseconds.
    """

    benchmark: str
    pairs: tuple[tuple[str, str, str | None, str | None], ...]
    folders: dict[str, int]

    def changed(self, root: Path) -> str | None:
        """The first folder that was changed, moved or removed since; ``None`` where none was."""
        for name, then in self.folders.items():
            try:
                if (root / name).stat().st_mtime_ns != then:
                    return name
            except OSError:
                return name
        return None

    def under(self, root: Path) -> list[Pair]:
        """The pairs with their paths under a data root."""
        return [
            Pair(
                name, root / degraded if degraded else None, root / clean if clean else None, group
            )
            for name, group, degraded, clean in self.pairs
        ]

    def as_json(self) -> str:
        """The listing in one line."""
        fields = {"form": _FORM, "benchmark": self.benchmark}
        return json.dumps({**fields, "folders": self.folders, "pairs": self.pairs})

    @classmethod
    def from_json(cls, text: str) -> "Listing":
        """Reads what :meth:`as_json` wrote.

        Raises:
            ValueError: Text of another form.
        """
        found = json.loads(text)
        if not isinstance(found, dict) or found.get("form") != _FORM:
            raise ValueError(f"expected form {_FORM}")
        return cls(found["benchmark"], tuple(map(tuple, found["pairs"])), found["folders"])


def listing(benchmark: str, root: Path, folder: Path, pairs: Iterable[Pair]) -> Listing:
    """Makes the listing of pairs that were found in ``folder``, under ``root``.

    Args:
        benchmark: Name of the benchmark.
        root: The data root; every path lies under it.
        folder: The benchmark's own folder.
        pairs: What was found there.
    """
    rows, folders = [], {folder}
    for pair in pairs:
        paths = [path for path in (pair.degraded, pair.clean) if path is not None]
        for path in paths:
            folders.update(p for p in path.parents if p.is_relative_to(folder))
        sides = (
            None if p is None else str(p.relative_to(root)) for p in (pair.degraded, pair.clean)
        )
        rows.append((pair.name, pair.group, *sides))
    times = {str(f.relative_to(root)): f.stat().st_mtime_ns for f in sorted(folders)}
    return Listing(benchmark, tuple(rows), times)


def index_file(benchmark: str, root: Path) -> Path:
    """Where the index of a benchmark is kept under a data root."""
    return root / FOLDER / f"{benchmark}.json"


def write_index(found: Listing, root: Path) -> Path:
    """Writes a listing as the index of its benchmark, whole or not at all.

    Raises:
        IrlibError: The data root cannot be written.
    """
    path = index_file(found.benchmark, root)
    partial = None
    try:
        path.parent.mkdir(exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
        with open(handle, "w", encoding="utf-8") as file:
            file.write(found.as_json())
        os.chmod(partial, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(partial, path)
    except OSError as error:
        raise IrlibError(
            f"the index {path} could not be written ({error.strerror or error}). Its folder must "
            "be writable for whoever makes the index; reading it needs no more than reading images."
        ) from error
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)
    return path


def read_index(benchmark: str, root: Path) -> list[Pair] | None:
    """The pairs of a benchmark by its index; ``None`` where there is none, or it is void.

    Args:
        benchmark: Name of the benchmark.
        root: The data root.
    """
    path = index_file(benchmark, root)
    try:
        found = Listing.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{path} cannot be read ({error}); the folders are listed.", stacklevel=2)
        return None
    if (changed := found.changed(root)) is not None:
        warnings.warn(
            f"{changed} was changed after {path} was written; the folders are listed instead. "
            f"`irlib data index {benchmark}` makes it anew.",
            stacklevel=2,
        )
        return None
    return found.under(root)
