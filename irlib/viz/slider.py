"""A before/after slider that needs no library.

A native range input lies over two stacked pictures; moving it sets one CSS variable, which cuts
the upper picture. So it works in a static page, in JupyterLab and in Colab, by mouse, touch and
keyboard, and a screen reader announces it like any other slider.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from html import escape
from typing import Any

from irlib.errors import UsageError
from irlib.viz.pixels import encode_picture, to_uint8

# Both pictures together stay under 200 kB, the book's limit for one figure.
SLIDER_BYTES = 180_000
SLIDER_QUALITY = 86  # WebP; beyond it a pair of photographs only grows
SMALL = 260  # pixels; narrower pictures are shown enlarged, with visible pixels

_STYLE = """
#@id { margin: 1em 0; max-width: @widthpx; --cut: 50%; }
#@id .frame { position: relative; overflow: hidden; border-radius: 6px; aspect-ratio: @ratio;
  touch-action: pan-y; background: #777; }
#@id .frame:focus-within { outline: 3px solid #de8f05; outline-offset: 3px; }
#@id img { position: absolute; inset: 0; width: 100%; height: 100%; max-width: none; margin: 0;
  padding: 0; border-radius: 0; background: none; filter: none; image-rendering: @rendering; }
#@id img.after { clip-path: inset(0 0 0 var(--cut)); }
#@id .name { position: absolute; top: 8px; padding: 1px 8px; border-radius: 4px; color: #fff;
  background: rgba(0, 0, 0, .65); font: 600 13px/1.5 system-ui, sans-serif; pointer-events: none;
  max-width: 45%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#@id .name.left { left: 8px; } #@id .name.right { right: 8px; }
#@id .bar { position: absolute; top: 0; bottom: 0; left: var(--cut); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 0 1px rgba(0, 0, 0, .45); pointer-events: none; }
#@id .bar::after { content: "\\2194"; position: absolute; top: 50%; left: 50%; width: 30px;
  height: 30px; transform: translate(-50%, -50%); border-radius: 50%; background: #fff; color: #222;
  box-shadow: 0 0 0 1px rgba(0, 0, 0, .45); font: 17px/30px system-ui, sans-serif;
  text-align: center; }
#@id input { position: absolute; top: 0; left: -16px; width: calc(100% + 32px); height: 100%;
  max-width: none; margin: 0; padding: 0; opacity: 0; cursor: ew-resize; touch-action: pan-y; }
#@id input::-webkit-slider-thumb { width: 32px; height: 32px; }
#@id input::-moz-range-thumb { width: 32px; height: 32px; }
#@id figcaption { margin-top: .4em; font-size: .9em; color: inherit; text-align: left; }
"""


@dataclass(frozen=True)
class Slider:
    """A before/after slider that displays itself in a notebook or a page.

    Attributes:
        html: the whole component, pictures included.
        text: what is shown where HTML is not: the text alternative and the two labels.
    """

    html: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def compare(
    before: Any,
    after: Any,
    *,
    alt: str,
    labels: tuple[str, str] = ("before", "after"),
    width: int | None = None,
    caption: str | None = None,
) -> Slider:
    """Lay two pictures of the same size over each other, with a slider between them.

    Args:
        before: image shown on the left: tensor or array (3, H, W) in [0, 1], or 8-bit (H, W, 3).
        after: image shown on the right, same height and width.
        alt: what the pictures show, in words; there is no default, because every reader needs it.
        labels: short names of the two pictures, shown in their corners.
        width: widest display in CSS pixels; the picture's own width when not given. It is never
            wider than the page.
        caption: a sentence under the picture.

    Returns:
        An object that displays itself: leave it on the last line of a cell.

    Raises:
        UsageError: if `alt` is empty, or the two sizes differ.
    """
    html = slider_html(before, after, alt=alt, labels=labels, width=width, caption=caption)
    return Slider(html, f"before/after slider: {alt} (left: {labels[0]}; right: {labels[1]})")


def slider_html(
    before: Any,
    after: Any,
    *,
    alt: str,
    labels: tuple[str, str] = ("before", "after"),
    width: int | None = None,
    caption: str | None = None,
) -> str:
    """Return the slider of `compare` as an HTML string, for pages written by a command."""
    if not alt.strip():
        raise UsageError("a slider needs alt text: say in a few words what the pictures show")
    left, right = to_uint8(before), to_uint8(after)
    if left.shape != right.shape:
        raise UsageError(
            f"the two pictures of a slider must have one size; before is "
            f"{left.shape[1]}x{left.shape[0]}, after is {right.shape[1]}x{right.shape[0]} "
            "(width x height); crop or resize one of them"
        )
    height, native = left.shape[:2]
    small = native < SMALL
    encoding = {"limit": SLIDER_BYTES // 2, "lossless": small, "quality": SLIDER_QUALITY}
    left_uri, _ = encode_picture(left, **encoding)
    right_uri, _ = encode_picture(right, **encoding)
    shown = width or (max(1, 480 // native) * native if small else native)
    # The id follows from the content, so that running a cell again changes nothing in the file.
    digest = hashlib.sha256((left_uri + right_uri + alt).encode()).hexdigest()[:10]
    name = f"irlib-slider-{digest}"
    style = (
        _STYLE.strip()
        .replace("@id", name)
        .replace("@width", str(shown))
        .replace("@ratio", f"{native} / {height}")
        .replace("@rendering", "pixelated" if small else "auto")
    )
    text, first, second = escape(alt), escape(labels[0]), escape(labels[1])
    under = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="irlib-slider" id="{name}"><style>{style}</style>'
        f'<div class="frame">'
        f'<img class="before" src="{left_uri}" alt="{text} ({first})">'
        f'<img class="after" src="{right_uri}" alt="{text} ({second})">'
        f'<span class="name left" aria-hidden="true">{first}</span>'
        f'<span class="name right" aria-hidden="true">{second}</span>'
        f'<span class="bar" aria-hidden="true"></span>'
        f'<input type="range" min="0" max="100" value="50" step="1" '
        f'aria-label="{text}: share of {first} shown against {second}, in percent" '
        f"oninput=\"this.closest('figure').style.setProperty('--cut', this.value + '%')\">"
        f"</div>{under}</figure>"
    )
