"""What the book's build needs beyond settings, as a Sphinx extension named in `_config.yml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from irlib.viz.run_page import PAGE_NAME, write_run_page


def ensure_run_page(app: Any, config: Any = None) -> None:
    """Write the fragment behind "Your run" where no training has written one yet."""
    folder = Path(app.srcdir) / "book" / "_generated"
    if not (folder / PAGE_NAME).exists():
        write_run_page(folder, None)


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", ensure_run_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
