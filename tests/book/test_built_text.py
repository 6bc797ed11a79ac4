"""What the build adds to the text of pages: numbers, words that explain themselves, search."""

import json
import re
from pathlib import Path

import pytest

from irlib.viz.numbered import prefix

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TERM = re.compile(r'<a class="irlib-term[^>]*href="[^"#]*#(term-[^"]+)"')
#: What a reader may type, and a page that must then be among the answers.
SEARCHES = {
    "haze": "notebooks/02-degradations",
    "psnr": "notebooks/01-error-and-protocol",
    "ssim window": "notebooks/01-error-and-protocol",
    "prompt": "notebooks/05-promptir",
    "tta": "book/glossary",
    "colab": "book/how-to-use",
}


def chapter(built_book: Path, name: str) -> str:
    return (built_book / "notebooks" / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.build
def test_equations_and_figures_are_counted_from_one(built_book):
    for name in CHAPTERS:
        text, before = chapter(built_book, name), prefix(f"notebooks/{name}")
        equations = re.findall(r'<span class="eqno">\(([^)]+)\)', text)
        assert equations == [f"{before}{n}" for n in range(1, len(equations) + 1)], name
        assert len(equations) == len(re.findall(r'<div class="math ', text)), name
        figures = re.findall(r"<figcaption>Figure ([\d.]*\d)", text)
        assert figures == [f"{before}{n}" for n in range(1, len(figures) + 1)], name
        shown = text.count('<img class="irlib-figure"') + text.count('<figure class="irlib-slider"')
        assert len(figures) == shown, name


@pytest.mark.build
def test_a_chapter_links_words_to_the_glossary_each_once(built_book):
    for name in CHAPTERS:
        linked = TERM.findall(chapter(built_book, name))
        assert len(linked) >= 3, name
        assert len(linked) == len(set(linked)), name


@pytest.mark.build
def test_a_chapter_ends_with_links_to_its_names(built_book):
    for name in [name for name in CHAPTERS if name[:2].isdigit()]:
        section = chapter(built_book, name).split('id="in-the-library"')[1].split("</section>")[0]
        items = re.findall(r"<li>.*?</li>", section, re.DOTALL)
        assert items, name
        for item in items:
            links, names = item.count("<a "), item.count("<code ")
            assert links == names + 1, f"{name}: a name without its page in {item[:80]}"


@pytest.mark.build
def test_the_search_finds_the_page_that_explains(built_book):
    text = (built_book / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").rstrip().removesuffix(")"))
    for query, page in SEARCHES.items():
        for word in query.split():
            found = [index[kind].get(word, []) for kind in ("terms", "titleterms")]
            numbers = {n for each in found for n in (each if isinstance(each, list) else [each])}
            assert page in {index["docnames"][n] for n in numbers}, f"{word} does not lead there"
