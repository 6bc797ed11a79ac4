"""Numbers for displayed equations and figures, given when a page is built.

A chapter's own number comes first, "(7.3)" and "Figure 7.3"; on other pages the count stands
alone. Sources carry no numbers, so that a new equation renumbers what follows by itself.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

_CHAPTER = re.compile(r"(?:^|/)(\d\d)-[^/]*$")
_FIGURE = re.compile(
    r'<img class="irlib-figure"(?:[^>"]|"[^"]*")*>'
    r'|(?P<slider><figure class="irlib-slider".*?)'
    r"(?:<figcaption>(?P<caption>.*?)</figcaption>)?</figure>",
    re.DOTALL,
)


def prefix(page: str) -> str:
    """What stands before every count of a page: "7." in chapter 7, elsewhere nothing."""
    found = _CHAPTER.search(page)
    return f"{int(found[1])}." if found else ""


def number_equations(document: nodes.document, page: str) -> dict[str, str]:
    """Gives each displayed equation its number and a place to link to.

    Args:
        document: A page as it was read; it is changed.
        page: Its name, ``notebooks/07-quality-prompts``.

    Returns:
        The numbers of equations that have a label, by label.
    """
    numbers = {}
    for count, block in enumerate(document.findall(nodes.math_block), start=1):
        block["number"] = f"{prefix(page)}{count}"
        if block.get("label"):
            numbers[block["label"]] = block["number"]
        elif not block["ids"]:
            block["ids"].append(f"equation-{count}")
    return numbers


def number_figures(document: nodes.document, page: str) -> int:
    """Puts every figure or slider that a cell shows above its number; returns how many.

    Args:
        document: A page about to be written; it is changed.
        page: Its name.
    """
    count = 0

    def numbered(match: re.Match) -> str:
        nonlocal count
        count += 1
        name = f"Figure {prefix(page)}{count}"
        link = f'<a class="headerlink" href="#figure-{count}" title="Link to this figure">#</a>'
        if match["slider"]:
            words = f"{name}. {match['caption']}" if match["caption"] else name
            return (
                f'<div class="irlib-numbered" id="figure-{count}">{match["slider"]}'
                f"<figcaption>{words}{link}</figcaption></figure></div>"
            )
        return (
            f'<figure class="irlib-numbered" id="figure-{count}">{match[0]}'
            f"<figcaption>{name}{link}</figcaption></figure>"
        )

    for block in document.findall(nodes.raw):
        if block.get("format") == "html" and _FIGURE.search(block.astext()):
            block.children = [nodes.Text(_FIGURE.sub(numbered, block.astext()))]
    return count


def read_page(app: Any, document: nodes.document) -> None:
    """Number the equations of a page that Sphinx has read, also for references to them."""
    page = app.env.docname
    known = app.env.get_domain("math").equations
    for label, number in number_equations(document, page).items():
        known[label] = (page, number)


def write_page(app: Any, document: nodes.document, page: str) -> None:
    """Number the figures of a page that Sphinx is about to write; the cover's have none."""
    if app.builder.format == "html" and page != app.config.root_doc:
        number_figures(document, page)


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", read_page)
    app.connect("doctree-resolved", write_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
