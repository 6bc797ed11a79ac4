"""How the files of a benchmark lie in its folder, and which input belongs to which target.

Authors name and nest their files differently, and the people who pass their archives on rename
them again. A :class:`Layout` says where inputs and targets lie; a pairing rule turns a file's
path into the key that both sides of a pair share.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

IMAGE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
)

# A pairing rule: path of an image relative to the benchmark's folder -> key.
Rule = Callable[[PurePath], str]


def is_image_name(path: PurePath) -> bool:
    """Whether the name says image: a known suffix in any case, and not a hidden file."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def same_stem(path: PurePath) -> str:
    """``low/48.png`` and ``high/48.jpg`` share ``48``."""
    return path.stem


def scene_and_stem(path: PurePath) -> str:
    """``GOPR0384_11_00/blur/000001.png`` has the key ``GOPR0384_11_00/000001``.

    Frame numbers start anew in each scene, so the stem alone would pair strangers.
    """
    return f"{path.parts[0]}/{path.stem}" if len(path.parts) > 2 else path.stem


def rain_number(path: PurePath) -> str:
    """``rain-7``, ``norain-7``, ``norain-7x2``, ``rain-007`` and ``7`` all have the key ``7``."""
    found = re.fullmatch(r"(?:(?:no)?rain-?)?(\d+)(?:x2)?", path.stem, flags=re.IGNORECASE)
    return str(int(found[1])) if found else path.stem


def haze_scene(path: PurePath) -> str:
    """``0001_0.8_0.2.jpg`` (scene, airlight, beta) belongs to ``0001.png``."""
    number = r"_\d+(?:\.\d+)?"
    return re.sub(rf"{number}{number}$", "", path.stem)


def before_underscore(path: PurePath) -> str:
    """``1_low_haze_rain.jpg`` belongs to ``1.jpg``."""
    return path.stem.partition("_")[0]


def berkeley_number(path: PurePath) -> str:
    """``117025.jpg`` and ``a117025.jpg`` are the same photograph.

    Lists that circulate with training code write the 400 names with a leading "a" (AdaIR issue 4).
    Against the usual archive nothing matches, and code that keeps only the names it finds trains
    without these photographs and says nothing.
    """
    found = re.fullmatch(r"a(\d+)", path.stem, flags=re.IGNORECASE)
    return found[1] if found else path.stem


def urban_number(path: PurePath) -> str:
    """``img_001_SRF_2_HR.png`` and ``img_001.png`` are the same photograph."""
    return re.sub(r"_SRF_\d+_HR$", "", path.stem, flags=re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """Where the images of a benchmark lie, as file patterns relative to its folder.

    Attributes:
        words: The layout as a person would write it, for lists and error messages.
        target: Patterns of the clean images, such as ``("target/*",)``; empty where the set has
            no references. ``*`` stands for one folder or for any image name; upper and lower
            case are the same.
        degraded: Patterns of the degraded images; empty for sets of clean images.
        target_key: Pairing rule of the clean side.
        degraded_key: Pairing rule of the degraded side.
        named_by_stem: Whether several inputs share a target, so that only the input's own stem
            tells them apart.
        group: From a degraded image's path, the sub-degradation it belongs to, or None.
    """

    words: str
    target: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    target_key: Rule = same_stem
    degraded_key: Rule = same_stem
    named_by_stem: bool = False
    group: Callable[[PurePath], str] | None = None

    def fits(self, folder: Path) -> bool:
        """Whether `folder` holds images on at least one side, and the folders of both sides."""
        sides = [side for side in (self.degraded, self.target) if side]
        return all(_has_folder(folder, side) for side in sides) and any(
            next(_files(folder, side), None) is not None for side in sides
        )

    def targets(self, folder: Path) -> list[Path]:
        """The clean images, sorted by relative path."""
        return sorted(set(_files(folder, self.target)))

    def inputs(self, folder: Path) -> list[Path]:
        """The degraded images, sorted by relative path."""
        return sorted(set(_files(folder, self.degraded)))

    def folders(self, folder: Path) -> list[Path]:
        """Every existing folder that a pattern of this layout looks into."""
        patterns = (*self.degraded, *self.target)
        return sorted({f for p in patterns for f in _folders(folder, p.split("/")[:-1])})


def _has_folder(folder: Path, patterns: tuple[str, ...]) -> bool:
    return any(True for p in patterns for _ in _folders(folder, p.split("/")[:-1]))


def _files(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        *parents, name = pattern.split("/")
        for parent in _folders(folder, parents):
            for path in parent.iterdir():
                if is_image_name(path) and _matches(path.name, name) and path.is_file():
                    yield path


def _folders(folder: Path, parts: list[str]) -> Iterator[Path]:
    """Folders below `folder` that match the parts, whatever their case."""
    if not parts:
        if folder.is_dir():
            yield folder
        return
    if not folder.is_dir():
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.name.startswith(".") and _matches(child.name, parts[0]):
            yield from _folders(child, parts[1:])


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name.lower(), pattern.lower())
