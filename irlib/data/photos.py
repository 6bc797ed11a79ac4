"""The photographs that ship inside scikit-image, split by name into train and test.

They are read from the installed package's own files, never through its downloader, so that
nothing here needs a network. Names are split, not pixels: no test photograph is ever seen in
training, and two views of one scene stay on one side. Taught in chapter 3.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from irlib.errors import IrlibError, UsageError
from irlib.registry import unknown_name

# name -> file inside skimage/data. Test: three natural colour photographs that resemble
# nothing in the train half (an animal, an indoor still life, an outdoor scene with sky).
_TRAIN_FILES = {
    "astronaut": "astronaut.png",
    "motorcycle_left": "motorcycle_left.png",
    "motorcycle_right": "motorcycle_right.png",
    "hubble_deep_field": "hubble_deep_field.jpg",
    "retina": "retina.jpg",
    "ihc": "ihc.png",
    "camera": "camera.png",
    "moon": "moon.png",
    "brick": "brick.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "coins": "coins.png",
    "cell": "cell.png",
    "page": "page.png",
    "text": "text.png",
}
_TEST_FILES = {
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
}
_FILES = {**_TRAIN_FILES, **_TEST_FILES}

TRAIN_PHOTOS: tuple[str, ...] = tuple(_TRAIN_FILES)
"""Names that training may use."""

TEST_PHOTOS: tuple[str, ...] = tuple(_TEST_FILES)
"""Names held out for evaluation; training never opens them."""

_WITH_DEPTH = ("motorcycle_left", "motorcycle_right")

# Calibration of the motorcycle pair at the size in which scikit-image ships it.
_FOCAL_PIXELS = 994.978
_BASELINE_METRES = 0.193001
_PRINCIPAL_POINT_SHIFT = 31.086


def _data_file(filename: str) -> Path:
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise IrlibError(
            "the embedded photographs come with scikit-image, which is not installed; "
            "install it with: pip install scikit-image"
        )
    path = Path(spec.submodule_search_locations[0]) / "data" / filename
    if not path.is_file():
        raise IrlibError(
            f"scikit-image is installed but its file {filename!r} is missing; "
            "reinstall scikit-image (pip install --force-reinstall scikit-image)"
        )
    return path


def _check_name(name: str) -> None:
    if name in _FILES:
        return
    raise UsageError(unknown_name("photo", name, list(_FILES)))


@cache
def _pixels(name: str) -> Tensor:
    from PIL import Image  # here, so that `import irlib` does not pay for it

    with Image.open(_data_file(_FILES[name])) as file:
        array = np.array(file.convert("RGB"))
    return torch.from_numpy(array).permute(2, 0, 1).contiguous()


def photo(name: str) -> Tensor:
    """One embedded photograph.

    Grey photographs come back with three equal channels. The decoded file is cached; each call
    returns its own tensor, so changing it in place harms nobody.

    Args:
        name: one of `TRAIN_PHOTOS` or `TEST_PHOTOS`.

    Returns:
        float32 tensor (3, H, W) in [0, 1].

    Raises:
        UsageError: the name is unknown; the message suggests the nearest.
        IrlibError: scikit-image or one of its files is missing.
    """
    _check_name(name)
    return _pixels(name).float().div_(255.0)


def train_photos() -> dict[str, Tensor]:
    """Every training photograph: name -> float32 (3, H, W) in [0, 1]."""
    return {name: photo(name) for name in TRAIN_PHOTOS}


def test_photos() -> dict[str, Tensor]:
    """Every held-out photograph: name -> float32 (3, H, W) in [0, 1]."""
    return {name: photo(name) for name in TEST_PHOTOS}


# pytest would otherwise collect the function wherever a test module imports it.
test_photos.__test__ = False  # type: ignore[attr-defined]


def fill_disparity_holes(disparity: np.ndarray) -> np.ndarray:
    """Fills the pixels without a measured disparity, row by row.

    A hole in a stereo map is mostly a piece of background that the other camera could not see
    past a nearer object. So each hole takes the *smaller* (farther) of the nearest measured
    disparities to its left and right in the row; a row without any copies the nearest filled row.

    Args:
        disparity: (H, W), pixels; NaN or infinite where nothing was measured.

    Returns:
        (H, W) float32, finite everywhere; measured values are unchanged.

    Raises:
        IrlibError: not a single value is finite.
    """
    known = np.isfinite(disparity)
    if not known.any():
        raise IrlibError(
            "the disparity map holds no finite value; expected at least one measured pixel"
        )
    height, width = disparity.shape
    columns = np.broadcast_to(np.arange(width), (height, width))
    left = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    right = np.minimum.accumulate(np.where(known, columns, width)[:, ::-1], axis=1)[:, ::-1]
    rows = np.arange(height)[:, None]
    from_left = np.where(left >= 0, disparity[rows, np.maximum(left, 0)], np.inf)
    from_right = np.where(right < width, disparity[rows, np.minimum(right, width - 1)], np.inf)
    filled = np.where(known, disparity, np.minimum(from_left, from_right))
    good_rows = np.flatnonzero(known.any(axis=1))
    nearest = good_rows[np.abs(np.arange(height)[:, None] - good_rows).argmin(axis=1)]
    return filled[nearest].astype(np.float32)


def right_view_disparity(disparity: np.ndarray) -> np.ndarray:
    """Moves a left view's disparity into the right view: pixel x goes to column x - d.

    Where several pixels land on one, the nearest (largest disparity) hides the others. Pixels on
    the outline of an object, where shrinking the map mixed near with far, belong to no surface
    and would land in mid-air; they stay behind.

    Args:
        disparity: (H, W) of the left view, pixels; NaN or infinite where unknown.

    Returns:
        (H, W) float32 of the right view, NaN where nothing landed.
    """
    height, width = disparity.shape
    known = np.isfinite(disparity)
    reach = 3
    padded = np.pad(np.where(known, disparity, np.nan), ((0, 0), (reach, reach)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1)
    lowest = np.where(np.isnan(around), np.inf, around).min(-1)
    highest = np.where(np.isnan(around), -np.inf, around).max(-1)
    with np.errstate(invalid="ignore"):
        mixed = (disparity - lowest > 1.0) & (highest - disparity > 1.0)
    rows, columns = np.nonzero(known & ~mixed)
    values = disparity[rows, columns]
    landed = np.rint(columns - values).astype(np.int64)
    inside = (landed >= 0) & (landed < width)
    moved = np.full((height, width), -np.inf, np.float32)
    np.maximum.at(moved, (rows[inside], landed[inside]), values[inside])
    return np.where(np.isfinite(moved), moved, np.float32(np.nan))


@cache
def _motorcycle_depth(name: str) -> Tensor:
    with np.load(_data_file("motorcycle_disp.npz"), allow_pickle=False) as archive:
        left = archive["arr_0"]
    disparity = left if name == "motorcycle_left" else right_view_disparity(left)

    def metres(pixels: np.ndarray) -> np.ndarray:
        return _BASELINE_METRES * _FOCAL_PIXELS / (pixels + _PRINCIPAL_POINT_SHIFT)

    measured = left[np.isfinite(left)]
    near, far = metres(measured.max()), metres(measured.min())  # one scale for both views
    depth = (metres(fill_disparity_holes(disparity)) - near) / (far - near)
    return torch.from_numpy(depth.astype(np.float32).clip(0.0, 1.0))[None]


def photo_depth(name: str) -> Tensor:
    """Measured depth of a photograph, scaled from 0 (the scene's nearest point) to 1.

    From the disparity d in pixels of the rectified pair, depth in metres is
    `Z = B f / (d + s)`: baseline B, focal length f in pixels, and s the horizontal shift between
    the two principal points (the calibration published with the Middlebury 2014 stereo set, in
    the size scikit-image ships). Z is then scaled linearly to [0, 1], alike in both views. The
    disparity was measured for the left view; the right view's is moved over from it
    (`right_view_disparity`). Holes take the farther of their neighbours
    (`fill_disparity_holes`).

    Args:
        name: "motorcycle_left" or "motorcycle_right", the photographs with a disparity map.

    Returns:
        float32 tensor (1, H, W) in [0, 1], aligned with `photo(name)`.

    Raises:
        UsageError: the photograph is unknown or has no depth.
    """
    _check_name(name)
    if name not in _WITH_DEPTH:
        raise UsageError(
            f"photo {name!r} has no measured depth; only {' and '.join(_WITH_DEPTH)} have one"
        )
    return _motorcycle_depth(name).clone()
