"""The last section of a chapter's page: which names of irlib it teaches, each a link.

Docstrings say "Taught in chapter N"; the reference links from a name to its chapter, and this
section leads back. It is added when Sphinx reads a notebook, so that no notebook holds it.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from irlib.viz.chapters import Chapter, read_chapters
from irlib.viz.reference_page import FOLDER, names_of, page_name
from irlib.viz.symbols import Library, read_library


def section(chapter: Chapter, library: Library) -> str:
    """The section as MyST Markdown, or nothing where a chapter uses no name of irlib.

    Args:
        chapter: What is taught; a chapter that teaches no name gets those that it uses.
        library: The names and their packages.
    """
    taught, used = names_of(chapter, library)
    names = taught or used
    if not names:
        return ""
    home = {
        symbol.name: package
        for package, modules in library.packages.items()
        for module in modules
        for symbol in module.symbols
    }
    what = "teaches" if taught else "uses"
    lines = ["## In the library", f"What this chapter {what} of irlib, explained in the reference:"]
    items = []
    ordered = sorted(names, key=lambda name: (home[name], name.rpartition(".")[2].lower()))
    for package, group in groupby(ordered, key=lambda name: home[name]):
        title = f"irlib.{package}" if package else "irlib"
        links = ", ".join(f"{{py:obj}}`~{name}`" for name in group)
        items.append(f"- [{title}](../book/{FOLDER}/{page_name(package)}.md): {links}")
    return "\n\n".join([*lines, "\n".join(items)])


def with_section(notebook: dict[str, Any], text: str) -> dict[str, Any]:
    """A notebook with one cell more at its end."""
    cell = {"cell_type": "markdown", "id": "in-the-library", "metadata": {}, "source": text}
    return {**notebook, "cells": [*notebook["cells"], cell]}


def write_sections(app: Any) -> None:
    """Write the sections of all chapters before pages are read."""
    library = read_library()
    chapters = read_chapters(Path(app.srcdir) / "notebooks").values()
    app.irlib_sections = {chapter.page: section(chapter, library) for chapter in chapters}


def add_section(app: Any, page: str, content: list[str]) -> None:
    """Add its section to a chapter that Sphinx reads."""
    text = app.irlib_sections.get(page)
    if text:
        content[0] = json.dumps(with_section(json.loads(content[0]), text))


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_sections)
    app.connect("source-read", add_section)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
