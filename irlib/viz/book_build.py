"""What the book's build needs beyond settings, as a Sphinx extension named in `_config.yml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from irlib.viz.run_page import PAGE_NAME, write_run_page


def ensure_run_page(app: Any, config: Any = None) -> None:
    """Write the fragment behind "Your run" where no training has written one yet."""
    folder = Path(app.srcdir) / "book" / "_generated"
    if not (folder / PAGE_NAME).exists():
        write_run_page(folder, None)


# The theme asks browsers to fetch its icon fonts early, in a way that only a web server allows.
# Opened from a folder, each page would report three errors and gain nothing.
_FONT_PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*>')


def drop_font_preloads(app: Any, exception: Exception | None) -> None:
    """Remove the early font requests from every built page; the style sheets load the fonts."""
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        lighter = _FONT_PRELOAD.sub("", text)
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", ensure_run_page)
    app.connect("build-finished", drop_font_preloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
