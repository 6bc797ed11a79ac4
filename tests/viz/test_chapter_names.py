"""A chapter's page ends with links to the names that it teaches, and the notebook does not."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from irlib.viz.chapter_names import add_section, section, write_sections
from irlib.viz.chapters import read_chapters
from irlib.viz.reference_page import names_of
from irlib.viz.symbols import read_library

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\{py:obj\}`~([^`]+)`")


@pytest.fixture(scope="module")
def library():
    return read_library()


@pytest.fixture(scope="module")
def chapters():
    return read_chapters(ROOT / "notebooks")


def test_a_section_links_to_every_name_that_the_chapter_teaches(chapters, library):
    for number, chapter in chapters.items():
        taught, used = names_of(chapter, library)
        text = section(chapter, library)
        assert sorted(LINK.findall(text)) == sorted(taught or used), number
        assert ("teaches" in text) == bool(taught)


def test_every_chapter_is_named_by_something_that_it_teaches(chapters, library):
    empty = [n for n, chapter in chapters.items() if not names_of(chapter, library)[0]]
    assert not empty


def test_names_stand_under_the_page_of_their_package(chapters, library):
    text = section(chapters[6], library)
    line = next(line for line in text.splitlines() if "irlib.nn.NafBlock" in line)
    assert line.startswith("- [irlib.nn](../book/reference/irlib-nn.md): ")


def test_the_section_is_added_while_a_page_is_read():
    path = ROOT / "notebooks" / "06-nafnet.ipynb"
    source = path.read_text(encoding="utf-8")
    app = SimpleNamespace(srcdir=str(ROOT))
    write_sections(app)
    content = [source]
    add_section(app, "notebooks/06-nafnet", content)
    cells = json.loads(content[0])["cells"]
    assert "".join(cells[-1]["source"]).startswith("## In the library")
    assert cells[:-1] == json.loads(source)["cells"]
    nbformat.validate(json.loads(content[0]))
    content = ["# Preface"]
    add_section(app, "book/preface", content)
    assert content == ["# Preface"]
