"""The chapters that docstrings name, and the links that are made of them."""

from pathlib import Path

import pytest

from irlib.viz.chapters import link_chapters, read_chapters, taught_in
from irlib.viz.symbols import read_library

CHAPTERS = read_chapters(Path(__file__).resolve().parents[2] / "notebooks")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Adds. Taught in chapter 06.", [6]),
        ("Taught in chapters 5 and 22.", [5, 22]),
        (
            "Taught in chapter 1 (protocols), chapter 5 (prompts) and chapter 22 (no reference).",
            [1, 5, 22],
        ),
        ("Taught in\nchapter 14.", [14]),
        ("See chapter 3.", []),
    ],
)
def test_the_sentence_is_read(text, numbers):
    assert taught_in(text) == numbers


def test_the_sentence_becomes_links_and_other_text_stays():
    linked = link_chapters("See chapter 3. Taught in chapters 5 and 06.", CHAPTERS)
    assert linked.startswith("See chapter 3. Taught in chapters :doc:`5 </notebooks/05-")
    assert ":doc:`06 </notebooks/06-nafnet>`" in linked


def test_a_chapter_that_does_not_exist_is_no_link():
    assert link_chapters("Taught in chapter 99.", CHAPTERS) == "Taught in chapter 99."


def test_every_chapter_that_a_docstring_names_exists():
    for modules in read_library().packages.values():
        for module in modules:
            for symbol in module.symbols:
                for text in (module.text, symbol.text, *(m.text for m in symbol.members)):
                    assert set(taught_in(text)) <= CHAPTERS.keys(), symbol.name


def test_titles_and_imports_come_from_the_notebooks():
    assert CHAPTERS[6].title.startswith("NAFNet")
    assert "irlib.check.check" in CHAPTERS[6].imports
