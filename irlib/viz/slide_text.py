"""A chapter's Markdown as HTML for a slide: mathematics, citations and links without Sphinx."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

_CITE = re.compile(r"\{cite:(p|t|year|author)s?\}`([^`]+)`")
_ROLE = re.compile(r"\{[a-z:]+\}`(?:([^`<]+?) ?<[^`>]+>|([^`]+))`")
_LINK = re.compile(r"\[([^\]]*)\]\(((?!https?:)[^)#]*)\.(?:md|ipynb)(?:#[^)]*)?\)")
_FENCE = re.compile(r"^(?::::+|```+)(?:\{[^}]*\}.*)?\n|^:::+$|^:[a-z-]+:.*\n", re.MULTILINE)
_ITEM = re.compile(r"^((?:[-*]|\d+\.) +)", re.MULTILINE)
_NUMBERED = re.compile(r"^\*\*(\d+\. .+?)\*\*", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z*$\[`(])")


def short_names(bibliography: str | Path) -> dict[str, tuple[str, str]]:
    """Authors and year of each entry of a BibTeX file, as a sentence names them."""
    from pybtex.database import parse_file

    found = {}
    for key, entry in parse_file(str(bibliography)).entries.items():
        persons = entry.persons.get("author") or entry.persons.get("editor") or []
        last = [" ".join(person.last_names).strip("{}") for person in persons]
        names = f"{last[0]} et al." if len(last) > 2 else " and ".join(last) or key
        found[key] = (names, entry.fields.get("year", ""))
    return found


@lru_cache(maxsize=1)
def _renderer() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def mathematics(content: str, options: Mapping[str, Any]) -> str:
        left, right = ("\\[", "\\]") if options["display_mode"] else ("\\(", "\\)")
        return f"{left}{escape(content)}{right}"

    return MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=mathematics)


def _link(match: re.Match) -> str:
    label, target = match[1], match[2]
    name = target.rsplit("/", 1)[-1]
    folder = "book" if "book/" in target else "notebooks"
    return f"[{label or name.replace('-', ' ')}](../{folder}/{name}.html)"


def render(markdown: str, names: Mapping[str, tuple[str, str]], inline: bool = False) -> str:
    """Renders Markdown of a chapter.

    Args:
        markdown: The text, with MyST roles and directives; of a directive its content is kept.
        names: Authors and year by citation key, see :func:`short_names`.
        inline: The text is a heading, where "1. The gate" begins no list.
    """

    def cite(match: re.Match) -> str:
        known = [names.get(key.strip(), (key.strip(), "")) for key in match[2].split(",")]
        if match[1] == "t":
            return ", ".join(f"{who} ({year})" if year else who for who, year in known)
        return "(" + "; ".join(f"{who}, {year}" if year else who for who, year in known) + ")"

    text = _FENCE.sub("", markdown)
    text = _CITE.sub(cite, text)
    text = _ROLE.sub(lambda match: match[1] or match[2], text)
    text = _LINK.sub(_link, text)
    return _renderer().renderInline(text) if inline else _renderer().render(text)


def first_sentences(markdown: str, count: int = 2) -> str:
    """The first sentences of a paragraph."""
    paragraph = " ".join(markdown.split())
    return " ".join(_SENTENCE.split(paragraph)[:count])


def announcement(markdown: str) -> str:
    """The first sentences of a text and, if it is or announces a list, the first of each item.

    Of paragraphs that begin with numbered titles, the titles. A table of Markdown, whose cells
    hold sentences, stays in the chapter: the result is then "".
    """
    opening, _, rest = markdown.partition("\n\n")
    if opening.startswith("|"):
        return ""
    if _NUMBERED.match(opening):
        return "\n".join(_NUMBERED.findall(markdown))
    if _ITEM.match(opening):
        return _shortened(opening)
    lead = first_sentences(opening)
    following = rest.split("\n\n")[0]
    if not lead.endswith((":", ".**")) or not _ITEM.match(following):
        return lead
    return f"{lead}\n\n{_shortened(following)}"


def _shortened(items: str) -> str:
    """A list with the first sentence of each item."""
    _, *parts = _ITEM.split(items)  # sign, text, sign, text, ...
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return "\n".join(sign + first_sentences(text, 1) for sign, text in pairs)


def equations(markdown: str) -> list[str]:
    """The displayed equations of a piece of Markdown, with their dollar signs."""
    return re.findall(r"^\$\$.*?^\$\$", markdown, re.MULTILINE | re.DOTALL)
