"""Reading and writing photographs without losing what they carry.

8 and 16 bits, grey, palette, transparency, EXIF orientation, EXIF data and colour profile survive
the way from file to tensor and back.

Taught in chapter 24.
"""

import errno
import os
import secrets
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from irlib.data.deep_images import read_deep, write_deep_png, write_tiff
from irlib.errors import IrlibError, UsageError

WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
}
READABLE = (*WRITABLE, ".gif", ".ppm", ".pgm", ".pnm", ".jp2", ".avif")

_DEEP = ("PNG", "TIFF")  # hold 16 bits
_OPAQUE = ("JPEG", "BMP")  # hold no transparency
_JPEG_QUALITY = 95
_ORIENTATION = 0x0112
# Per EXIF orientation: transpose first?, then flip up-down?, flip left-right?
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
_WORDS_OF_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class NoSpaceError(IrlibError):
    """The disk, or the user's share of it, is full: no further file can be written either."""


@dataclass(frozen=True)
class Picture:
    """An image file as a tensor, with the facts needed to write its like.

    Attributes:
        pixels: (C, H, W) float32 in [0, 1], upright; C is 1 for grey and 3 for colour.
        bits: 8 or 16 per sample in the file.
        alpha: (1, H, W) float32 in [0, 1], or None for an opaque image.
        palette: Whether the file held indices into a table of colours.
        icc: The colour profile's bytes, or None.
        exif: The EXIF data's bytes with the orientation reset to upright, or None.
        format: The file's format in Pillow's words ("PNG", "JPEG", …).
    """

    pixels: Tensor
    bits: int = 8
    alpha: Tensor | None = None
    palette: bool = False
    icc: bytes | None = None
    exif: bytes | None = None
    format: str = "PNG"

    @property
    def grey(self) -> bool:
        """Whether the file held one channel."""
        return self.pixels.shape[0] == 1

    def rgb(self) -> Tensor:
        """Returns (3, H, W); a grey image shows its channel three times, without a copy."""
        return self.pixels.expand(3, -1, -1)


def read_image(path: str | Path) -> Picture:
    """Reads an image file, upright, with all its bits. Of several frames, the first.

    Raises:
        IrlibError: The file is missing, empty, truncated, not an image, or has samples of more
            than 16 bits; the message names the file and the reason.
    """
    return _opened(Path(path), _picture)


def read_rgb(path: str | Path) -> Tensor:
    """Reads the colours of an image file alone, as they are stored, upright.

    Several times faster than :func:`read_image` for who needs a part: cut first, then divide.

    Returns:
        (3, H, W): uint8 from a file of 8 bits, else float32 in [0, 1].

    Raises:
        IrlibError: As :func:`read_image`.
    """
    return _opened(Path(path), _rgb)


def _opened(path: Path, take: Callable[[Image.Image, Path], Any]) -> Any:
    """What ``take`` makes of an image file; whatever is wrong with it becomes one error."""
    try:
        if path.stat().st_size == 0:
            raise ValueError("the file is empty")
        with Image.open(path) as image:
            return take(image, path)
    except IrlibError:
        raise
    except Image.UnidentifiedImageError:
        reason = "it is not an image in a format known here"
    except FileNotFoundError:
        reason = "there is no such file"
    except MemoryError:
        reason = "there is not enough memory to hold it"
    # A damaged file raises whatever the decoder stumbles over: OSError, SyntaxError, struct.error…
    except Exception as error:
        reason = str(error).rstrip(".") or type(error).__name__
    raise IrlibError(f"cannot read the image {path}: {reason}. Replace or leave out this file.")


def _picture(image: Image.Image, path: Path) -> Picture:
    # Taken before decoding: Pillow turns a TIFF upright while decoding, and drops the entry.
    exif = image.getexif()
    orientation = exif.get(_ORIENTATION, 1)
    palette = image.mode in ("P", "PA")
    icc = image.info.get("icc_profile")
    samples, bits = _samples(image, path)  # (H, W, 1…4), uint8 or uint16
    if image.format != "TIFF":
        samples = _upright(samples, orientation)
    if image.mode in ("CMYK", "LAB"):
        icc = None  # it describes colours that the pixels no longer are in
    if image.format == "TIFF":
        # A TIFF's EXIF also lists how its own pixels are stored, which must not reach another file.
        exif = _without_storage_tags(exif)
    kept = None
    if len(exif) > 0:
        if _ORIENTATION in exif:
            exif[_ORIENTATION] = 1
        kept = exif.tobytes()
    channels = torch.from_numpy(np.array(samples.transpose(2, 0, 1), dtype=np.float32, order="C"))
    channels /= 2**bits - 1
    colours = 1 if channels.shape[0] < 3 else 3
    alpha = channels[colours:] if channels.shape[0] > colours else None
    return Picture(channels[:colours], bits, alpha, palette, icc, kept, image.format or "PNG")


def _rgb(image: Image.Image, path: Path) -> Tensor:
    orientation = image.getexif().get(_ORIENTATION, 1)
    if _depth(image, path) != 8 or image.mode.startswith("I"):
        return _picture(image, path).rgb()
    samples, _ = _samples(image, path)
    if image.format != "TIFF":
        samples = _upright(samples, orientation)
    colours = samples[..., : 1 if samples.shape[-1] < 3 else 3]
    # A copy, for Pillow lends its memory read-only.
    return torch.from_numpy(colours.copy()).movedim(-1, 0).expand(3, -1, -1)


