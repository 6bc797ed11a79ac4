"""Arrows of the contents get a name; the rest of a page stays as it is."""

from irlib.viz.accessible import name_toggles

ARROW = '<details{open}><summary><span class="toctree-toggle" role="presentation"></span></summary>'
LINK = '<li><a class="reference internal" href="tables.html">The papers’ tables</a>'


def test_an_arrow_says_what_it_unfolds():
    for opened in ("", ' open="open"'):
        page = name_toggles(LINK + ARROW.format(open=opened))
        assert '<summary aria-label="Pages under The papers’ tables"><span' in page


def test_nothing_else_changes():
    page = "<details><summary>Show the solution</summary></details>" + LINK
    assert name_toggles(page) == page
    named = name_toggles(LINK + ARROW.format(open=""))
    assert name_toggles(named) == named
