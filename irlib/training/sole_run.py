"""One run at a time in a folder: two that write the same log and checkpoint would spoil both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from irlib.errors import UsageError

FILE = ".lock"


@contextmanager
def sole_run(run_dir: Path, rank: int, share: Callable[[Any], Any]) -> Iterator[None]:
    """Holds the folder of a run while its block is active; all its processes enter together.

    The system frees the folder when the process ends, for whatever reason, so nothing is left to
    clean up after a crash. Where a system or a disk knows no locks, nothing is held.

    Args:
        run_dir: Folder of the run.
        rank: This process, from 0; the first holds the folder for all.
        share: Gives every process what the first one holds, as ``fabric.broadcast`` does.

    Raises:
        UsageError: Another run is active in the folder.
    """
    with open(run_dir / FILE, "ab") as file:
        if not share(rank != 0 or _locked(file.fileno())):
            raise UsageError(
                f"another process is training in {run_dir}. Wait for its end, or choose another "
                "--run folder."
            )
        yield


def _locked(file: int) -> bool:
    try:
        import fcntl
    except ImportError:  # on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk without locks
        return True
    return True
