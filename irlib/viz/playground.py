"""The pictures of the degradation playground, for the page and for Python alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn import functional

from irlib.data.dead_leaves import dead_leaves
from irlib.data.photos import photo, photo_depth
from irlib.errors import UsageError
from irlib.registry import unknown_name
from irlib.viz.pixels import encode_picture, to_uint8

SCENES = {
    "motorcycle": "a motorcycle in a garage, with its measured depth",
    "leaves": "painted leaves over each other, with their exact depth",
    "cat": "a cat's face close up; its depth is unknown",
}
"""The pictures by name, and what they show."""
SCRIPT = "scenes.js"


class Playground(NamedTuple):
    """A picture of the playground.

    Attributes:
        image: float32 (3, H, W) in [0, 1], in steps of 8 bits.
        depth: float32 (1, H, W), 0 near to 1 far, in steps of 8 bits; None where unknown.
    """

    image: Tensor
    depth: Tensor | None


def scene(name: str) -> Playground:
    """Returns a picture of the playground exactly as the page shows it.

    Args:
        name: One of :data:`SCENES`.

    Raises:
        UsageError: There is no such picture.
    """
    if name == "motorcycle":
        half = [
            functional.avg_pool2d(source("motorcycle_left"), 2) for source in (photo, photo_depth)
        ]
        return Playground(*(_as_stored(part) for part in half))
    if name == "leaves":
        painted = dead_leaves(256, seed=4)
        return Playground(_as_stored(painted.image), _as_stored(painted.depth))
    if name == "cat":
        return Playground(_as_stored(photo("chelsea")[:, 16:272, 64:384]), None)
    raise UsageError(unknown_name("scene", name, list(SCENES)))


def _as_stored(values: Tensor) -> Tensor:
    """Rounds to 8 bits, which is what a page can carry without loss."""
    return (values * 255).round() / 255


def write_scenes(folder: Path) -> Path:
    """Writes the script that carries the pictures: lossless, as data, so that it opens anywhere.

    A page opened from a folder may show a picture file but not read its pixels; one inside a script
    it may.

    Args:
        folder: Where the page's other scripts lie.
    """
    carried = {}
    for name, text in SCENES.items():
        image, depth = scene(name)
        carried[name] = {
            "title": text,
            "image": _lossless(image),
            "depth": None if depth is None else _lossless(depth),
        }
    path = Path(folder) / SCRIPT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"(globalThis.irlibPlayground ??= {{}}).SCENES = {json.dumps(carried)};\n", encoding="utf-8"
    )
    return path


def lay_out_scenes(app: Any, exception: Exception | None) -> None:
    """Puts the script of pictures beside the page's other scripts in the built book."""
    if exception is None and app.builder.format == "html":
        write_scenes(Path(app.outdir) / "_static" / "playground")


def _lossless(values: Tensor) -> str:
    return encode_picture(to_uint8(values), lossless=True, limit=10**7)[0]
