"""Where a number comes from: library versions, device in words, commit, hashes of files."""

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from irlib.errors import IrlibError

_LIBRARIES = ("torch", "torchvision", "numpy", "pillow", "scikit-image", "safetensors", "bm3d")


def library_versions() -> dict[str, str]:
    """Versions of Python, irlib and the libraries a measured number can depend on."""
    versions = {"python": platform.python_version()}
    for name in ("irlib", *_LIBRARIES):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def device_in_words(device: Any = "cpu") -> str:
    """The device as a reader would name it, such as ``CPU: <model>, 2 cores, 1 thread``.

    The threads are those that PyTorch computes with: another number of them adds in another
    order, so that a training repeats bit for bit only with the same number.

    Args:
        device: A ``torch.device`` or its name.
    """
    name = str(device)
    if name.startswith("cuda"):
        import torch

        return f"GPU: {torch.cuda.get_device_name(name)}"
    if name.startswith("mps"):
        return f"GPU: Apple ({platform.processor() or platform.machine()})"
    return f"CPU: {_cpu_model()}, {_counted(_cores(), 'core')}, {_counted(_threads(), 'thread')}"


def commit(folder: str | os.PathLike | None = None) -> str | None:
    """The commit of the checkout, with ``-dirty`` where tracked files differ, or None.

    Args:
        folder: A folder inside the checkout; where irlib lies when None, unless it was installed
            there: a repository that merely holds the environment says nothing of irlib.
    """
    own = Path(__file__).resolve()
    try:
        if folder is None:
            _git(own.parent, "ls-files", "--error-unmatch", own.name)
        words = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        return _git(Path(folder or own.parent), *words).strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, timeout=10, check=True
    ).stdout


def command_typed() -> str:
    """The command line of this process as a shell would read it again, quotes included."""
    return shlex.join(["irlib", *sys.argv[1:]])


def sha256_of_file(path: str | os.PathLike) -> str:
    """SHA-256 (hex) of a file's bytes, as a record keeps it for weights.

    Raises:
        IrlibError: The file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise IrlibError(f"cannot read {path} to hash it: {error.strerror}.") from error


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, words = line.partition(":")
            if key.strip() == "model name" and words.strip():
                return words.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown model"


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _cores() -> int:
    # Containers and `taskset` leave a process fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
