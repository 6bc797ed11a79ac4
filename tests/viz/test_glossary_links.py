"""The first use of a glossary's word in the text of a page is a link; nothing else is."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

from irlib.viz.glossary_links import (
    GLOSSARY,
    LINK_CLASS,
    ONLY_ON,
    Term,
    link_first_uses,
    note_read,
    opening,
    renew_pages,
)

ROOT = Path(__file__).resolve().parents[2]
TERMS = {
    name.lower(): Term(name, f"glossary.html#term-{name}", "What it means.")
    for name in ("PSNR", "patch", "batch norm", "all-in-one", "loss", "channel attention", "U-Net")
}


def page(*parts: nodes.Node) -> nodes.document:
    document = new_document("page")
    document += parts
    return document


def text(words: str) -> nodes.paragraph:
    return nodes.paragraph("", words)


def links(document: nodes.document) -> list[str]:
    return [
        each.astext() for each in document.findall(nodes.reference) if LINK_CLASS in each["classes"]
    ]


def test_only_the_first_use_of_a_word_is_linked():
    document = page(text("A PSNR of one patch."), text("The patch again, and its PSNR."))
    assert link_first_uses(document, TERMS) == ["PSNR", "patch"]
    assert links(document) == ["PSNR", "patch"]
    assert document.astext() == "A PSNR of one patch.\n\nThe patch again, and its PSNR."
    link = next(document.findall(nodes.reference))
    assert link["refuri"] == "glossary.html#term-PSNR"
    assert link["reftitle"] == "What it means."


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Patches and losses.", ["Patches", "losses"]),
        ("Batch norm first.", ["Batch norm"]),
        ("An all-in-one network.", ["all-in-one"]),
        ("A patchwork, a patch-based one, dispatch, a psnr.", []),
        ("Here channel attention is meant.", ["channel attention"]),
        ("A u-net is none, a U-Net is one.", ["U-Net"]),
    ],
)
def test_a_word_is_found_in_its_forms_and_not_inside_others(words, found):
    document = page(text(words))
    link_first_uses(document, TERMS)
    assert links(document) == found


def test_headings_code_formulas_links_tables_and_printed_text_stay_as_they_are():
    cell = nodes.container("", text("PSNR"), classes=["cell_output"])
    entry = nodes.entry("", text("PSNR"))
    document = page(
        nodes.section("", nodes.title("", "PSNR")),
        nodes.paragraph("", "", nodes.literal("", "PSNR"), nodes.math("", "PSNR")),
        nodes.paragraph("", "", nodes.reference("", "PSNR", refuri="x.html")),
        nodes.paragraph("", "", nodes.strong("", "PSNR")),
        nodes.literal_block("", "PSNR"),
        cell,
        nodes.row("", entry),
    )
    assert link_first_uses(document, TERMS) == []
    document += nodes.paragraph("", "", nodes.emphasis("", "PSNR"))
    assert link_first_uses(document, TERMS) == ["PSNR"]


def test_a_definition_does_not_link_to_itself():
    item = nodes.definition_list_item(
        "", nodes.term("", "patch"), nodes.definition("", text("A patch has a PSNR."))
    )
    document = page(nodes.definition_list("", item))
    assert link_first_uses(document, TERMS) == ["PSNR"]


def test_a_tooltip_ends_before_a_formula_and_leaves_sources_out():
    source = nodes.reference("", "[Author, 2020]", classes=["bibtex"])
    paragraph = nodes.paragraph("", "", nodes.Text("Here: a mean "), source, nodes.Text(". Small."))
    assert opening(nodes.definition("", paragraph)) == "A mean. Small."
    paragraph = nodes.paragraph("", "", nodes.Text("The mean of "), nodes.math("", "d"))
    assert opening(nodes.definition("", paragraph)) == ""
    long = text("One sentence. " + "Another one. " * 40)
    assert opening(nodes.definition("", long), most=40) == "One sentence. Another one. Another one."


def test_a_changed_glossary_renews_all_pages():
    app, env = SimpleNamespace(), SimpleNamespace(found_docs={"b", "a"})
    note_read(app, env, ["a"])
    assert renew_pages(app, env) == []
    note_read(app, env, [GLOSSARY])
    assert renew_pages(app, env) == ["a", "b"]


def test_words_with_two_meanings_are_words_of_the_glossary_on_pages_that_exist():
    lines = (ROOT / f"{GLOSSARY}.md").read_text(encoding="utf-8").splitlines()
    words = {line.lower() for line in lines if line and line[0] not in " #`:"}
    assert set(ONLY_ON) <= words
    for start in {start for pages in ONLY_ON.values() for start in pages}:
        assert list(ROOT.glob(f"{start}*")), start
