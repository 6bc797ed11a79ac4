"""Pairs of images in a folder: which degraded image belongs to which clean one.

Taught in chapter 3.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from irlib.data.benchmark_layouts import (
    Layout,
    before_underscore,
    haze_scene,
    rain_number,
    same_stem,
)
from irlib.data.images import READABLE
from irlib.errors import IrlibError, UsageError


@dataclass(frozen=True)
class Pair:
    """One image of a benchmark.

    Attributes:
        name: Unique in the set and independent of layout and file type, such as ``101085``.
        degraded: The degraded image, or None where the benchmark adds the noise itself.
        clean: The reference, or None where the set has none.
        group: The sub-degradation, such as ``low_haze`` in CDD-11, else an empty string.
    """

    name: str
    degraded: Path | None
    clean: Path | None
    group: str = ""


# Folder names of pairs that people use, degraded side first.
_SIDES = (
    ("input", "target"),
    ("input", "gt"),
    ("degraded", "clean"),
    ("low", "high"),
    ("blur", "sharp"),
    ("hazy", "gt"),
    ("hazy", "clear"),
    ("rain", "norain"),
    ("rainy", "gt"),
    ("lq", "hq"),
    ("lq", "gt"),
)
PAIR_LAYOUTS = (
    *(
        Layout(f"{a}/, {b}/", (f"{b}/*",), (f"{a}/*",), target_key=rule, degraded_key=rule)
        for a, b in _SIDES
        for rule in (same_stem, rain_number)
    ),
    *(
        Layout(f"{a}/, {b}/", (f"{b}/*",), (f"{a}/*",), degraded_key=haze_scene, named_by_stem=True)
        for a, b in _SIDES
    ),
    # Last, because it takes an underscore for a separator that elsewhere belongs to the name.
    Layout(
        "input/, target/",
        ("target/*",),
        ("input/*",),
        degraded_key=before_underscore,
        named_by_stem=True,
    ),
)


def folder_pairs(folder: str | os.PathLike) -> list[Pair]:
    """The pairs in any folder with ``input/`` and ``target/`` (or ``low``/``high``, ...).

    Stems may be equal, or follow the naming of rain (``rain-1``, ``norain-1``) or haze
    (``0001_0.8_0.2``, ``0001``); file types may differ between the sides.

    Raises:
        UsageError: `folder` is no folder, or holds no such pair of folders.
        IrlibError: Images have no partner.
    """
    folder = existing_folder(folder)
    return pair_up(folder, pair_layout(folder), spare_targets=False)


def pair_layout(folder: Path) -> Layout:
    """The layout of pairs that leaves the fewest images of `folder` without a partner.

    Raises:
        UsageError: No layout fits.
    """
    fitting = [layout for layout in PAIR_LAYOUTS if layout.fits(folder)]
    if not fitting:
        raise UsageError(
            f"{folder} holds no pairs: expected two folders in it, degraded images in `input/` "
            "and references of the same name in `target/` (also understood: "
            + ", ".join(f"{a}/{b}" for a, b in _SIDES[1:])
            + ")."
        )
    return min(fitting, key=lambda layout: sum(map(len, unpaired(folder, layout))))


def folder_images(folder: str | os.PathLike) -> list[Path]:
    """Every image in a folder and the folders below it, sorted.

    Raises:
        UsageError: `folder` is no folder, or holds no image.
    """
    folder = existing_folder(folder)
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in READABLE and p.is_file())
    if not found:
        raise UsageError(f"{folder} holds no image; expected files such as photo.png or photo.jpg.")
    return found


def has_pairs(folder: Path) -> bool:
    """Whether the folder holds two folders that people use for pairs, with images in them."""
    return any(layout.fits(folder) for layout in PAIR_LAYOUTS)


def unpaired(folder: Path, layout: Layout) -> tuple[list[Path], list[Path]]:
    """Degraded images without a target, and targets without a degraded image."""
    inputs, targets = layout.inputs(folder), layout.targets(folder)
    if not layout.degraded or not layout.target:
        return [], []
    input_keys = {layout.degraded_key(p.relative_to(folder)) for p in inputs}
    target_keys = {layout.target_key(p.relative_to(folder)) for p in targets}
    return (
        [p for p in inputs if layout.degraded_key(p.relative_to(folder)) not in target_keys],
        [p for p in targets if layout.target_key(p.relative_to(folder)) not in input_keys],
    )


def pair_up(folder: Path, layout: Layout, spare_targets: bool = False) -> list[Pair]:
    """All pairs of a folder, sorted by name.

    Raises:
        IrlibError: Images without a partner, or two images that claim one name.
    """
    lone_inputs, lone_targets = unpaired(folder, layout)
    lone = lone_inputs + ([] if spare_targets else lone_targets)
    if lone:
        raise IrlibError(
            f"{len(lone)} images in {folder} have no partner: "
            f"{shortened(str(p.relative_to(folder)) for p in lone)}. Nothing is left out "
            f"silently; add the partners or move these away (`irlib data check {folder}`)."
        )
    target_of: dict[str, Path] = {}
    for path in layout.targets(folder):
        key = layout.target_key(path.relative_to(folder))
        if key in target_of:
            raise _claimed_twice(folder, key, [target_of[key], path])
        target_of[key] = path
    if not layout.degraded:
        return [Pair(key, None, path) for key, path in sorted(target_of.items())]
    inputs = layout.inputs(folder)
    pairs: dict[str, Pair] = {}
    for path in inputs:
        key = layout.degraded_key(path.relative_to(folder))
        group = layout.group(path.relative_to(folder)) if layout.group else ""
        name = f"{group}/{key}" if group else path.stem if layout.named_by_stem else key
        if name in pairs:
            raise _claimed_twice(folder, name, [pairs[name].degraded, path])
        pairs[name] = Pair(name, path, target_of.get(key), group)
    return [pairs[name] for name in sorted(pairs)]


def _claimed_twice(folder: Path, key: str, paths: list[Path]) -> IrlibError:
    files = " and ".join(str(path.relative_to(folder)) for path in paths)
    return IrlibError(f"{files} in {folder} both stand for '{key}'; keep one of them.")


def existing_folder(folder: str | os.PathLike) -> Path:
    """`folder` as a path.

    Raises:
        UsageError: It does not exist or is a file.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        state = "is a file" if path.exists() else "does not exist"
        raise UsageError(f"{path} {state}; a folder of images is expected here.")
    return path


def shortened(names: Iterable[str], keep: int = 8) -> str:
    """A list for an error message: the first few, then how many more."""
    names = list(names)
    rest = len(names) - keep
    return ", ".join(names[:keep]) + (f" and {rest} more" if rest > 0 else "")
