"""Equations and figures of a page are counted in its order, in a chapter after its number."""

from types import SimpleNamespace

import numpy as np
from docutils import nodes
from docutils.utils import new_document

from irlib.viz.numbered import number_equations, number_figures, prefix, read_page, write_page
from irlib.viz.slider import slider_html

IMAGE = '<img class="irlib-figure" src="data:image/webp;base64,AA==" alt="a > b">'


def page(*parts: nodes.Node) -> nodes.document:
    document = new_document("page")
    document += parts
    return document


def test_a_chapter_counts_behind_its_own_number():
    assert prefix("notebooks/07-quality-prompts") == "7."
    assert prefix("notebooks/23-backbones-and-cost") == "23."
    assert prefix("notebooks/appendix-pocket-clip") == prefix("book/notation") == ""


def test_equations_are_counted_and_can_be_linked_to():
    first, second = nodes.math_block("", "a"), nodes.math_block("", "b", label="area")
    document = page(first, nodes.paragraph("", "", nodes.math("", "c")), second)
    assert number_equations(document, "notebooks/07-prompts") == {"area": "7.2"}
    assert (first["number"], second["number"]) == ("7.1", "7.2")
    assert first["ids"] == ["equation-1"]
    assert second["ids"] == []  # Sphinx puts the label's anchor before it


def test_a_reference_to_an_equation_says_the_number_that_stands_beside_it():
    domain = SimpleNamespace(equations={"area": ("notebooks/07-prompts", 1)})
    env = SimpleNamespace(docname="notebooks/07-prompts", get_domain=lambda name: domain)
    document = page(nodes.math_block("", "a"), nodes.math_block("", "b", label="area"))
    read_page(SimpleNamespace(env=env), document)
    assert domain.equations["area"] == ("notebooks/07-prompts", "7.2")


def test_figures_of_cells_are_counted_across_the_page():
    blocks = [nodes.raw("", f"<p>{IMAGE}</p>", format="html"), nodes.raw("", IMAGE, format="html")]
    other = nodes.raw("", "<p>no figure</p>", format="html")
    assert number_figures(page(blocks[0], other, blocks[1]), "notebooks/01-error") == 2
    for count, block in enumerate(blocks, start=1):
        html = block.astext()
        assert IMAGE in html
        assert f'<figure class="irlib-numbered" id="figure-{count}">' in html
        assert f"<figcaption>Figure 1.{count}<a" in html
    assert other.astext() == "<p>no figure</p>"


def test_sliders_are_counted_with_the_figures_and_keep_their_captions():
    grey = np.zeros((4, 4, 3), np.uint8)
    plain = slider_html(grey, grey, alt="grey")
    told = slider_html(grey, grey, alt="grey", caption="Drag: nothing moves.")
    block = nodes.raw("", f"{IMAGE}{plain}<p>{told}</p>", format="html")
    assert number_figures(page(block), "notebooks/02-degradations") == 3
    html = block.astext()
    assert html.count("</figure>") == html.count("<figure") == 3
    assert '<div class="irlib-numbered" id="figure-2"><figure class="irlib-slider"' in html
    assert "</div><figcaption>Figure 2.2<a" in html
    assert "</div><figcaption>Figure 2.3. Drag: nothing moves.<a" in html
    assert html.endswith("</figcaption></figure></div></p>")


def test_the_cover_has_no_figure_numbers():
    config = SimpleNamespace(root_doc="book/preface")
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), config=config)
    for name, numbers in (("book/preface", 0), ("book/scores", 1)):
        block = nodes.raw("", IMAGE, format="html")
        write_page(app, page(block), name)
        assert block.astext().count("Figure 1") == numbers
