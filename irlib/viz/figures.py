"""Figures of the book: pictures in a row, curves, bars. Each carries its text alternative."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from irlib.errors import UsageError
from irlib.viz.pixels import encode_picture, to_uint8
from irlib.viz.style import DASHES, settings

FIGURE_BYTES = 180_000  # characters of one inline figure; the book's limit is 200 kB
FIGURE_QUALITY = 82  # figures are drawn larger than they are shown: finer steps are not seen


@dataclass(frozen=True)
class Picture:
    """A finished figure that displays itself with its text alternative.

    Attributes:
        uri: the picture as a WebP data URI.
        alt: what it shows, in words.
        width: display width in CSS pixels; never wider than the page.
    """

    uri: str = field(repr=False)
    alt: str
    width: int

    @property
    def html(self) -> str:
        """The figure as an `<img>` element."""
        return (
            f'<img class="irlib-figure" src="{self.uri}" alt="{escape(self.alt)}" '
            f'style="width: {self.width}px; max-width: 100%; height: auto;">'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": f"figure: {self.alt}"}


def show_images(
    images: Sequence[Any],
    titles: Sequence[str] | None = None,
    *,
    alt: str,
    columns: int | None = None,
) -> Picture:
    """Show images side by side, pixel for pixel where they fit.

    Args:
        images: tensors or arrays (3, H, W) in [0, 1] (or any shape `to_uint8` takes).
        titles: one short title an image.
        alt: what the figure shows, in words; there is no default.
        columns: images in a row; up to four when not given.

    Returns:
        A figure that displays itself: leave it on the last line of a cell.

    Raises:
        UsageError: if `alt` is empty, there is no image, or titles and images differ in number.
    """
    _require_alt(alt)
    arrays = [to_uint8(image) for image in images]
    if not arrays:
        raise UsageError("show_images was given no image; give at least one")
    names = list(titles) if titles is not None else [""] * len(arrays)
    if len(names) != len(arrays):
        raise UsageError(
            f"show_images was given {len(arrays)} images and {len(names)} titles; "
            "give one title an image"
        )
    per_row = columns or min(4, len(arrays))
    rows = -(-len(arrays) // per_row)
    width = min(9.0, 2.0 + 2.5 * per_row)
    height = (width / per_row * _tallest(arrays) + 0.3) * rows
    figure, axes = _figure(width, height, rows, per_row)
    for axis in axes:
        axis.set_axis_off()
    for axis, array, name in zip(axes, arrays, names, strict=False):
        axis.imshow(array, interpolation="nearest" if array.shape[1] < 200 else "antialiased")
        axis.set_title(name)
    return _finish(figure, alt, lossless=False)


def plot_curve(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    alt: str,
    log_x: bool = False,
    log_y: bool = False,
) -> Picture:
    """Draw one or several curves.

    Args:
        series: name -> (x values, y values); names appear in the legend.
        xlabel: what x is, with its unit.
        ylabel: what y is, with its unit.
        alt: what the figure shows, in words; there is no default.
        log_x: logarithmic x axis.
        log_y: logarithmic y axis.

    Returns:
        A figure that displays itself.

    Raises:
        UsageError: if `alt` is empty, or x and y of a series differ in length.
    """
    _require_alt(alt)
    figure, (axis,) = _figure(6.4, 3.6)
    for index, (name, (x, y)) in enumerate(series.items()):
        if len(x) != len(y):
            raise UsageError(
                f'the curve "{name}" has {len(x)} x values and {len(y)} y values; give as many'
            )
        axis.plot(x, y, label=name, linestyle=DASHES[index % len(DASHES)])
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if log_x:
        axis.set_xscale("log")
    if log_y:
        axis.set_yscale("log")
    if len(series) > 1:
        axis.legend()
    return _finish(figure, alt, lossless=True)


def plot_bars(
    groups: Mapping[str, Mapping[str, float]], *, ylabel: str, alt: str, digits: int = 1
) -> Picture:
    """Draw grouped bars, each with its value above it.

    Args:
        groups: group (on the x axis) -> {series: value}.
        ylabel: what the height is, with its unit.
        alt: what the figure shows, in words; there is no default.
        digits: decimals of the values written above the bars.

    Returns:
        A figure that displays itself.
    """
    _require_alt(alt)
    figure, (axis,) = _figure(6.4, 3.6)
    names = list(dict.fromkeys(name for bars in groups.values() for name in bars))
    width = 0.8 / max(1, len(names))
    for index, name in enumerate(names):
        present = [
            (place, bars[name]) for place, bars in enumerate(groups.values()) if name in bars
        ]
        places = [place + (index - (len(names) - 1) / 2) * width for place, _ in present]
        drawn = axis.bar(places, [value for _, value in present], width * 0.92, label=name)
        axis.bar_label(drawn, fmt=f"%.{digits}f", fontsize=8, padding=2)
    axis.set_xticks(range(len(groups)), list(groups))
    axis.set_ylabel(ylabel)
    axis.grid(False, axis="x")
    axis.margins(y=0.12)
    if len(names) > 1:
        axis.legend(ncols=len(names), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return _finish(figure, alt, lossless=True)


def from_matplotlib(figure: Any, *, alt: str) -> Picture:
    """Turn a Matplotlib figure into one that carries its text alternative and stays small."""
    _require_alt(alt)
    return _finish(figure, alt, lossless=True)


def _require_alt(alt: str) -> None:
    if not alt.strip():
        raise UsageError("a figure needs alt text: say in a few words what it shows")


def _tallest(arrays: Sequence[Any]) -> float:
    return max(array.shape[0] / array.shape[1] for array in arrays)


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, list[Any]]:
    """Make a figure without pyplot, which would keep it alive and show it twice in a notebook."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(settings()):
        figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def _finish(figure: Any, alt: str, *, lossless: bool) -> Picture:
    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    # Lines and letters at twice the display resolution: sharp on phones and newer laptops.
    # Photographs gain nothing from it: most are enlarged already.
    figure.savefig(buffer, format="png", dpi=200 if lossless else 150, facecolor="white")
    pixels = np.asarray(Image.open(buffer).convert("RGB"))
    uri, _ = encode_picture(pixels, limit=FIGURE_BYTES, lossless=lossless, quality=FIGURE_QUALITY)
    return Picture(uri, alt, width=round(figure.get_figwidth() * 100))
