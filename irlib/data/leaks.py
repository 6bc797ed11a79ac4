"""Whether test images lie among the training images: by pixels, by looks, or by name alone.

A network that was trained on a test image is not tested on it. Lists of training data are long and
copied from project to project; one in circulation holds all of Urban100 (AM-PromptIR specification,
13). Taught in chapter 22.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from irlib.data.benchmark_layouts import berkeley_number, urban_number
from irlib.data.pairing import folder_images
from irlib.errors import IrlibError, UsageError

SIDE = 16
"""Pictures are compared as grey images of so many pixels a side."""
ALIKE = 0.95
"""Likeness from which on two pictures are reported. Different photographs of one kind, such as two
of sky above land, reach about 0.9; a copy shrunk to a third and saved as JPEG stays above 0.99."""


@dataclass(frozen=True)
class Leak:
    """A test image that was found in the training data.

    Attributes:
        test: The test image.
        train: The training image most like it, or the name on the training list.
        kind: ``same pixels``, ``looks alike`` or ``same name`` (there was no file to look at).
        likeness: From -1 to 1, 1 for a copy; 0 where only names were compared.
        others: How many further training images are as alike: other hazes, other sizes.
    """

    test: Path
    train: Path
    kind: str
    likeness: float
    others: int = 0


def find_leaks(
    train: Sequence[Path], test: Sequence[Path], alike: float = ALIKE
) -> tuple[list[Leak], list[Path]]:
    """Looks for test images among training images, whatever their names, sizes and file types.

    Each picture becomes 16 x 16 grey values, less their mean, of length 1; the product of two is
    their likeness. A change of size, file type, brightness or contrast hardly changes it, nor do
    noise, rain and thin haze. A flipped copy or a part of a picture is not found, nor a picture of
    one colour.

    Args:
        train: Training images; those that do not exist are compared by name.
        test: Test images.
        alike: Likeness from which on a pair is reported, above 0.

    Returns:
        One entry a test image that was found, by its path; and the training images that do not
        exist.

    Raises:
        UsageError: `alike` is not above 0 and at most 1.
        IrlibError: An image cannot be decoded.
    """
    if not 0 < alike <= 1:
        raise UsageError(f"likeness is {alike}; expected above 0 and at most 1, such as {ALIKE}.")
    here = [path for path in train if path.is_file()]
    absent = [path for path in train if not path.is_file()]
    leaks = []
    by_name = {_bare_name(path): path for path in reversed(absent)}
    seen, asked = _signatures(here), _signatures(test)
    # A few hundred test images at a time: their likeness to 72,135 hazes fits in memory.
    for start in range(0, len(test), 256):
        likenesses = asked[start : start + 256] @ seen.T
        for path, row in zip(test[start : start + 256], likenesses, strict=True):
            found = np.flatnonzero(row >= alike)
            if len(found):
                best = found[row[found].argmax()]
                kind = "same pixels" if _same_pixels(here[best], path) else "looks alike"
                likeness = min(1.0, float(row[best]))
                leaks.append(Leak(path, here[best], kind, likeness, len(found) - 1))
            elif _bare_name(path) in by_name:
                leaks.append(Leak(path, by_name[_bare_name(path)], "same name", 0.0))
    return sorted(leaks, key=lambda leak: leak.test), absent


def training_images(
    source: str | os.PathLike, images: str | os.PathLike | None = None
) -> list[Path]:
    """The images of a folder and the folders below it, or those that a training list names.

    Args:
        source: A folder, or a text file with a path on each line, as training code reads them; a
            path may begin with a slash and still be meant from `images`.
        images: The folder that the paths of a list start from; the list's own when None.

    Raises:
        UsageError: Neither a folder with images nor a list that names any.
    """
    source = Path(source).expanduser()
    if not source.is_file():
        return folder_images(source)
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{source} is no text; expected a folder, or a list with the path of an image on each "
            "line."
        ) from error
    named = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    if not named:
        raise UsageError(f"{source} is empty; expected the path of an image on each line.")
    root = source.parent if images is None else Path(images).expanduser()
    return [root / name.lstrip("/") for name in named]


def signature(path: Path) -> np.ndarray:
    """What a picture is compared by: 256 numbers of mean 0 and length 1.

    Raises:
        IrlibError: The file cannot be decoded.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            # A JPEG can be decoded at an eighth of its size; several times faster.
            image.draft("L", (8 * SIDE, 8 * SIDE))
            small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    # Pillow's decoders raise many kinds of errors on damaged files, and all mean the same here.
    except Exception as error:
        raise IrlibError(
            f"{path} cannot be decoded ({error}). `irlib data check` lists every such file."
        ) from error
    values = np.asarray(small, dtype=np.float32).ravel()
    values = values - values.mean()
    length = float(np.linalg.norm(values))
    return values / length if length > 0 else values


def _signatures(paths: Sequence[Path]) -> np.ndarray:
    # Threads suffice: decoders release the interpreter's lock.
    with ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        rows = list(pool.map(signature, paths))
    return np.stack(rows) if rows else np.zeros((0, SIDE * SIDE), dtype=np.float32)


def _same_pixels(first: Path, second: Path) -> bool:
    from PIL import Image

    with Image.open(first) as one, Image.open(second) as other:
        if one.size != other.size:
            return False
        return np.array_equal(np.asarray(one.convert("RGB")), np.asarray(other.convert("RGB")))


def _bare_name(path: PurePath) -> str:
    """A photograph's name without folder, type and the marks that copies of it bear."""
    return berkeley_number(PurePath(urban_number(path) + ".png")).lower()
