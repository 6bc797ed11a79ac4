"""The pages of the reference: complete, linked both ways, and plain reStructuredText inside."""

import re
from pathlib import Path

import pytest

from irlib.viz.chapters import read_chapters
from irlib.viz.reference_page import ORDER, lessons, names_of, write_reference
from irlib.viz.symbols import read_library

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
ENTRY = re.compile(r"^\.\. py:(?:function|class|data):: ([\w.]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("book")
    return {path.stem: path.read_text("utf-8") for path in write_reference(folder, NOTEBOOKS)}


def test_every_name_has_one_entry(pages):
    entries = [name for text in pages.values() for name in ENTRY.findall(text)]
    library = read_library()
    names = [s.name for modules in library.packages.values() for m in modules for s in m.symbols]
    assert sorted(entries) == sorted(names)


def test_the_order_names_packages_that_exist():
    assert set(ORDER) <= set(read_library().packages)


def test_every_link_to_a_name_has_a_target(pages):
    targets = set(read_library().aliases.values())
    for page, text in pages.items():
        linked = set(re.findall(r":py:obj:`~([^`]+)`", text))
        assert linked <= targets, f"{page}: {linked - targets}"


def test_a_chapter_lists_what_names_it_and_is_named_by_what_it_lists():
    library = read_library()
    for number, chapter in read_chapters(NOTEBOOKS).items():
        taught, used = names_of(chapter, library)
        assert taught or used, f"chapter {number} has no name of the library"
        assert not set(taught) & set(used)
        for modules in library.packages.values():
            for module in modules:
                for symbol in module.symbols:
                    assert (symbol.name in taught) == (number in lessons(symbol, module))


def test_an_entry_links_to_its_chapter_and_a_raised_error_to_its_class(pages):
    entry = pages["irlib-degradations"].split("irlib.degradations.haze(")[1].split(".. py:")[0]
    assert ":doc:`chapter 2 </notebooks/02-degradations>`" in entry
    assert ":raises ~irlib.errors.UsageError:" in entry


def test_no_role_of_the_docstrings_is_left_to_chance(pages):
    for page, text in pages.items():
        assert not re.findall(r":(?:func|class|meth|mod|data|attr):`", text), page


def test_a_page_of_a_package_that_is_gone_is_removed(tmp_path):
    old = tmp_path / "reference" / "irlib-gone.md"
    old.parent.mkdir()
    old.write_text("# gone")
    write_reference(tmp_path, NOTEBOOKS)
    assert not old.exists()
