"""The part of the book's build for teachers: course tables, slides, a book without solutions.

The environment variable ``IRLIB_SOLUTIONS`` decides whether solutions are in the book: "yes", the
default, or "no". `make book SOLUTIONS=no` sets it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from irlib.errors import UsageError
from irlib.teaching.cells import read_notebook, without_solutions
from irlib.teaching.courses import COURSES
from irlib.viz.courses_page import write_courses_page
from irlib.viz.slide_text import short_names
from irlib.viz.slides import write_slides


def wanted(config: Any = None) -> str:
    """Whether the book shows solutions, "yes" or "no".

    Raises:
        UsageError: ``IRLIB_SOLUTIONS`` is something else.
    """
    value = os.environ.get("IRLIB_SOLUTIONS", "yes")
    if value not in ("yes", "no"):
        raise UsageError(f'IRLIB_SOLUTIONS is "{value}"; expected yes or no')
    return value


def write_courses(app: Any, config: Any = None) -> None:
    """Write the course tables before pages are read."""
    source = Path(app.srcdir)
    write_courses_page(source / "book" / "_generated", source / "notebooks")


def drop_solutions(app: Any, page: str, content: list[str]) -> None:
    """Leave solutions out of a notebook when Sphinx reads it."""
    if app.config.irlib_solutions == "no" and app.env.doc2path(page).endswith(".ipynb"):
        content[0] = json.dumps(without_solutions(json.loads(content[0])))


def drop_solutions_of_downloads(app: Any, exception: Exception | None) -> None:
    """Leave solutions out of the notebooks that the pages offer for download."""
    if exception is not None or app.config.irlib_solutions != "no":
        return
    for path in Path(app.outdir).rglob("*.ipynb"):
        lighter = without_solutions(read_notebook(path))
        path.write_text(json.dumps(lighter, indent=1) + "\n", encoding="utf-8")


def write_decks(app: Any, exception: Exception | None) -> None:
    """Write the slides of every chapter that a course has, beside the built pages."""
    if exception is not None or app.builder.format != "html":
        return
    source = Path(app.srcdir)
    names = short_names(source / "book" / "references.bib")
    for page in {page for course in COURSES for session in course.sessions for page in session}:
        write_slides(source / "notebooks" / f"{page}.ipynb", Path(app.outdir) / "slides", names)


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx; another choice about solutions reads every page again."""
    app.add_config_value("irlib_solutions", wanted, "env")
    app.connect("config-inited", write_courses)
    app.connect("source-read", drop_solutions)
    app.connect("build-finished", drop_solutions_of_downloads)
    app.connect("build-finished", write_decks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
