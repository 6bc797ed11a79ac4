"""What a chapter's opening promises: title, minutes of reading, chapters it builds on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from irlib.errors import IrlibError
from irlib.teaching.cells import is_solution, read_notebook, source, tags

_TENS = {"ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_HOURS = {"three quarters of an hour": 45, "half an hour": 30, "an hour": 60}
_DURATION = re.compile(rf"\b({'|'.join(_HOURS)}|({'|'.join(_TENS)}) minutes)\b", re.IGNORECASE)
_NUMBER = r"\d+(?: \([^)]*\))?"
_NAMED = re.compile(rf"[Cc]hapters? ({_NUMBER}(?:(?:, | and | to ){_NUMBER})*)")


@dataclass(frozen=True)
class Opening:
    """What stands at the top of a chapter.

    Attributes:
        page: Name of its file without ending, "05-promptir".
        number: Its number; None for a page without one.
        title: Its first heading.
        minutes: To read it, as the chapter says.
        builds_on: Numbers of the chapters that "Before you start" names, ascending.
        exercises: How many exercises it has.
    """

    page: str
    number: int | None
    title: str
    minutes: int
    builds_on: tuple[int, ...]
    exercises: int


def minutes_said(sentence: str) -> int | None:
    """The first duration in words: "about half an hour to read" is 30; None without one."""
    found = _DURATION.search(sentence)
    if found is None:
        return None
    words = found[1].lower()
    return _HOURS.get(words) or _TENS[words.split()[0]]


def chapters_named(paragraph: str) -> tuple[int, ...]:
    """Numbers of the chapters a paragraph names; one said to be not needed is left out."""
    numbers: set[int] = set()
    for sentence in re.split(r"(?<=\.)\s", paragraph):
        if "not needed" in sentence:
            continue
        for listed in _NAMED.findall(sentence):
            plain = re.sub(r" \([^)]*\)", "", listed)
            for first, last in re.findall(r"(\d+)(?: to (\d+))?", plain):
                numbers |= set(range(int(first), int(last or first) + 1))
    return tuple(sorted(numbers))


def read_opening(path: str | Path) -> Opening:
    """Reads the opening of one notebook.

    Raises:
        IrlibError: The opening has no title or says no time to read.
    """
    path = Path(path)
    cells = read_notebook(path)["cells"]
    text = "\n\n".join(source(cell) for cell in cells[:4] if cell["cell_type"] == "markdown")
    title = re.match(r"# (.+)", text)
    time = re.search(r"\*\*Time.*", text)
    minutes = minutes_said(time[0]) if time else None
    if title is None or minutes is None:
        raise IrlibError(
            f"{path.name}: its opening has no title or no time to read; expected a first heading "
            'and a paragraph such as "**Time and device:** half an hour to read"'
        )
    before = re.search(r"\*\*Before you start.*", text)
    stubs = [cell for cell in cells if "exercise-stub" in tags(cell) and not is_solution(cell)]
    number = path.stem.split("-")[0]
    return Opening(
        page=path.stem,
        number=int(number) if number.isdigit() else None,
        title=title[1].strip(),
        minutes=minutes,
        builds_on=chapters_named(before[0]) if before else (),
        exercises=len(stubs),
    )
