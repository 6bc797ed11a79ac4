"""Slides hold the lesson of a chapter and nothing that needs a network."""

import re
from pathlib import Path

import pytest

from irlib.teaching.cells import is_solution, read_notebook, source
from irlib.viz.slide_text import announcement, first_sentences, render, short_names
from irlib.viz.slides import deck_html, slides

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = {"a2020": ("A and B", "2020"), "c2021": ("C et al.", "2021")}


def markdown(text):
    return {"cell_type": "markdown", "source": text, "metadata": {}}


def code(text, html="", **metadata):
    outputs = [{"output_type": "display_data", "data": {"text/html": html}}] if html else []
    return {"cell_type": "code", "source": text, "outputs": outputs, "metadata": metadata}


CHAPTER = {
    "cells": [
        markdown("# Title\n\n**What you will learn**\n\n- a thing\n\n**Before you start:** x"),
        code("import torch"),
        markdown("## Idea\n\nOne. Two. Three.\n\n$$\nx = 1\n$$"),
        code("def lesson():\n    return 1"),
        code("plumbing = 1"),
        code("show()", html='<img src="data:," alt="a figure">'),
        markdown("**What to see.** It rises. More. Left out."),
        markdown("## Summary\n\n- a\n- b\n\n## Exercises\n\nTry it."),
        code("def mine(): ...", tags=["exercise-stub"]),
        code("def mine(): return 42", tags=["solution"]),
        markdown("## Sources\n\n- a paper"),
    ]
}


def test_a_deck_is_the_lesson_and_not_the_plumbing():
    deck = slides(CHAPTER, NAMES)
    assert [slide.title for slide in deck] == [
        "Title",
        "Idea",
        "Idea",
        "Idea",
        "Summary",
        "Exercises",
    ]
    whole = deck_html("Title", "00-x", deck, NAMES)
    for kept in ("a thing", "One. Two.", r"\[", "def lesson", "a figure", "It rises. More."):
        assert kept in whole
    for left_out in ("import torch", "plumbing", "Three.", "42", "a paper", "Before you start"):
        assert left_out not in whole


def a_table(rows):
    body = "".join(f"<tr><td>row {row}</td></tr>" for row in range(rows))
    return f"<table><thead><tr><th>head</th></tr></thead><tbody>{body}</tbody></table>"


@pytest.mark.parametrize(("rows", "slides_of"), [(9, [9]), (10, [5, 5]), (31, [8, 8, 7, 8])])
def test_a_long_table_goes_on_with_its_head_and_loses_no_row(rows, slides_of):
    cells = [markdown("# Title\n\nText."), markdown("## Idea\n\nOne sentence that is quite long.")]
    seen = markdown("**What to see.** It rises.")
    deck = slides({"cells": [*cells, code("show()", html=a_table(rows)), seen]}, NAMES)
    parts = [slide.body for slide in deck if "<table" in slide.body]
    assert [body.count("<td>") for body in parts] == slides_of
    assert all(body.count("<th>") == 1 for body in parts)
    shown = re.findall(r"row (\d+)", "".join(parts))
    assert shown == [str(row) for row in range(rows)]
    assert ["It rises." in body for body in parts] == [False] * (len(parts) - 1) + [True]


def test_small_tables_of_one_cell_share_a_slide():
    outputs = [{"output_type": "display_data", "data": {"text/html": a_table(2)}}] * 5
    cell = code("show()") | {"outputs": outputs}
    after = markdown("## Next\n\nMore.")
    deck = slides({"cells": [markdown("# T\n\nText."), markdown("## I\n\nA."), cell, after]}, NAMES)
    assert [body.count("<table") for body in (s.body for s in deck) if "<table" in body] == [3, 2]


def test_a_short_announcement_goes_on_the_slide_of_its_figure():
    cells = [
        markdown("# T"),
        markdown("## S\n\nLook:"),
        code("f()", html="<b>x</b>"),
        markdown("y"),
    ]
    assert len(slides({"cells": cells}, NAMES)) == 1


@pytest.mark.parametrize("lead", ["Two ways:\n\n", ""], ids=["announced", "alone"])
@pytest.mark.parametrize("signs", ["--", ("1.", "2.")])
def test_a_list_that_begins_a_section_comes_along(signs, lead):
    first, second = signs
    items = f"{first} First of all. More.\n{second} Second,\n  on two lines. Even more."
    text = f"# T\n\nx\n\n## S\n\n{lead}{items}\n\nLater."
    body = slides({"cells": [markdown(text), markdown("## End\n\nx")]}, NAMES)[1].body
    assert body.count("<li>") == 2
    assert "First of all." in body
    assert "Second, on two lines." in body
    assert "ore." not in body


def test_numbered_titles_of_paragraphs_become_a_list():
    text = "**1. More turns.** Perhaps.\n\n```text\nirlib train\n```\n\n**2. A task.** Or not."
    assert announcement(text) == "1. More turns.\n2. A task."


