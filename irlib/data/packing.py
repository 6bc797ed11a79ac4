"""A benchmark as one file of decoded pixels, out of which a patch is read without decoding.

A training patch is a small part of an image, but a PNG or JPEG must be decoded whole to get at it.
The packed form is a safetensors file: every image as bytes (height, width, 3), one after another,
and the benchmark's pairs in the header. It is mapped into memory, so all processes of a machine
share what one of them has read. It costs disk space. Taught in chapter 19.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from irlib.data.images import NoSpaceError, read_image
from irlib.data.listing import Listing
from irlib.data.pairing import Pair
from irlib.errors import IrlibError

FOLDER = "packed"
_LENGTH = 8  # bytes at the start of a safetensors file that say how long its header is
_AT_ONCE = 64  # images decoded ahead of the disk


@dataclass(frozen=True)
class PackedImage:
    """An image in a packed file, where otherwise the path of an image stands.

    Attributes:
        pack: The packed file.
        key: The image's name in it: its path under the data root.
    """

    pack: Path
    key: str

    def __str__(self) -> str:
        return f"{self.key} in {self.pack}"

    def pixels(self) -> Tensor:
        """(3, H, W) uint8, a view of the mapped file: only what is used of it is read."""
        return torch.from_numpy(_opened(self.pack).image(self.key)).movedim(-1, 0)


def pack_file(benchmark: str, root: Path) -> Path:
    """Where the packed form of a benchmark is looked for under a data root."""
    return root / FOLDER / f"{benchmark}.safetensors"


def packed_pairs(benchmark: str, root: Path) -> list[Pair] | None:
    """The pairs of a benchmark out of its packed form; ``None`` where there is none.

    Args:
        benchmark: Name of the benchmark.
        root: The data root. Its folders may be there too, or only the packed file.

    Raises:
        IrlibError: The file is damaged, or the folders were changed after it was written.
    """
    path = pack_file(benchmark, root)
    if not path.is_file():
        return None
    found = _opened(path).listing
    there = any((root / name).is_dir() for name in found.folders)
    if there and (changed := found.changed(root)) is not None:
        raise IrlibError(
            f"{changed} was changed after {path} was written, so the two may differ. Make it anew "
            f"(`irlib data pack {benchmark}`), or remove it to train from the folders."
        )
    return [
        Pair(name, *(None if side is None else PackedImage(path, side) for side in sides), group)
        for name, group, *sides in found.pairs
    ]


def write_pack(
    found: Listing, root: Path, path: Path, tell: Callable[[int, int], None] | None = None
) -> Path:
    """Decodes every image of a listing into one file, whole or not at all.

    Args:
        found: The pairs.
        root: The data root they lie under.
        path: Where to; the folder is made if needed.
        tell: Called with the images done and the images in all, after every few.

    Raises:
        NoSpaceError: The disk has less room than the pixels take.
        IrlibError: An image that cannot be read or has 16 bits, or a file that cannot be written.
    """
    keys = sorted({side for _, _, *sides in found.pairs for side in sides if side is not None})
    with ThreadPoolExecutor(min(32, 2 * (os.cpu_count() or 1))) as pool:
        sizes = list(_in_turn(pool, lambda key: _size(root / key), keys))
        header = _header(found, keys, sizes)
        partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            needed = len(header) + sum(map(prod, sizes))
            if shutil.disk_usage(path.parent).free < needed:
                raise NoSpaceError(
                    f"{path} would take {needed / 1e9:.1f} GB, more than is free on that disk. "
                    "Name a folder on another one with --output."
                )
            with open(partial, "wb") as file:
                file.write(header)
                images = _in_turn(pool, lambda key: _decoded(root / key), keys)
                for done, (key, size, image) in enumerate(zip(keys, sizes, images, strict=True), 1):
                    if image.shape != size:
                        raise IrlibError(f"{root / key} changed while it was packed; pack again.")
                    file.write(memoryview(image).cast("B"))
                    if tell is not None and (done % _AT_ONCE == 0 or done == len(keys)):
                        tell(done, len(keys))
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError as error:
            raise IrlibError(f"{path} could not be written: {error.strerror or error}.") from error
        finally:
            partial.unlink(missing_ok=True)
    return path


class _Pack:
    """A packed file, mapped into memory."""

    def __init__(self, path: Path) -> None:
        try:
            with open(path, "rb") as file:
                length = int.from_bytes(file.read(_LENGTH), "little")
                entries = json.loads(file.read(length))
            self.listing = Listing.from_json(entries.pop("__metadata__")["listing"])
            self.places = {k: (v["data_offsets"][0], v["shape"]) for k, v in entries.items()}
            # A view that may be written to, though nothing does: PyTorch warns of others.
            self.pixels = np.memmap(path, np.uint8, mode="c", offset=_LENGTH + length)
            if len(self.pixels) != sum(prod(shape) for _, shape in self.places.values()):
                raise ValueError("its end is missing")
        except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise IrlibError(
                f"{path} cannot be read as a packed benchmark ({error}). Make it anew with "
                "`irlib data pack`, or remove it."
            ) from error

    def image(self, key: str) -> np.ndarray:
        start, shape = self.places[key]
        return self.pixels[start : start + prod(shape)].reshape(shape)


@lru_cache(maxsize=64)
def _opened(path: Path) -> _Pack:
    # Once in a process. A pack that is made anew is another file for processes started later.
    return _Pack(path)


def _in_turn(pool: ThreadPoolExecutor, work: Callable, keys: Sequence[str]) -> Iterator:
    """Results in order, made by several threads, never more than a few ahead of who takes them."""
    for first in range(0, len(keys), _AT_ONCE):
        yield from pool.map(work, keys[first : first + _AT_ONCE])


def _size(path: Path) -> tuple[int, int, int]:
    """(H, W, 3), upright, from an image file's head alone."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(0x0112, 1) > 4  # orientations that lie on their side
    except Exception as error:  # decoders raise many kinds of errors on damaged files
        raise IrlibError(
            f"{path} cannot be read ({error}); look at its folder with `irlib data check`."
        ) from error
    return (width, height, 3) if turned else (height, width, 3)


def _decoded(path: Path) -> np.ndarray:
    picture = read_image(path)
    if picture.bits != 8:
        raise IrlibError(
            f"{path} has {picture.bits} bits a sample; the packed form holds 8. Train this set "
            "from its files."
        )
    return np.ascontiguousarray(picture.rgb().mul(255).round().byte().movedim(0, -1).numpy())


def _header(found: Listing, keys: Sequence[str], sizes: Sequence[tuple[int, int, int]]) -> bytes:
    entries, end = {"__metadata__": {"listing": found.as_json()}}, 0
    for key, shape in zip(keys, sizes, strict=True):
        start, end = end, end + prod(shape)
        entries[key] = {"dtype": "U8", "shape": shape, "data_offsets": [start, end]}
    words = json.dumps(entries, separators=(",", ":")).encode()
    words += b" " * (-len(words) % 8)
    return len(words).to_bytes(_LENGTH, "little") + words
