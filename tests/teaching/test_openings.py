"""The courses are made of what chapters say about themselves."""

from pathlib import Path

import pytest

from irlib.errors import IrlibError
from irlib.teaching.courses import COURSES
from irlib.teaching.openings import chapters_named, minutes_said, read_opening

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PAGES = {page for course in COURSES for session in course.sessions for page in session}


@pytest.mark.parametrize(
    ("sentence", "minutes"),
    [
        ("About forty minutes to read. All cells in a minute.", 40),
        ("half an hour to read; two to four minutes to run", 30),
        ("three quarters of an hour to read", 45),
        ("An hour to read", 60),
        ("soon read", None),
    ],
)
def test_minutes_are_read_from_words(sentence, minutes):
    assert minutes_said(sentence) == minutes


@pytest.mark.parametrize(
    ("paragraph", "numbers"),
    [
        ("chapters 7 to 11 (the parts) and 20 (paper and laptop).", (7, 8, 9, 10, 11, 20)),
        ("chapter 5 (prompts), chapter 6 (gates, the U) and chapter 1 (PSNR).", (1, 5, 6)),
        ("chapter 3 for the samples. Chapter 7 is not needed here.", (3,)),
        ("nothing but a vector of 128 numbers.", ()),
    ],
)
def test_chapters_are_read_from_words(paragraph, numbers):
    assert chapters_named(paragraph) == numbers


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_chapter_says_its_time_and_builds_on_earlier_ones(path):
    one = read_opening(path)
    assert 5 <= one.minutes <= 90
    assert one.exercises >= 2
    if one.number is not None:
        assert all(number < one.number for number in one.builds_on)


def test_an_opening_without_a_time_is_refused(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text('{"cells": [{"cell_type": "markdown", "source": "# A"}]}', encoding="utf-8")
    with pytest.raises(IrlibError, match="no time to read"):
        read_opening(path)


def test_the_chapters_of_courses_exist_and_come_once():
    assert all((NOTEBOOKS / f"{page}.ipynb").exists() for page in PAGES)
    for course in COURSES:
        pages = [page for session in course.sessions for page in session]
        assert len(pages) == len(set(pages)), course.title


def test_a_term_teaches_what_a_chapter_builds_on_first():
    term = COURSES[-1]
    taught: set[int | None] = set()
    for page in (page for session in term.sessions for page in session):
        one = read_opening(NOTEBOOKS / f"{page}.ipynb")
        assert set(one.builds_on) <= taught, f"{page} builds on chapters that come later"
        taught.add(one.number)


def test_a_term_holds_every_chapter_and_appendix_that_runs():
    term = {page for session in COURSES[-1].sessions for page in session}
    assert term == {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
