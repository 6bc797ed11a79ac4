"""The cover's pictures: held-out photographs, spoilt, and what the shipped network makes of them.

They are restored when the book is built, and again only when the weights have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from irlib.data.photos import photo
from irlib.degradations import degrade
from irlib.models.weights import weights_path
from irlib.viz.pages import raw, write_page
from irlib.viz.slider import slider_html

PAGE_NAME = "cover.md"
NETWORK = "promptir-pocket"
WIDTH = 720  # CSS pixels; the pictures themselves are smaller, so that the page stays light


@dataclass(frozen=True)
class Scene:
    """One picture of the cover.

    Attributes:
        tab: what is wrong with it, as the tab says.
        degradation: its name in `irlib.degradations`.
        photograph: a held-out photograph.
        corner: row and column of the part that is shown.
        alt: what the part shows.
        caption: what to look at, the network's weakness included.
    """

    tab: str
    degradation: str
    photograph: str
    corner: tuple[int, int]
    alt: str
    caption: str


SCENES = (
    Scene(
        "Rain",
        "rain",
        "chelsea",
        (0, 0),
        "The face of a tabby cat",
        "Streaks that crossed the eyes are gone, and the whiskers, as thin as a streak, stayed.",
    ),
    Scene(
        "Darkness",
        "lowlight",
        "coffee",
        (60, 100),
        "A cup of coffee with a spoon on a red saucer",
        "It is light again. The colour is a guess: wood and coffee came out redder than they were.",
    ),
    Scene(
        "Noise",
        "noise25",
        "rocket",
        (60, 120),
        "A rocket between two lattice masts before a dark blue sky",
        "The sky is smooth, and so is part of the masts: thin struts of the right one are gone.",
    ),
    Scene(
        "Haze",
        "haze",
        "coffee",
        (60, 100),
        "A cup of coffee with a spoon on a red saucer",
        "The veil is gone from the cup and stays on the saucer: is that haze, or only a pale red?",
    ),
)

SIZE = (296, 448)  # height and width of the part that is shown, in pixels


def cover_text(restore: Callable[[torch.Tensor], torch.Tensor], mark: str = "") -> str:
    """Return the cover's pictures as tabs of before/after sliders, in MyST Markdown.

    Args:
        restore: takes one picture (3, H, W) in [0, 1] and returns another of the same shape.
        mark: stands in the text's first line; `write_cover` recognises the weights by it.
    """
    lines = [f"% {mark}", "", "::::{tab-set}", ":class: irlib-cover", ""]
    for scene in SCENES:
        row, column = scene.corner
        clean = photo(scene.photograph)[:, row : row + SIZE[0], column : column + SIZE[1]]
        generator = torch.Generator().manual_seed(0)
        before = degrade(clean, scene.degradation, generator=generator).image
        html = slider_html(
            before,
            restore(before),
            alt=scene.alt,
            labels=(scene.tab.lower(), "restored"),
            width=WIDTH,
            caption=scene.caption,
        )
        lines += [f":::{{tab-item}} {scene.tab}", raw(html), ":::", ""]
    return "\n".join([*lines, "::::", ""])


def write_cover(folder: str | Path) -> Path:
    """Write the cover's fragment into `folder`, unless it shows these weights already."""
    path = Path(folder) / PAGE_NAME
    weights = hashlib.sha256(weights_path(NETWORK).read_bytes())
    weights.update(Path(__file__).read_bytes())
    mark = f"{NETWORK} {weights.hexdigest()[:16]}"
    if path.is_file() and path.read_text(encoding="utf-8").startswith(f"% {mark}\n"):
        return path
    from irlib.evaluation.restore import restore_image
    from irlib.models import load_weights

    model = load_weights(NETWORK)
    return write_page(path, cover_text(lambda image: restore_image(model, image), mark))