def test_a_slide_does_not_announce_what_stayed_in_the_chapter():
    cells = [
        markdown("# T\n\nx\n\n## S\n\nBy hand:"),
        code("y = 1"),
        markdown("## End\n\nSee:"),
        code("show()", html="<b>seen</b>"),
        markdown("x"),
    ]
    bodies = [slide.body for slide in slides({"cells": cells}, NAMES)[1:]]
    assert bodies[0] == "<p>By hand.</p>\n"
    assert bodies[1].startswith("<p>See:</p>")


def test_a_section_that_begins_with_an_equation_shows_it_once():
    cells = [markdown("# T"), markdown("## S\n\n$$\nx = 1\n$$"), markdown("y")]
    assert slides({"cells": cells}, NAMES)[-1].body.count("x = 1") == 1


def test_citations_links_and_roles_become_words():
    html = render("{cite:t}`a2020` {cite:p}`a2020,c2021` [](../book/how-built.md)", NAMES)
    assert "A and B (2020)" in html
    assert "(A and B, 2020; C et al., 2021)" in html
    assert '<a href="../book/how-built.html">how built</a>' in html
    assert render("{term}`mask`", NAMES) == "<p>mask</p>\n"


def test_a_source_without_persons_and_year_is_cited_by_its_repository():
    names = short_names(ROOT / "book" / "references.bib")
    assert render("{cite:p}`pivpnet`", names) == "<p>(PIVPNet repository)</p>\n"
    assert render("{cite:t}`ampromptir`", names) == "<p>AM-PromptIR repository</p>\n"


def test_sentences_are_counted_not_abbreviated_words():
    assert (
        first_sentences("At 0.5 it ends. Then $x$ grows. No.") == "At 0.5 it ends. Then $x$ grows."
    )


def test_a_cell_that_is_marked_skip_stays_in_the_chapter():
    cells = [markdown("# A chapter"), markdown("## A section\n\nAbout it.")]
    for metadata in ({}, {"slideshow": {"slide_type": "skip"}}):
        cells.append(code("def kept_books():\n    return 1", **metadata))
    deck = slides({"cells": [*cells, markdown("## Sources\n\nNone.")]}, NAMES)
    assert sum("kept_books" in slide.body for slide in deck) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_slides_of_a_chapter(path):
    names = short_names(ROOT / "book" / "references.bib")
    notebook = read_notebook(path)
    deck = slides(notebook, names)
    html = deck_html(deck[0].title, path.stem, deck, names)
    assert 10 <= len(deck) <= 70
    assert not re.search(r'(src|href)="(https?:)?//', re.sub(r'<a href="http[^"]*"', "", html))
    assert not re.search(r"\{[a-z:]+\}`", html), "a role is left"
    assert all("alt=" in tag for tag in re.findall(r"<img\b[^>]*>", html))
    assert "google.colab" not in html
    assert not re.search(r"<h\d>\s*<[op]", html), "a heading became a list or a paragraph"
    assert "|---|" not in html, "a table became one paragraph"
    assert not any(slide.body.isspace() or not slide.body for slide in deck)
    assert not re.search(r"[.:] (-|\d\.) (<em>|[A-Z])", html), "a list became one paragraph"
    assert len(html.encode()) < 2_000_000
    for solution in filter(is_solution, notebook["cells"]):
        assert source(solution) not in html
    texts = [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    exercises = re.findall(r"^### (\d\. .+)$", "\n".join(texts), re.MULTILINE)
    titles = {slide.title for slide in deck}
    assert {exercise.strip() for exercise in exercises} <= titles, "an exercise lost its heading"
    assert "Summary" in titles


def test_a_heading_beside_a_listing_begins_a_slide():
    listing = "```python\n# not a heading\n>>> mine()\n42\n```"
    cells = [
        markdown("# Title\n\n**What you will learn**\n\n- a thing"),
        markdown(f"## Summary\n\n- a\n\n### 1. Mine (easy)\n\nWrite it.\n\n{listing}"),
        code("def mine(): ...", tags=["exercise-stub"]),
        markdown("## Sources"),
    ]
    deck = slides({"cells": cells}, NAMES)
    assert [slide.title for slide in deck] == ["Title", "Summary", "1. Mine (easy)"]
    assert "Write it." in deck[-1].body
    assert "def mine" in deck[-1].body
    assert "42" not in deck[-1].body


def test_an_exercise_and_the_code_it_starts_from_share_a_slide():
    asked = "Given " + "a number and " * 20 + "another, return\n\n$$\nx = 1\n$$"
    cells = [
        markdown("# Title\n\n**What you will learn**\n\n- a thing"),
        markdown(f"### 1. Mine (easy)\n\n{asked}"),
        code("def mine(): ...", tags=["exercise-stub"]),
        markdown("## Sources"),
    ]
    _, exercise = slides({"cells": cells}, NAMES)
    assert all(part in exercise.body for part in ("another", r"\[", "def mine"))
