"""Importing the authors' network from a checkout of their repository that the user has.

This runs the authors' code. Nothing else in irlib does.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from irlib.errors import IrlibError, UsageError

# Never hidden, whatever a checkout calls its folders.
KEPT = {"irlib", "numpy", "torch"}


@contextmanager
def imports_from(
    root: Path, stand_ins: Mapping[str, Callable[[], dict[str, Any]]] | None = None
) -> Iterator[list[str]]:
    """Within it, imports look into the checkout first; afterwards nothing of it remains.

    The checkout's own names ("net", "utils", "models") hide other modules of that name for the
    time, and no compiled files are written into it.

    Args:
        root: Folder of the checkout.
        stand_ins: What to import in place of a package that is not installed: module name to what
            it holds.

    Yields:
        The packages that are stood in for.
    """
    wanted = {
        name: holds for name, holds in (stand_ins or {}).items() if not find_spec(_first(name))
    }
    names = {_first(name) for name in wanted}
    names |= {child.stem for child in root.iterdir() if child.is_dir() or child.suffix == ".py"}
    before = {name: module for name, module in sys.modules.items() if _first(name) in names - KEPT}
    path, wrote_nothing = list(sys.path), sys.dont_write_bytecode
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    invalidate_caches()
    try:
        for name, holds in wanted.items():
            *folders, _ = name.split(".")
            _packages(folders)
            sys.modules[name] = ModuleType(name)
            vars(sys.modules[name]).update(holds())
        yield sorted({_first(name) for name in wanted})
    finally:
        sys.path[:], sys.dont_write_bytecode = path, wrote_nothing
        for name in [name for name in sys.modules if _first(name) in names - KEPT]:
            del sys.modules[name]
        sys.modules.update(before)


def class_from(root: Path, file: str, class_name: str) -> type[Any]:
    """Imports one file of a checkout and returns a class in it; call it in :func:`imports_from`.

    The folders above the file count as bare packages: their ``__init__.py`` is not run, so only
    what the file itself imports is needed.

    Args:
        root: Folder of the checkout.
        file: Path inside it, with forward slashes.
        class_name: The class.

    Raises:
        UsageError: No such file or class, or a package that the code needs is not installed.
        IrlibError: The file cannot be run.
    """
    where = root / file
    if not where.is_file():
        raise UsageError(f"no {file} in {root}; expected a checkout of the authors' repository.")
    *folders, name = PurePosixPath(file).with_suffix("").parts
    _packages(folders, root)
    try:
        module = import_module(".".join([*folders, name]))
    except ModuleNotFoundError as error:
        raise UsageError(_missing(error, file, root)) from error
    except SyntaxError as error:
        raise IrlibError(
            f"{error.filename}, line {error.lineno}, is no valid Python ({error.msg}); the "
            "authors' file cannot be imported as it is. Mend that line in your checkout."
        ) from error
    except Exception as error:
        raise IrlibError(f"{file} stops on import: {_said(error)}.") from error
    if not isinstance(found := getattr(module, class_name, None), type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise UsageError(
            f"{file} has no class {class_name}; it has {', '.join(classes) or 'none'}. The "
            "checkout may be of another repository or commit."
        )
    return found


@contextmanager
def their_errors(doing: str) -> Iterator[None]:
    """Says that it was the authors' code that failed, and at what."""
    try:
        yield
    except Exception as error:
        raise IrlibError(f"the authors' network stops when {doing}: {_said(error)}.") from error


def _packages(names: list[str], root: Path | None = None) -> None:
    """Makes bare packages, one inside the other, over the folders of these names in ``root``."""
    for depth in range(1, len(names) + 1):
        package = ModuleType(".".join(names[:depth]))
        package.__path__ = [] if root is None else [str(root.joinpath(*names[:depth]))]
        sys.modules[package.__name__] = package


def _missing(error: ModuleNotFoundError, file: str, root: Path) -> str:
    name = _first(error.name or "")
    if (root / name).is_dir() or (root / f"{name}.py").is_file():
        return f"{file} imports {error.name}, which the checkout {root} lacks. Is it complete?"
    return (
        f"{file} needs the Python package {name!r}, which is not installed here. Install it, or "
        "compare with the fixtures instead: irlib parity."
    )


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words.rstrip('.')}" if words else type(error).__name__


def _first(name: str) -> str:
    return name.split(".")[0]
