"""Slides of a chapter: its lesson, section by section, in one page that needs no network.

A section becomes its first sentences and its equations; then each figure or table with what to
see in it, and each cell that defines something. The installation, the imports, cells that only
compute, cells with the slide type *skip*, solutions and sources stay in the chapter.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from irlib.teaching.cells import code_of, is_solution, read_notebook, source
from irlib.viz.pages import write_page
from irlib.viz.slide_text import announcement, equations, first_sentences, render

LONGEST_CODE = 22  # lines that still fit on a slide
LONGEST_TABLE = 12  # rows that do; a longer table goes on
WORDS = 3  # rows that the words under a table take the place of
SHORT_LEAD = 180  # signs; a text so short goes on the slide of what it announces
_HEADING = re.compile(r"^(#{1,3}) +(.+)$", re.MULTILINE)
_FENCED = re.compile(r"^(```+|~~~+|:::+).*?^\1", re.MULTILINE | re.DOTALL)
_WIDTH = re.compile(r"(?<=style=\")width: (\d+)px;")
_BODY = re.compile(r"(?<=<tbody>).*(?=</tbody>)", re.DOTALL)
_CLAIM = "application/vnd.irlib.claim+json"


@dataclass(frozen=True)
class Slide:
    """One slide: a heading (plain Markdown) and the HTML below it."""

    title: str
    body: str


def _pieces(notebook: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """("heading", text), ("text", Markdown) and ("code", cell) in the order of the page."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            # Jupyter's own mark: a cell that its author keeps off the slides
            kept = cell["metadata"].get("slideshow", {}).get("slide_type") != "skip"
            if kept and not is_solution(cell):
                yield "code", cell
            continue
        whole, end = source(cell), 0
        # A line of code may begin with # too: what lies between fences is hidden from the search.
        for found in _HEADING.finditer(_FENCED.sub(lambda code: " " * len(code[0]), whole)):
            if whole[end : found.start()].strip():
                yield "text", whole[end : found.start()].strip()
            yield "heading", whole[found.start(2) : found.end(2)].strip()
            end = found.end()
        if whole[end:].strip():
            yield "text", whole[end:].strip()


