"""Every chapter has the shape the book promises, and its stored outputs are real."""

import base64
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IMAGE_LIMIT = 200_000
NOTEBOOK_LIMIT = 4_000_000
LONGEST_CELL, LONGEST_FOLDED = 20, 40
EMPTY_LINK = re.compile(r"(?<!!)\[\]\([^)]*\)")
SHELL_LINE = re.compile(r"^\s*[!%]|get_ipython\(\)|os\.system\(", re.MULTILINE)
IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"\balt=\"([^\"]*)\"|\balt='([^']*)'", re.IGNORECASE)
INLINE = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook) -> list:
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def text_of(notebook) -> str:
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def outputs(notebook):
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for output in cell.outputs:
                yield index, cell, output


def test_every_chapter_of_the_contents_exists(page_names):
    missing = [
        name
        for name in page_names
        if not any((ROOT / f"{name}{end}").exists() for end in (".md", ".ipynb"))
        and not name.startswith(("book/tables/", "book/reference/"))  # written by a build
    ]
    assert not missing


def test_every_notebook_is_in_the_contents(page_names):
    assert {f"notebooks/{path.stem}" for path in NOTEBOOKS} <= set(page_names)


def test_it_is_a_valid_notebook(notebook):
    nbformat.validate(notebook)


def test_every_cell_was_executed(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert None not in counts, "a cell was never executed; run the notebook at pocket and save it"
    assert counts == sorted(counts), "cells were executed out of order; run the notebook from top"


def test_no_cell_stores_an_error(notebook):
    assert [index for index, _, o in outputs(notebook) if o.output_type == "error"] == []


def test_no_cell_calls_a_shell(notebook):
    bad = [cell.source for cell in code_cells(notebook) if SHELL_LINE.search(cell.source)]
    assert not bad, "nbval and nbclient treat shell lines differently; call a function instead"


def test_code_cells_are_short(notebook):
    for cell in code_cells(notebook):
        folded = {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", []))
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= (LONGEST_FOLDED if folded else LONGEST_CELL), cell.id


def test_links_have_words(notebook):
    """Sphinx fills an empty link with a title; JupyterLab, VS Code and Colab show nothing."""
    assert not EMPTY_LINK.findall(text_of(notebook))


def test_every_figure_has_a_text_alternative(notebook):
    for index, cell, output in outputs(notebook):
        data = output.get("data", {})
        if "text/html" in data:
            for tag in IMG.findall(data["text/html"]):
                match = ALT.search(tag)
                assert match, f"cell {index}: an image without alt text"
                assert (match[1] or match[2] or "").strip(), f"cell {index}: empty alt text"
        elif any(kind.startswith("image/") for kind in data):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert alt.strip(), f"cell {index}: set mystnb.image.alt in the metadata of the cell"


def test_pictures_are_small(notebook):
    for index, _, output in outputs(notebook):
        for kind, content in output.get("data", {}).items():
            if kind.startswith("image/") and kind != "image/svg+xml":
                size = len(base64.b64decode(content))
            elif kind in ("text/html", "image/svg+xml"):
                size = max([len(uri) for uri in INLINE.findall(str(content))], default=0)
            else:
                continue
            assert size <= IMAGE_LIMIT, f"cell {index}: a picture of {size} bytes"


def test_the_file_is_quick_to_open(notebook):
    assert len(nbformat.writes(notebook)) <= NOTEBOOK_LIMIT


def test_it_opens_with_what_a_reader_needs_to_know(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# "), "the first cell holds the title"
    opening = "\n".join(c.source for c in notebook.cells[:4] if c.cell_type == "markdown").lower()
    for words in ("what you will learn", "before you start", "time", "device"):
        assert words in opening, f'the opening lacks "{words}"'


def test_it_closes_with_summary_exercises_and_sources(notebook):
    headings = re.findall(r"^#{2,3} +(.+?)\s*$", text_of(notebook), re.MULTILINE)
    plain = [heading.lower().split("{")[0].strip() for heading in headings]
    places = []
    for wanted in ("summary", "exercises", "sources"):
        assert wanted in plain, f'no section "{wanted}"; there are {plain}'
        places.append(plain.index(wanted))
    assert places == sorted(places)


def test_exercises_have_a_check(notebook):
    source = "\n".join(cell.source for cell in code_cells(notebook))
    assert "check(" in source, "an exercise lets irlib.check try the reader's answer"


def test_colab_installs_only_there_and_leaves_torch_alone(notebook):
    for cell in code_cells(notebook):
        if "pip" in cell.source and "install" in cell.source:
            assert "google.colab" in cell.source or "COLAB" in cell.source
            # Naming torch with its present version keeps it; naming it alone may replace it.
            assert not re.search(r"""["']torch(vision)?["']""", cell.source)
