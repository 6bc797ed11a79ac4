"""Arrows of the contents get a name; the rest of a page stays as it is."""

from irlib.viz.accessible import name_side, name_toggles

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


def test_the_left_side_has_a_name_once():
    side = '<div class="bd-sidebar-primary bd-sidebar"{}><a class="navbar-brand logo"></a></div>'
    named = side.format(' role="region" aria-label="The book"')
    assert name_side(side.format("")) == name_side(named) == named