def _samples(image: Image.Image, path: Path) -> tuple[np.ndarray, int]:
    """Returns the decoded samples (H, W, channels) and their bits."""
    if _depth(image, path) == 16 and not image.mode.startswith("I"):
        return read_deep(path, image), 16
    # Older Pillows open 16-bit grey PNG as 32-bit integers.
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return np.asarray(image, dtype=np.uint16)[..., None], 16
    if image.mode in ("I", "F"):
        raise ValueError("it has 32-bit samples; convert it to 8 or 16 bits")
    transparent = "transparency" in image.info or image.has_transparency_data
    if image.mode in ("1", "L", "LA", "La"):
        mode = "LA" if transparent else "L"
    else:
        mode = "RGBA" if transparent else "RGB"
    if image.mode == "L" and transparent:
        image = image.convert("RGBA")  # Pillow knows a transparent grey only by this way
    samples = np.asarray(image if image.mode == mode else image.convert(mode))
    return samples if samples.ndim == 3 else samples[..., None], 8


def _depth(image: Image.Image, path: Path) -> int:
    """Returns the bits per sample that the head of a PNG or TIFF states, and 8 for the rest."""
    if image.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24]
    if image.format == "TIFF":
        bits_per_sample = 258
        return max(image.tag_v2.get(bits_per_sample, (8,)))
    return 8


def _upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    transpose, up_down, left_right = _TURNS.get(orientation, (False, False, False))
    samples = samples.swapaxes(0, 1) if transpose else samples
    samples = samples[::-1] if up_down else samples
    return samples[:, ::-1] if left_right else samples


def _without_storage_tags(exif: Image.Exif) -> Image.Exif:
    descriptive = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825)
    kept = Image.Exif()
    for tag in descriptive:
        if tag in exif:
            # Sub-tables (camera settings, place) are stored by offset and must be read through.
            kept[tag] = exif.get_ifd(tag) if tag in (0x8769, 0x8825) else exif[tag]
    return kept


def write_image(path: str | Path, image: Tensor, like: Picture | None = None) -> None:
    """Writes an image in the format of the path's suffix, whole or not at all.

    The file appears under its name only when complete: it is written beside it under a passing
    name and then renamed.

    Args:
        path: Ends in .png, .jpg, .jpeg, .tif, .tiff, .webp or .bmp.
        image: (3, H, W) or (1, H, W) in [0, 1].
        like: Keeps the bits, greyness, alpha, profile and EXIF of this picture, as far as the
            format holds them: 16 bits fit PNG and TIFF; where there is no alpha channel the image
            is laid on white. A grey picture gets the mean of the three channels.

    Raises:
        UsageError: The suffix or the shape is not one of the above.
        NoSpaceError: The disk is full.
        IrlibError: The file cannot be written for another reason.
    """
    path = Path(path)
    kind = WRITABLE.get(path.suffix.lower())
    if kind is None:
        raise UsageError(
            f"cannot write {path.name!r}: its suffix is not one of {', '.join(WRITABLE)}. "
            f"Choose one of these."
        )
    if image.ndim != 3 or image.shape[0] not in (1, 3) or 0 in image.shape:
        raise UsageError(
            f"cannot write {path.name!r}: the image has the shape {tuple(image.shape)}, but "
            f"(3, H, W) or (1, H, W) was expected."
        )
    like = like or Picture(image)
    bits = like.bits if kind in _DEEP else 8
    samples = _quantised(image, like, bits, opaque=kind in _OPAQUE)
    passing = path.with_name(f".irlib-{secrets.token_hex(8)}.tmp")
    try:
        try:
            with passing.open("xb") as file:
                _encode(file, samples, kind, like)
            os.replace(passing, path)
        finally:
            passing.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in _WORDS_OF_NO_SPACE:
            raise NoSpaceError(
                f"no space is left to write {path}. Free some, or name a folder on another disk."
            ) from error
        raise IrlibError(f"cannot write {path}: {error.strerror or error}.") from error
    except ValueError as error:
        # Such as a side longer than the format allows (16,383 pixels for WebP).
        raise IrlibError(f"cannot write {path} as {kind}: {error}.") from error


def _quantised(image: Tensor, like: Picture, bits: int, opaque: bool) -> np.ndarray:
    """Returns (H, W, channels) uint8 or uint16, channel by channel to spare memory."""
    image = image.detach().cpu()
    if like.grey and image.shape[0] == 3:
        image = image.mean(dim=0, keepdim=True)
    channels = list(image)
    if like.alpha is not None and opaque:
        alpha = like.alpha[0]
        channels = [channel * alpha + (1 - alpha) for channel in channels]
    elif like.alpha is not None:
        channels.append(like.alpha[0])
    kind = np.uint8 if bits == 8 else np.uint16
    samples = np.empty((*image.shape[-2:], len(channels)), dtype=kind)
    for index, channel in enumerate(channels):
        scaled = channel.float().clamp(0, 1).mul(2**bits - 1).round_()
        samples[..., index] = scaled.numpy()
    return samples


def _encode(file: IO[bytes], samples: np.ndarray, kind: str, like: Picture) -> None:
    if kind == "TIFF" or samples.dtype == np.uint16:
        write = write_tiff if kind == "TIFF" else write_deep_png
        write(file, samples, icc=like.icc, exif=like.exif)
        return
    options: dict = {}
    if kind == "JPEG":
        options = {"quality": _JPEG_QUALITY, "subsampling": 0}
    elif kind == "WEBP":
        # Lossless where the source was: restoring must not add artefacts of its own.
        options = {"lossless": like.format != "WEBP", "quality": _JPEG_QUALITY, "exact": True}
    if kind != "BMP":
        options |= {"icc_profile": like.icc} if like.icc else {}
        options |= {"exif": like.exif} if like.exif else {}
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    with warnings.catch_warnings():
        # Pillow warns of EXIF entries of a wrong type in passing; they are kept as they came.
        warnings.simplefilter("ignore", UserWarning)
        image.save(file, kind, **options)
