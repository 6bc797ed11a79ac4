"""Words of the glossary, linked where a page first uses them in its text.

Nothing is marked by hand: when a page is written, the first use of each word outside headings,
code, formulas, tables and other links becomes a quiet link; its tooltip opens the definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docutils import nodes

GLOSSARY = "book/glossary"
LINK_CLASS = "irlib-term"
#: Words that mean other things, too, and the pages on which they mean what the glossary says.
ONLY_ON = {
    "blind": ("notebooks/00", "notebooks/14", "notebooks/15", "notebooks/17", "notebooks/18"),
    "claim": ("book/claims",),
    "code": ("notebooks/08",),
    "collapse": ("notebooks/08", "notebooks/13", "notebooks/appendix"),
    "cosine": ("notebooks/04", "notebooks/07", "notebooks/08", "notebooks/17"),
    "effect": ("notebooks/21",),
    "fold": (),
    "gate": ("notebooks/04", "notebooks/06", "notebooks/16", "notebooks/17"),
    "head": ("notebooks/04", "notebooks/15"),
    "intensity": ("notebooks/23",),
    "interaction": ("notebooks/21", "book/reading-critically"),
    "loss": ("notebooks", "book/how", "book/many-gpus", "book/your-run"),
    "operation": ("notebooks/23",),
    "prior": ("notebooks/09", "notebooks/11"),
    "proxy": ("notebooks/10",),
    "scale": ("book/how-to-use", "book/run-times", "book/results-explorer"),
    "skip": ("notebooks/04", "notebooks/06", "notebooks/14", "notebooks/15", "notebooks/16"),
    "turn": ("notebooks/03",),
}
#: Pages that are lists of other things; a link in each line would help nobody.
LEFT_ALONE = ("book/bibliography", "book/reference", "book/ledger", "book/claims", "book/parity")
_NO_PROSE = (nodes.reference, nodes.literal, nodes.math, nodes.strong, nodes.raw, nodes.title)


@dataclass(frozen=True)
class Term:
    """A word of the glossary.

    Attributes:
        name: As the glossary writes it.
        uri: The place of its definition, as a link from the page that is written.
        text: How its definition begins, or nothing where that holds a formula.
    """

    name: str
    uri: str
    text: str = ""


def pattern(names: Iterable[str]) -> re.Pattern:
    """What finds any of the words, the longest first, also in the plural and after a full stop."""
    forms = "|".join(_form(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{forms})(?![\w-])")


def link_first_uses(document: nodes.document, terms: Mapping[str, Term]) -> list[str]:
    """Links the first use of each word on a page and returns the words that were found.

    Args:
        document: A page, its references already resolved; it is changed.
        terms: Words by their name in lower case.
    """
    left = dict(terms)
    linked: list[str] = []
    if not left:
        return linked
    find = pattern(term.name for term in left.values())
    for text in list(_prose(document)):
        pieces: list[nodes.Node] = []
        end = 0
        for match in find.finditer(text):
            term = left.get(_key(match[0], terms))
            if term is None or term.name.lower() in _own_entry(text):
                continue
            del left[term.name.lower()]
            linked.append(term.name)
            pieces += [nodes.Text(text[end : match.start()]), _link(term, match[0])]
            end = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])
    return linked


def opening(definition: nodes.Node, most: int = 280) -> str:
    """The first sentences of a definition as a tooltip can show them, without their sources.

    Args:
        definition: The definition; a sentence with a formula ends the opening.
        most: Characters; the first sentence is kept even if it is longer.
    """
    words = []
    for node in definition.findall(nodes.Text):
        around = list(_parents(node))
        if any(isinstance(each, nodes.math) for each in around):
            words.append("$")
        elif not any(_is_citation(each) for each in around):
            words.append(str(node))
    text = re.sub(r"\s+(?=[.,;:]|$)", "", re.sub(r"\s+", " ", "".join(words)))
    kept = ""
    for sentence in re.split(r"(?<=[.!?])\s", text.removeprefix("Here: ")):
        if "$" in sentence or (kept and len(kept) + len(sentence) >= most):
            break
        kept = f"{kept} {sentence}".strip()
    return kept[:1].upper() + kept[1:]


def link_page(app: Any, document: nodes.document, page: str) -> None:
    """Link the words of a page that Sphinx is about to write."""
    if app.builder.format != "html" or page.startswith(LEFT_ALONE):
        return
    link_first_uses(document, _terms(app, page))


def _terms(app: Any, page: str) -> dict[str, Term]:
    texts = _definitions(app)
    found = {}
    for (kind, name), (where, label) in app.env.domaindata["std"]["objects"].items():
        if (
            kind == "term"
            and where == GLOSSARY
            and page.startswith(ONLY_ON.get(name.lower(), ("",)))
        ):
            uri = app.builder.get_relative_uri(page, where) + f"#{label}"
            found[name.lower()] = Term(name, uri, texts.get(label, ""))
    return found


def _definitions(app: Any) -> dict[str, str]:
    """The tooltips of all words by the anchor of their definition, read once a build."""
    known = getattr(app.env, "irlib_definitions", None)
    if known is None:
        known = {}
        if GLOSSARY in app.env.found_docs:
            for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
                definition = next(item.findall(nodes.definition))
                for term in item.findall(nodes.term):
                    known |= dict.fromkeys(term["ids"], opening(definition))
        app.env.irlib_definitions = known
    return known


def note_read(app: Any, env: Any, pages: list[str]) -> None:
    """Remember whether the glossary is among the pages that are read anew."""
    app.irlib_glossary_is_new = GLOSSARY in pages


def renew_pages(app: Any, env: Any) -> list[str]:
    """Name the pages to write anew: all, if the glossary that they link to has changed."""
    env.irlib_definitions = None
    return sorted(env.found_docs) if app.irlib_glossary_is_new else []


def _form(name: str) -> str:
    first, rest = re.escape(name[0]), re.escape(name[1:])
    if not name.isupper() and name[:2].lower() == name[:2]:
        first = f"[{name[0].lower()}{name[0].upper()}]"
    if name.endswith("y") and name[-2] not in "aeiou" and name[:2].islower():
        return rf"{first}(?:{rest}|{re.escape(name[1:-1])}ies)"
    return rf"{first}{rest}(?:e?s)?"


def _key(found: str, terms: Mapping[str, Term]) -> str:
    word = found.lower()
    forms = (word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y")
    return next((form for form in forms if form in terms), word)


def _prose(document: nodes.document) -> Iterator[nodes.Text]:
    for paragraph in document.findall(nodes.paragraph):
        around = [paragraph, *_parents(paragraph)]
        if any(_is_apart(each) for each in around):
            continue
        for text in paragraph.findall(nodes.Text):
            if not any(isinstance(each, _NO_PROSE) for each in _parents(text, paragraph)):
                yield text


def _is_apart(node: nodes.Node) -> bool:
    """Whether a part of a page is no running text: a table, a card, what a cell printed."""
    if isinstance(node, nodes.entry | nodes.caption | nodes.topic | nodes.footer):
        return True
    classes = set(node.get("classes", ())) if isinstance(node, nodes.Element) else set()
    return bool(classes & {"cell_output", "sd-card", "citation", "toctree-wrapper"})


def _is_citation(node: nodes.Node) -> bool:
    return node.tagname in ("pending_xref", "citation_reference", "citation") or (
        isinstance(node, nodes.inline | nodes.reference) and "bibtex" in node.get("classes", ())
    )


def _own_entry(text: nodes.Text) -> set[str]:
    """The words that are being defined where a text of the glossary stands."""
    for each in _parents(text):
        if isinstance(each, nodes.definition_list_item):
            return {term.astext().lower() for term in each.findall(nodes.term)}
    return set()


def _parents(node: nodes.Node, until: nodes.Node | None = None) -> Iterator[nodes.Element]:
    while node.parent is not None and node.parent is not until:
        node = node.parent
        yield node


def _link(term: Term, shown: str) -> nodes.reference:
    link = nodes.reference("", "", nodes.inline("", shown), internal=True, refuri=term.uri)
    link["classes"].append(LINK_CLASS)
    if term.text:
        link["reftitle"] = term.text
    return link


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("env-before-read-docs", note_read)
    app.connect("env-updated", renew_pages)
    app.connect("doctree-resolved", link_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
