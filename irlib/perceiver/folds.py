"""Two halves of the training data, by a hash of names: the same on every machine.

A medium image has to come from a network that has not seen the image before, or its faults would be
those of memory. So one network learns from each half and restores the other.
"""

import hashlib
import os
from pathlib import Path

from irlib.errors import UsageError

FOLDS = (0, 1)


def fold_of(task: str, path: str) -> int:
    """Fold of a training sample, 0 or 1.

    The first 8 bytes, big end first, of the SHA-1 of ``task|path`` in UTF-8, modulo 2. It depends
    on the path: data that move to another folder under their root change their folds.

    Args:
        task: A name in :data:`irlib.degradations.FIVE_TASKS`.
        path: The degraded file, or the clean one where the noise is made on the fly, relative to
            the data root, with forward slashes: :func:`relative_path`.
    """
    return int.from_bytes(_digest(task, path)[:8], "big") % 2


def sample_key(task: str, path: str) -> str:
    """The sample's SHA-1 as hex digits; what is random about it is seeded by this."""
    return _digest(task, path).hex()


def relative_path(path: str | os.PathLike, root: str | os.PathLike) -> str:
    """``path`` below ``root`` with forward slashes, on any system.

    Raises:
        UsageError: ``path`` is not below ``root``.
    """
    try:
        return Path(path).relative_to(root).as_posix()
    except ValueError as error:
        raise UsageError(
            f"{path} does not lie below {root}; expected a file of the data root, because folds "
            "are made from the path below it."
        ) from error


def _digest(task: str, path: str) -> bytes:
    return hashlib.sha1(f"{task}|{path}".encode(), usedforsecurity=False).digest()
