"""Sheets of pictures, laid out anew for a phone when a page is built.

A sheet of four columns is as wide as a page; on a phone its titles would be too small, or half of
its columns out of sight. There the first half of the columns stands above the second half. The
sheet is cut where it is white from top to bottom, so that stored figures need no new execution.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from docutils import nodes

WIDEST = 600  # CSS pixels of a narrow screen, as in irlib.css
FOLDER = "_images"
QUALITY = 78
WHITE = 245  # of 255; compression leaves traces beside pictures
UNEQUAL = 0.1  # columns of a sheet are alike in width, those of a diagram are not
_SHEET = re.compile(
    r'<img class="irlib-figure" src="data:image/webp;base64,(?P<data>[^"]*)"'
    r'(?:[^>"]|"[^"]*")*style="width: 900px[^"]*">'
)


def columns(sheet: np.ndarray) -> list[tuple[int, int]]:
    """The columns of a sheet of pictures.

    Args:
        sheet: 8-bit pixels (H, W, 3).

    Returns:
        The first pixel of each column and the one after its last, from the left; nothing where
        what stands between white stripes is not alike in width.
    """
    inked = sheet.min(axis=(0, 2)) < WHITE
    borders = np.flatnonzero(np.diff(inked, prepend=False, append=False)).reshape(-1, 2)
    found = [(int(start), int(end)) for start, end in borders if end - start > sheet.shape[1] // 90]
    widths = [end - start for start, end in found]
    return found if widths and min(widths) >= (1 - UNEQUAL) * max(widths) else []


def stacked(sheet: np.ndarray) -> np.ndarray | None:
    """A sheet of several columns with the second half of them below the first.

    Args:
        sheet: 8-bit pixels (H, W, 3).

    Returns:
        The sheet for a narrow screen, or None where it is none that could be cut.
    """
    found = columns(sheet)
    if len(found) < 2:
        return None
    half = -(-len(found) // 2)
    middles = [(left[1] + right[0]) // 2 for left, right in pairwise(found)]
    upper, lower = np.split(sheet, [middles[half - 1]], axis=1)
    width = max(upper.shape[1], lower.shape[1])
    gap = sheet.shape[0] // 40
    whole = np.full((2 * sheet.shape[0] + gap, width, 3), 255, np.uint8)
    whole[: sheet.shape[0], : upper.shape[1]] = upper
    whole[sheet.shape[0] + gap :, : lower.shape[1]] = lower
    return whole


def offer_narrow(html: str, folder: Path, up: str) -> str:
    """Gives each sheet of an HTML fragment a second layout, for narrow screens.

    Args:
        html: What a cell displays.
        folder: Where the pictures of the second layout are written.
        up: From the page to the folder above `folder`, such as ``../``.

    Returns:
        The fragment; sheets that cannot be cut are as they were.
    """
    from PIL import Image

    def offer(match: re.Match) -> str:
        data = base64.b64decode(match["data"])
        with Image.open(io.BytesIO(data)) as picture:
            narrow = stacked(np.asarray(picture.convert("RGB")))
        if narrow is None:
            return match[0]
        file = folder / f"narrow-{hashlib.sha256(data).hexdigest()[:12]}.webp"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(narrow).save(file, "WEBP", quality=QUALITY, method=3)
        return (
            f'<picture class="irlib-narrow"><source media="(max-width: {WIDEST}px)" '
            f'srcset="{up}{folder.name}/{file.name}">{match[0]}</picture>'
        )

    return _SHEET.sub(offer, html)


def write_page(app: Any, document: nodes.document, page: str) -> None:
    """Offer the second layout on a page that Sphinx is about to write."""
    if app.builder.format != "html":
        return
    for block in document.findall(nodes.raw):
        if block.get("format") == "html" and "irlib-figure" in block.astext():
            text = offer_narrow(block.astext(), Path(app.outdir) / FOLDER, "../" * page.count("/"))
            block.children = [nodes.Text(text)]


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx, behind what gives figures their numbers."""
    app.connect("doctree-resolved", write_page, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
