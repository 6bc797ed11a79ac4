"""What of a page is prose: paragraphs and sentences, without blocks of code and formulas.

The tests of the book look there for numbers and comparisons that have no source.
"""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*(\{[\w:-]+\})?")
# Directives that hold prose; every other fence holds code, formulas, settings or pictures.
_PROSE = {"note", "tip", "warning", "important", "admonition", "dropdown", "exercise", "solution"}
_PROSE |= {"list-table", "seealso", "hint", "caution", "grid", "grid-item-card", "card", "margin"}


def prose(text: str) -> Iterator[str]:
    """Paragraphs, list items and table rows of a page, without code blocks and formulas."""
    kept: list[str] = []
    hidden, open_prose = "", []
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if hidden:
            if fence and line.strip() == hidden:
                hidden = ""
            continue
        if fence:
            name = (fence[2] or "").strip("{}")
            if line.strip() in open_prose:
                open_prose.remove(line.strip())
            elif name in _PROSE:
                open_prose.append(fence[1])
            else:
                hidden = fence[1]
            kept.append("")
            continue
        starts_item = re.match(r"\s*(?:[-*+]|\d+\.)\s|\s*\||#", line)
        kept += ["", line] if starts_item else [line]
    text = re.sub(r"\$\$.+?\$\$", " ", "\n".join(kept), flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", text):
        yield " ".join(paragraph.split())


def sentences(paragraph: str) -> list[str]:
    """A table row is one; elsewhere a full stop and a capital letter part them."""
    if paragraph.startswith("|"):
        return [paragraph]
    return re.split(r"(?<=[.!?])\s+(?=[A-Z*_\[`({$])", paragraph)
