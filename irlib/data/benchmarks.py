"""Real benchmarks, by folder: which pairs of images a set on disk holds.

Nothing is downloaded. A reader puts the sets, as their authors or other code bases name them,
under one data root (``--data`` or ``IRLIB_DATA``); several layouts are understood for each. No
image is ever dropped in silence: what cannot be paired is an error that names the files.

Taught in chapter 3.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from irlib.data.benchmark_layouts import Layout
from irlib.data.listing import read_index
from irlib.data.pairing import Pair, existing_folder, folder_pairs, pair_up, shortened
from irlib.errors import IrlibError, UsageError
from irlib.registry import Registry

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Pair",
    "data_root",
    "folder_pairs",
    "get_benchmark",
    "list_benchmarks",
]

BENCHMARKS: Registry["Benchmark"] = Registry("benchmark")
DATA_VARIABLE = "IRLIB_DATA"


@dataclass(frozen=True)
class Benchmark:
    """One split of one published set.

    Attributes:
        name: Such as ``cbsd68``.
        title: The name in print.
        task: ``denoise``, ``derain``, ``dehaze``, ``deblur``, ``lowlight``, ``underwater`` or
            ``composite``.
        split: ``train`` or ``test``.
        count: How many pairs (or clean, or reference-free images) the published split has.
        size: Width x height in words.
        terms: What its authors allow.
        published_by: Paper and project page, in words.
        folders: Folder names it is found under, relative to the data root.
        layouts: The accepted layouts, tried in order.
        sizes: Every (width, height) that occurs, or None where sizes vary.
        names: The keys of all targets where they are known, else None.
        forbidden: Keys that must not occur (test images in a training set).
        groups: Sub-degradations that exist once for each target.
        inputs_per_target: Degraded images per clean one, or None where that varies.
        spare_targets: Whether targets without an input are usual.
    """

    name: str
    title: str
    task: str
    split: str
    count: int
    size: str
    terms: str
    published_by: str
    folders: tuple[str, ...]
    layouts: tuple[Layout, ...]
    sizes: frozenset[tuple[int, int]] | None = None
    names: tuple[str, ...] | None = None
    forbidden: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    inputs_per_target: int | None = 1
    spare_targets: bool = False

    @property
    def kind(self) -> str:
        """``clean`` (noise is added), ``pairs``, or ``no reference``."""
        layout = self.layouts[0]
        if not layout.target:
            return "no reference"
        return "pairs" if layout.degraded else "clean"

    @property
    def layout(self) -> str:
        """The accepted layouts in words."""
        return " | ".join(layout.words for layout in self.layouts)

    def locate(self, root: str | os.PathLike) -> tuple[Path, Layout]:
        """Find the set's folder and layout under a data root, or in the folder itself.

        Raises:
            UsageError: `root` is no folder, or the set is not there in any accepted layout.
        """
        root = existing_folder(root)
        for folder in [*folders_named(root, self.folders), root]:
            for layout in self.layouts:
                if layout.fits(folder):
                    return folder, layout
        raise UsageError(
            f"{self.title} was not found in {root}: looked for a folder called "
            f"{', '.join(self.folders)}, or for its files in {root} itself, laid out as "
            f"{self.layout}. It is published with {self.published_by}."
        )

    def pairs(self, root: str | os.PathLike, group: str | None = None) -> list[Pair]:
        """The images of this set under a data root, sorted by name.

        Where ``irlib data index`` left an index of folders that did not change since, it is read
        instead of listing them.

        Args:
            root: The data root, or the set's own folder.
            group: Keep one sub-degradation only.

        Raises:
            UsageError: `root` is no folder, or there is no such group.
            IrlibError: The set is not there, or images have no partner.
        """
        found = read_index(self.name, existing_folder(root))
        if found is None:
            _, found = self.listed(root)
        if group is None:
            return found
        if group not in {pair.group for pair in found}:
            known = ", ".join(sorted({pair.group for pair in found} - {""})) or "no groups"
            raise UsageError(f"{self.title} in {root} has no group '{group}'; it has {known}.")
        return [pair for pair in found if pair.group == group]

    def listed(self, root: str | os.PathLike) -> tuple[Path, list[Pair]]:
        """This set's folder and its pairs, listed from the disk even where an index is there.

        Args:
            root: The data root, or the set's own folder.

        Raises:
            UsageError: `root` is no folder, or the set is not there.
            IrlibError: Images have no partner.
        """
        folder, layout = self.locate(root)
        return folder, pair_up(folder, layout, self.spare_targets or self.kind != "pairs")

    def select(self, root: str | os.PathLike, names: Iterable[str]) -> list[Pair]:
        """The pairs that a list of file names asks for; a name without a file is an error.

        Args:
            root: The data root, or the set's own folder.
            names: File names as training lists hold them, such as ``a117025.jpg``.

        Raises:
            IrlibError: Names on the list are not in the folder.
        """
        folder, layout = self.locate(root)
        by_key = {
            layout.target_key(pair.clean.relative_to(folder)): pair
            for pair in self.pairs(root)
            if pair.clean is not None
        }
        wanted = {name: layout.target_key(PurePath(name.strip())) for name in names}
        missing = [name for name, key in wanted.items() if key not in by_key]
        if missing:
            raise IrlibError(
                f"{len(missing)} of {len(wanted)} names on the list are not in {folder}: "
                f"{shortened(missing)}. Training without them would change the recipe; complete "
                f"the folder (`irlib data check {folder} --benchmark {self.name}`)."
            )
        return [by_key[key] for key in dict.fromkeys(wanted.values())]


def list_benchmarks() -> list[Benchmark]:
    """Every benchmark irlib knows, by task."""
    _load_catalogue()
    return [BENCHMARKS.get(name) for name in BENCHMARKS.names()]


def get_benchmark(name: str) -> Benchmark:
    """One benchmark by name, such as ``cbsd68``.

    Raises:
        UsageError: No such benchmark; the nearest name is suggested.
    """
    _load_catalogue()
    return BENCHMARKS.get(name)


def data_root(folder: str | os.PathLike | None = None) -> Path:
    """The one folder that holds the benchmarks: `folder`, else ``IRLIB_DATA``.

    Raises:
        UsageError: Neither is given, or it is no folder.
    """
    chosen = folder if folder is not None else os.environ.get(DATA_VARIABLE)
    if not chosen:
        raise UsageError(
            f"no data root: name the folder that holds the benchmarks with --data DIR or in the "
            f"environment variable {DATA_VARIABLE}. `irlib data list` says what belongs there."
        )
    return existing_folder(chosen)


def folders_named(root: Path, names: tuple[str, ...]) -> list[Path]:
    """Folders under `root` that bear one of the names.

    Case, blanks, hyphens and underscores do not matter, and a folder called ``<name>_part`` or
    ``<name>_example`` is understood as a declared subset.
    """
    found: list[Path] = []
    for name in names:
        here = [root]
        for part in name.split("/"):
            here = [
                child
                for folder in here
                for child in sorted(folder.iterdir())
                if child.is_dir() and plain_name(child.name) == plain_name(part)
            ]
        found += [folder for folder in here if folder not in found]
    return found


def bears_name(folder: Path, name: str) -> bool:
    """Whether a folder's path ends in a benchmark's folder name, such as ``LOL/test``."""
    wanted = [plain_name(part) for part in name.split("/")]
    return [plain_name(part) for part in folder.resolve().parts[-len(wanted) :]] == wanted


def plain_name(name: str) -> str:
    """A folder name without case, separators and the mark of a declared subset."""
    plain = "".join(c for c in name.lower() if c not in "-_ ")
    return plain.removesuffix("example").removesuffix("part")


def _load_catalogue() -> None:
    # The catalogue registers itself and imports this module, so it is imported when first asked.
    from irlib.data import (  # noqa: F401
        catalogue_clean,
        catalogue_pairs,
        catalogue_single_task,
    )


def __getattr__(name: str):
    # The check imports this module; its two public names are offered here without a circle.
    if name in ("Finding", "check_folder"):
        from irlib.data import folder_check

        return getattr(folder_check, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