def _shown(cell: dict[str, Any]) -> list[str]:
    """The figures and tables that a cell shows, each as HTML."""
    alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if _CLAIM in data:
            continue
        if "text/html" in data:
            # A figure's pixels are the slide's: slides.css makes them grow with the screen.
            html = "".join(data["text/html"])
            html = _WIDTH.sub(r"\g<0> width: calc(\1 * var(--slide-pixel, 1px));", html)
            parts.append(html.replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"))
        elif "image/png" in data:
            content = "".join(data["image/png"]).replace("\n", "")
            parts.append(f'<img src="data:image/png;base64,{content}" alt="{escape(alt)}">')
    return parts


def _parts(shown: list[str], longest: int) -> Iterator[str]:
    """What a cell shows in as many parts as rows demand, each with at most ``longest`` of them."""
    pieces: list[tuple[int, str]] = []
    for html in shown:
        rows = re.findall(r"<tr>.*?</tr>", html.partition("<tbody>")[2], re.DOTALL)
        count = max(1, -(-len(rows) // longest))
        for part in range(count):
            ends = [round(len(rows) * end / count) for end in (part, part + 1)]
            kept = rows[slice(*ends)]
            body = _BODY.sub(lambda _, kept=kept: "".join(kept), html) if count > 1 else html
            pieces.append((len(kept), body))
    while pieces:
        many = 1  # as many as have room together; a second table also brings its own heading
        while many < len(pieces) and sum(n + 2 for n, _ in pieces[: many + 1]) <= longest + 2:
            many += 1
        yield f'<div class="shown">{chr(10).join(html for _, html in pieces[:many])}</div>'
        del pieces[:many]


def _code(cell: dict[str, Any]) -> str:
    """The code of a cell that defines something and fits; "" for any other, and for plumbing."""
    if "hide-input" in cell["metadata"].get("tags", []):
        return ""
    text = code_of(cell).strip()
    if not text or len(text.splitlines()) > LONGEST_CODE:
        return ""
    if not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in ast.parse(text).body):
        return ""
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def _opening(text: str) -> str:
    """What the reader will learn, without what stands before and after it."""
    found = re.search(
        r"\*\*What you will learn.*?(?=\n\n?\*\*Before you start|\Z)", text, re.DOTALL
    )
    return found[0] if found else first_sentences(text)


def _lead(deck: list[Slide], section: str, exercise: bool = False) -> str:
    """Takes the last slide back if it is only a short text of this section, and returns it.

    What an exercise asks comes back at any length: its code says nothing without it.
    """
    last = deck[-1] if deck else Slide("", "")
    short = last.body.startswith("<p>") and last.body.count("<p>") == 1
    short = short and r"\[" not in last.body and len(last.body) <= SHORT_LEAD
    if last.title != section or not (short or exercise):
        return ""
    return deck.pop().body


def _closed(slide: Slide, after: Slide) -> Slide:
    """The slide with a full stop where it announces what stayed in the chapter."""
    begun = slide.body.rstrip().removesuffix(":</p>")
    if begun == slide.body.rstrip() or after.title == slide.title:
        return slide
    return replace(slide, body=begun + ".</p>\n")


def slides(notebook: dict[str, Any], names: Mapping[str, tuple[str, str]]) -> list[Slide]:
    """The slides of a chapter.

    Args:
        notebook: The chapter, as :func:`irlib.teaching.cells.read_notebook` reads it.
        names: Authors and year by citation key.
    """
    deck: list[Slide] = []
    section, whole, before_first = "", False, True
    pieces = list(_pieces(notebook))
    for place, (kind, piece) in enumerate(pieces):
        if kind == "heading":
            before_first = not section
            section = piece
            plain = piece.lower()
            if plain == "sources":
                break
            whole = plain == "summary" or plain.startswith("exercise")
        elif kind == "text" and before_first:
            deck.append(Slide(section, render(_opening(piece), names)))
        elif kind == "text" and whole:
            deck.append(Slide(section, render(piece, names)))
        elif kind == "text" and pieces[place - 1][0] == "heading":
            lead = announcement(piece)
            lead = "" if "$$" in lead else lead  # it comes with the equations
            text = "\n\n".join([lead, *equations(piece)]).strip()
            deck += [Slide(section, render(text, names))] if text else []
        elif kind == "text" and equations(piece):
            deck.append(Slide(section, render("\n\n".join(equations(piece)), names)))
        elif kind == "code" and not before_first and not whole:
            after = pieces[place + 1][1] if pieces[place + 1][0] == "text" else ""
            seen = announcement(after) if after.startswith("**What to see") else ""
            room = LONGEST_TABLE - (WORDS if seen else 0)
            bodies = [body for body in (_code(piece), *_parts(_shown(piece), room)) if body]
            if bodies:
                exercise = "exercise-stub" in piece["metadata"].get("tags", [])
                bodies[0] = _lead(deck, section, exercise) + bodies[0]
                bodies[-1] += f'<div class="seen">{render(seen, names)}</div>' if seen else ""
            deck += [Slide(section, body) for body in bodies]
    return [_closed(*two) for two in pairwise([*deck, Slide("", "")])]


def deck_html(title: str, page: str, deck: list[Slide], names: Mapping[str, Any]) -> str:
    """A whole deck as one HTML page beside the book's `_static` folder."""
    count = len(deck)
    titles = [render(slide.title, names, inline=True) for slide in deck]
    sections = "\n".join(
        f'<section class="slide" id="slide-{number}" tabindex="-1">'
        f"<h{1 if number == 1 else 2}>{titles[number - 1]}</h{1 if number == 1 else 2}>\n"
        f"{slide.body}\n"
        f'<p class="place">{number} of {count}</p></section>'
        for number, slide in enumerate(deck, 1)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides: {escape(title)}</title>
<link rel="icon" href="../_static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../_static/irlib.css">
<link rel="stylesheet" href="../_static/print.css">
<link rel="stylesheet" href="../_static/slides/slides.css">
<script defer src="../_static/mathjax/tex-chtml.js"></script>
<script defer src="../_static/print.js"></script>
<script defer src="../_static/formulas.js"></script>
<script defer src="../_static/scrollers.js"></script>
<script defer src="../_static/slides/slides.js"></script>
</head>
<body>
<nav aria-label="Slides"><a href="../notebooks/{page}.html">the chapter</a>
<button type="button" data-step="-1">previous</button>
<output aria-live="polite">1 of {count}</output>
<button type="button" data-step="1">next</button></nav>
<main>
{sections}
</main>
</body>
</html>
"""


def write_slides(path: str | Path, folder: str | Path, names: Mapping[str, Any]) -> Path:
    """Writes the deck of one notebook as ``folder/NAME.html``."""
    path = Path(path)
    deck = slides(read_notebook(path), names)
    text = deck_html(deck[0].title, path.stem, deck, names)
    return write_page(Path(folder) / f"{path.stem}.html", text)
