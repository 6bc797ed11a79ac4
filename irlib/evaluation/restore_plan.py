"""Which files a restoring reads and writes, settled before anything is computed.

Taught in chapter 24.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from irlib.data.images import READABLE, WRITABLE
from irlib.errors import UsageError

_FORMATS = {
    "png": ".png",
    "jpeg": ".jpg",
    "jpg": ".jpg",
    "tiff": ".tif",
    "tif": ".tif",
    "webp": ".webp",
    "bmp": ".bmp",
}
_COMPARISON = "-side-by-side.png"


@dataclass(frozen=True)
class Job:
    """One photograph to restore.

    Attributes:
        source: The file to read.
        target: The file to write.
        comparison: Where to put input and result side by side, or None.
        renamed: Whether the target got a number, as another input claims its plain name.
    """

    source: Path
    target: Path
    comparison: Path | None = None
    renamed: bool = False


def plan(
    inputs: Sequence[str | Path],
    output: str | Path,
    *,
    recursive: bool = False,
    suffix: str = "",
    format: str = "keep",
    side_by_side: bool = False,
) -> list[Job]:
    """Returns the jobs for files and folders; files of a folder keep their place below it.

    Args:
        inputs: Files, and folders whose images are all meant.
        output: Folder of the results; need not exist.
        recursive: Whether folders within folders are meant too.
        suffix: Put behind the name: ``-restored`` makes ``a.png`` into ``a-restored.png``.
        format: ``keep`` writes the input's format where that can be written and PNG elsewhere;
            or png, jpeg, tiff, webp, bmp.
        side_by_side: Whether to write a comparison beside each result.

    Raises:
        UsageError: No input, a missing one, a folder without images, an unknown format, a suffix
            that is a path, an output that is a file or cannot be written into, or a result that
            would replace an input.
    """
    output = Path(output)
    if not inputs:
        raise UsageError("no input was given; name photographs or folders to restore.")
    if format != "keep" and format.lower() not in _FORMATS:
        raise UsageError(
            f"unknown format {format!r}; choose keep or one of: {', '.join(_FORMATS)}."
        )
    if "/" in suffix or "\\" in suffix:
        raise UsageError(f"the suffix {suffix!r} is a path; it may only extend a file's name.")
    refuse_unwritable(output)
    found: dict[Path, tuple[Path, Path]] = {}
    for given in map(Path, inputs):
        for source, place in _sources(given, output, recursive):
            found.setdefault(source.resolve(), (source, place))
    jobs, claimed = [], set()
    for source, place in found.values():
        ending = _ending(source, format)
        for number in range(1, len(found) + 2):
            stem = f"{source.stem}{suffix}" + (f"-{number}" if number > 1 else "")
            names = [stem + ending] + ([stem + _COMPARISON] if side_by_side else [])
            targets = [output / place / name for name in names]
            # Some file systems take A.png and a.png for one file.
            keys = {str(target).casefold() for target in targets}
            if not keys & claimed:
                break
        claimed |= keys
        jobs.append(Job(source, targets[0], targets[1] if side_by_side else None, number > 1))
    _refuse_to_replace_inputs(jobs, found)
    return jobs


def refuse_unwritable(output: Path) -> None:
    """Refuses now what would otherwise fail only after minutes of work.

    Raises:
        UsageError: The output is a file, lies below one, or may not be written into.
    """
    if os.path.isfile(output):
        raise UsageError(f"the output {output} is a file; name a folder to write into.")
    # Unlike Path.exists, this also answers for a folder that may not be looked into.
    nearest = next(path for path in (output, *output.absolute().parents) if os.path.exists(path))
    if not nearest.is_dir():
        raise UsageError(
            f"the output {output} cannot be a folder, since {nearest} is a file; name another."
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"nothing can be written to {nearest}; name another output folder.")


def _sources(given: Path, output: Path, recursive: bool) -> Iterable[tuple[Path, Path]]:
    """Yields each image that an input means, and its folder below the output."""
    if given.is_dir():
        found = images_in(given, recursive)
        images = [path for path in found if not _results_of_before(path, given, output)]
        if not images:
            deeper = "" if recursive else " Images in folders below it are found by --recursive."
            raise UsageError(f"the folder {given} holds no image ({', '.join(READABLE)}).{deeper}")
        yield from ((path, path.parent.relative_to(given)) for path in images)
    elif given.exists():
        yield given, Path()
    else:
        raise UsageError(f"there is no file or folder {given}; check the path.")


def images_in(folder: Path, recursive: bool = False) -> list[Path]:
    """Every image file in a folder, sorted; hidden ones are not meant."""
    return sorted(
        path
        for path in (folder.rglob("*") if recursive else folder.iterdir())
        if path.suffix.lower() in READABLE and not path.name.startswith(".") and path.is_file()
    )


def _results_of_before(path: Path, given: Path, output: Path) -> bool:
    """Tells whether a file found in a folder lies in the output folder inside it."""
    output = output.resolve()
    return output != given.resolve() and output in path.resolve().parents


def _ending(source: Path, format: str) -> str:
    if format != "keep":
        return _FORMATS[format.lower()]
    return source.suffix if source.suffix.lower() in WRITABLE else ".png"


def _refuse_to_replace_inputs(jobs: list[Job], sources: Iterable[Path]) -> None:
    inputs = set(sources)
    for job in jobs:
        for target in (job.target, job.comparison):
            if target is not None and target.resolve() in inputs:
                raise UsageError(
                    f"the result of {job.source} would replace the input {target}. Name another "
                    f"output folder, or add a suffix such as --suffix=-restored."
                )
