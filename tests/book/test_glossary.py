"""The glossary is in order, and explains words that the book uses."""

import re
from pathlib import Path

import nbformat

from irlib.viz.glossary_links import GLOSSARY, pattern

ROOT = Path(__file__).resolve().parents[2]


def entries() -> list[list[str]]:
    """The words of each entry: what stands at the margin inside the directive."""
    text = (ROOT / f"{GLOSSARY}.md").read_text(encoding="utf-8")
    body = re.search(r"```\{glossary\}\n(.+?)```", text, re.DOTALL)[1]
    blocks = [block for block in body.split("\n\n") if block.strip()]
    return [[line for line in block.splitlines() if not line.startswith(" ")] for block in blocks]


def whole_text() -> str:
    texts = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        texts += [cell.source for cell in cells if cell.cell_type == "markdown"]
    pages = (ROOT / "book").glob("*.md")
    texts += [p.read_text(encoding="utf-8") for p in pages if p.stem != Path(GLOSSARY).stem]
    return "\n".join(texts)


def test_entries_are_whole_and_in_order():
    words = entries()
    assert all(words)
    first = [names[0].lower() for names in words]
    assert first == sorted(first)
    every = [name.lower() for names in words for name in names]
    assert len(every) == len(set(every))


def test_every_entry_explains_a_word_that_the_book_uses():
    text = re.sub(r"\s+", " ", whole_text())
    unused = [names for names in entries() if not pattern(names).search(text)]
    assert unused == [["self-ensemble", "test-time augmentation", "TTA"]]  # for the search alone
