"""The tables of the instructors' page, made of the courses and of the chapters' openings."""

from __future__ import annotations

from html import escape
from pathlib import Path

from irlib.teaching.courses import COURSES, Course
from irlib.teaching.openings import Opening, read_opening
from irlib.viz.pages import write_page

PAGE_NAME = "courses.md"


def course_text(course: Course, openings: dict[str, Opening]) -> str:
    """One course as Markdown: its aim, its sums, and a table with a row a chapter."""
    pages = [page for session in course.sessions for page in session]
    covered = {openings[page].number for page in pages}
    needed = {number for page in pages for number in openings[page].builds_on}
    minutes = sum(openings[page].minutes for page in pages)
    exercises = sum(openings[page].exercises for page in pages)
    lines = [
        f"### {course.title}",
        "",
        f"{course.aim} {minutes} minutes of reading, {exercises} exercises.",
        "",
        f"| {course.unit} | chapter | slides | minutes to read | builds on | exercises |",
        "|---|---|---|---|---|---|",
    ]
    for place, session in enumerate(course.sessions, 1):
        for page in session:
            one = openings[page]
            title = escape(one.title)
            number = "" if one.number is None else f"{one.number:02d} "
            cells = (
                str(place) if page == session[0] else "",
                f"[{number}{one.title}](../notebooks/{page}.ipynb)",
                f'<a href="../slides/{page}.html" aria-label="Slides: {title}">slides</a>',
                str(one.minutes),
                ", ".join(map(str, one.builds_on)) or "nothing",
                str(one.exercises),
            )
            lines.append("| " + " | ".join(cells) + " |")
    outside = sorted(needed - covered)
    if outside:
        names = ", ".join(map(str, outside))
        lines += ["", f"Named by a chapter's opening and not part of this course: chapter {names}."]
    return "\n".join(lines) + "\n"


def write_courses_page(folder: str | Path, notebooks: str | Path) -> Path:
    """Writes the tables of all courses into a folder of generated fragments.

    Raises:
        IrlibError: A chapter's opening says no time to read.
    """
    pages = {page for course in COURSES for session in course.sessions for page in session}
    openings = {page: read_opening(Path(notebooks) / f"{page}.ipynb") for page in sorted(pages)}
    text = "\n".join(course_text(course, openings) for course in COURSES)
    return write_page(Path(folder) / PAGE_NAME, text)
