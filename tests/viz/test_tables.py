import pytest

from irlib.errors import UsageError
from irlib.viz import table
from irlib.viz.tables import Markup

ROWS = [{"task": "derain", "PSNR": 30.126, "images": 7}, {"task": "a|b", "PSNR": None, "images": 3}]


def test_floats_are_rounded_counts_are_not():
    shown = table(ROWS, "Scores.")
    assert shown.rows == (("derain", "30.13", "7"), ("a|b", "–", "3"))
    assert table(ROWS, "Scores.", digits=1).rows[0][1] == "30.1"


def test_numbers_stand_on_the_right():
    assert table(ROWS, "Scores.").numeric == (False, True, True)
    assert table([{"a": "20.10", "b": "20.1 dB", "c": True}], "x").numeric == (True, False, False)


def test_it_shows_itself_as_html_markdown_and_text():
    bundle = table(ROWS, "Scores & more.")._repr_mimebundle_()
    assert "<caption" in bundle["text/html"]
    assert "Scores &amp; more." in bundle["text/html"]
    assert "| a\\|b | – | 3 |" in bundle["text/markdown"]
    lines = bundle["text/plain"].splitlines()
    assert lines[0] == "Scores & more."
    assert len({len(line) for line in lines[1:]}) == 1  # columns line up


def test_wide_tables_scroll_in_their_own_box():
    html = table(ROWS, "Scores.").html
    assert "overflow-x: auto" in html
    assert 'tabindex="0"' in html


def test_an_empty_table_is_refused():
    with pytest.raises(UsageError, match="no rows"):
        table([], "Nothing.")


def test_a_row_with_other_columns_is_named():
    with pytest.raises(UsageError, match=r"row 2 .* a, c; the first row has a, b"):
        table([{"a": 1, "b": 2}, {"a": 1, "c": 2}], "Mixed.")


def test_only_markup_passes_as_it_is():
    link = Markup('<a href="x.html">x</a>')
    html = table([{"a": link, "b": "<i>"}], "A < B.").html
    assert str(link) in html
    assert "&lt;i&gt;" in html
    assert "A &lt; B." in html
