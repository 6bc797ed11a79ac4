"""PNG and TIFF as Pillow does not handle them: colour of 16 bits, EXIF tables inside a TIFF."""

import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

_ROWS_AT_ONCE = 64
_PNG_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}  # by number of channels
_UP = 2
_OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


def read_deep(path: Path, opened: Image.Image) -> np.ndarray:
    """Returns the samples of a 16-bit colour PNG or TIFF, (H, W, 2…4) uint16, a TIFF upright.

    ``opened`` is the same file as Pillow sees it, decoded or not.

    Pillow unpacks 16-bit colour to its high bytes. Told that the file has the other byte order,
    it unpacks the low bytes; the two together are the whole, for every compression it knows.
    """
    with Image.open(path) as image:
        raw_modes = {_raw_mode(tile) for tile in image.tile}
    if raw_modes == {"LA;16B"}:
        # Of grey with alpha it knows one byte order only, but four bytes pass as four channels.
        pairs = _decoded_as(path, lambda _: "RGBA").astype(np.uint16)
        return (pairs[..., 0::2] << 8) | pairs[..., 1::2]
    if not all(";16" in mode for mode in raw_modes):
        raise ValueError("its 16-bit channels lie in separate planes; save it interleaved")
    high = np.asarray(opened).astype(np.uint16)
    # "RGB;16L" names the order last.
    low = _decoded_as(path, lambda mode: mode[:-1] + _OTHER_ORDER[mode[-1]])
    return (high << 8) | low


def _raw_mode(tile: Any) -> str:
    return tile.args if isinstance(tile.args, str) else tile.args[0]


def _decoded_as(path: Path, raw_mode: Callable[[str], str]) -> np.ndarray:
    """Decodes an image with other raw modes than those found; returns (H, W, channels) uint8."""
    with Image.open(path) as image:
        tiles = []
        for tile in image.tile:
            mode = raw_mode(_raw_mode(tile))
            args = mode if isinstance(tile.args, str) else (mode, *tile.args[1:])
            tiles.append(tile._replace(args=args))
        image.tile = tiles
        image.load()
        return np.asarray(image)


def write_deep_png(
    file: IO[bytes], samples: np.ndarray, icc: bytes | None = None, exif: bytes | None = None
) -> None:
    """Writes (H, W, 1…4) uint16 samples as a 16-bit PNG, a block of rows at a time."""
    height, width, channels = samples.shape
    file.write(b"\x89PNG\r\n\x1a\n")
    header = struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOUR[channels], 0, 0, 0)
    _chunk(file, b"IHDR", header)
    if icc:
        _chunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))
    if exif:
        _chunk(file, b"eXIf", exif.removeprefix(b"Exif\0\0"))
    packer = zlib.compressobj(level=4)
    above = np.zeros((1, 2 * channels * width), dtype=np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):
        block = samples[top : top + _ROWS_AT_ONCE].astype(">u2")
        rows = block.view(np.uint8).reshape(block.shape[0], -1)
        # Each row as its difference from the one above, led by the number of that filter.
        filtered = np.full((rows.shape[0], rows.shape[1] + 1), _UP, dtype=np.uint8)
        filtered[:, 1:] = rows - np.concatenate((above, rows[:-1]))
        packed = packer.compress(filtered.tobytes())
        if packed:
            _chunk(file, b"IDAT", packed)
        above = rows[-1:]
    _chunk(file, b"IDAT", packer.flush())
    _chunk(file, b"IEND", b"")


def _chunk(file: IO[bytes], name: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + name + data)
    file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(name))))


def write_tiff(
    file: IO[bytes], samples: np.ndarray, icc: bytes | None = None, exif: bytes | None = None
) -> None:
    """Writes (H, W, 1…4) uint8 or uint16 samples as a deflated TIFF.

    Deep grey with alpha becomes colour with alpha, since few readers know the former.
    """
    bits = 8 * samples.itemsize
    if samples.shape[2] == 2 and bits == 16:
        samples = samples[..., [0, 0, 0, 1]]
    height, width, channels = samples.shape
    little = samples.dtype.newbyteorder("<")
    strips = [
        zlib.compress(samples[top : top + _ROWS_AT_ONCE].astype(little).tobytes(), level=4)
        for top in range(0, height, _ROWS_AT_ONCE)
    ]
    # EXIF data is itself a small TIFF, so Pillow's writer of the one makes the head of the other.
    tags = Image.Exif()
    tags.endian = "<"
    if exif:
        tags.load(exif)
        for table in (0x8769, 0x8825):
            if table in tags:
                tags[table] = dict(tags.get_ifd(table))
        tags.endian = "<"
    tags[256], tags[257] = width, height
    tags[258] = (bits,) * channels
    tags[259] = 8  # deflate
    tags[262] = 1 if channels < 3 else 2  # grey or RGB
    tags[277] = channels
    tags[278] = _ROWS_AT_ONCE
    tags[279] = tuple(len(strip) for strip in strips)
    tags[284] = 1  # channels side by side
    if channels in (2, 4):
        tags[338] = (2,)  # plain alpha
    if icc:
        tags[34675] = icc
    # Counted from the end of the head: Pillow adds the length of the head while writing it.
    starts = np.cumsum([0, *(len(strip) for strip in strips[:-1])])
    tags[273] = tuple(int(start) for start in starts)
    file.write(tags.tobytes(offset=8).removeprefix(b"Exif\0\0"))
    file.writelines(strips)
