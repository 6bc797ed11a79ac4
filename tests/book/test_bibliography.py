"""Every source can be found: by DOI, by arXiv number, or it is said why there is none."""

import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

ENTRIES = parse_file(
    str(Path(__file__).resolve().parents[2] / "book" / "references.bib"), bib_format="bibtex"
).entries
DOI = re.compile(r"10\.\d{4,5}/\S+")
ARXIV = re.compile(r"\d{4}\.\d{4,5}")
#: Sources with neither, and why.
WITHOUT = {
    "li2022airnet": "in the open proceedings of its conference; no preprint, DOI not checked",
    "ampromptir": "a repository; the article behind it was not at hand",
    "pivpnet": "a repository; the article behind it was not at hand",
    "franzen1999kodak": "a set of photographs without an article",
    "arthur2007kmeans": "proceedings without DOI",
    "holm1979": "a journal that gave none in its year",
    **{
        f"nvidia{name}": "a maker's document"
        for name in ("2024h200", "2023h100", "2021a100", "2020v100", "2023ada", "2021ga102")
    },
}


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_a_source_can_be_found(key):
    fields = ENTRIES[key].fields
    found = {name for name in ("doi", "eprint") if name in fields}
    assert bool(found) != (key in WITHOUT), f"{key} has {found or 'neither DOI nor arXiv number'}"
    assert DOI.fullmatch(fields.get("doi", "10.1000/1"))
    assert ARXIV.fullmatch(fields.get("eprint", "2000.00001"))
    assert "arxiv:" not in (fields.get("note", "") + fields.get("journal", "")).lower(), (
        f'{key}: the number of a preprint belongs into the field "eprint", which makes a link'
    )


def test_exceptions_are_entries():
    assert set(WITHOUT) <= set(ENTRIES)


def test_every_source_can_be_cited_in_short():
    unsigned = [key for key, entry in ENTRIES.items() if not entry.persons]
    assert not unsigned, f"cited by their whole title in every sentence: {unsigned}; name an author"
