"""The chapters as the reference sees them: their titles, and what each imports from irlib."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

_TAUGHT = re.compile(r"\bTaught\s[^.]*\.")
_CHAPTERS = re.compile(r"\b([Cc]hapters?)\s+(\d+)(?:\s+and\s+(\d+))?")


@dataclass(frozen=True)
class Chapter:
    """A numbered chapter.

    Attributes:
        number: From its file's name.
        title: Its first heading.
        page: Its page without ending, ``notebooks/06-nafnet``.
        imports: Full names that its cells import from irlib, as written there.
    """

    number: int
    title: str
    page: str
    imports: frozenset[str]


def read_chapters(folder: str | Path) -> dict[int, Chapter]:
    """The numbered chapters of a folder of notebooks, by number."""
    found, titles = {}, read_titles(folder)
    for path in sorted(Path(folder).glob("[0-9][0-9]-*.ipynb")):
        number = int(path.name[:2])
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        names = [_imports("".join(c["source"])) for c in cells if c["cell_type"] == "code"]
        found[number] = Chapter(
            number,
            titles[path.stem],
            f"{Path(folder).name}/{path.stem}",
            frozenset().union(*names),
        )
    return found


def read_titles(folder: str | Path) -> dict[str, str]:
    """The title of every notebook of a folder, by the name of its file without ending."""
    titles = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        found = re.match(r"# +(.+)", first)
        titles[path.stem] = found[1].strip() if found else path.stem
    return titles


def taught_in(text: str) -> list[int]:
    """The chapters that a docstring's sentence "Taught in chapter N" names, in its order."""
    sentence = _TAUGHT.search(text)
    if sentence is None:
        return []
    matches = _CHAPTERS.findall(sentence[0])
    return list(dict.fromkeys(int(n) for _, *numbers in matches for n in numbers if n))


def link_chapters(text: str, chapters: dict[int, Chapter]) -> str:
    """Turns the chapters of the sentence "Taught in chapter N" into links (reStructuredText)."""

    def linked(match: re.Match) -> str:
        word, first, second = match.groups()
        if second:
            return f"{word} {_link(first, first)} and {_link(second, second)}"
        return _link(f"{word} {int(first)}", first)

    def _link(shown: str, number: str) -> str:
        chapter = chapters.get(int(number))
        return f":doc:`{shown} </{chapter.page}>`" if chapter else shown

    return _TAUGHT.sub(lambda sentence: _CHAPTERS.sub(linked, sentence[0]), text)


def _imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "irlib":
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names
