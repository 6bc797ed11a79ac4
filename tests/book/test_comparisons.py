"""A sentence that sets one network above another says by what, or a claim beside it tests it.

Such a sentence ("is better than", "beats", "gains most") stands only where it cites its source,
names a record, or asks a question, or in a section of a chapter that has a `claim(...)`.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import nbformat
import pytest

from irlib.ledger import record_names
from irlib.viz.prose import prose, sentences

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "book").glob("*.md"), *(ROOT / "irlib").rglob("*.md")])

CODE = re.compile(r"`([^`\n]+)`")
CITED = re.compile(r"\{cite[\w:]*\}`[^`]+`")
NETWORK = re.compile(
    r"Restormer|PromptIR|Perceive-IR|NAFNet|AirNet|DPPD|PIVPNet|AM-PromptIR|DFPIR|InstructIR|BM3D|"
    r"\b(?:[Oo]racles?|[Bb]lind (?:systems?|ones?)|pocket networks?|shipped network)\b"
)
MORE = r"(?:more|less|most|least|best|better|worse|worst)"
COMPARED = re.compile(
    r"\b(?:beats?|beaten|outperform\w*|overtak\w+|surpass\w*|wins?|loses?|ahead of|"
    rf"(?:gain|restore|remove|learn|score|reach|recover)\w* (?:the )?{MORE}|"
    r"(?:better|worse|faster|slower|smaller|larger|higher|lower|stronger|weaker|fewer) than|"
    r"(?:more|less) than (?=[A-Z])|"
    r"(?:is|are|was|were|comes?|far|dB) (?:the )?(?:ahead|behind|first|last|best|worst|"
    r"fastest|slowest|cheapest|strongest|weakest))\b"
)


def unproved(text: str, records: Collection[str]) -> list[str]:
    """Sentences that compare networks and say not by what."""
    found = []
    for paragraph in prose(text):
        for sentence in sentences(paragraph):
            named = set(records) & set(CODE.findall(sentence))
            if "?" in sentence or CITED.search(sentence) or named:
                continue
            if NETWORK.search(sentence) and COMPARED.search(sentence):
                found.append(sentence)
    return found


def sections(notebook) -> Iterator[tuple[str, bool]]:
    """The text of a chapter by headings of the second level, and whether a cell there claims."""
    text, claims = [], False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            claims = claims or "claim(" in cell.source
            continue
        first, *others = re.split(r"^(?=## )", cell.source, flags=re.MULTILINE)
        text.append(first)
        for other in others:
            yield "\n\n".join(text), claims
            text, claims = [other], False
    yield "\n\n".join(text), claims


@pytest.fixture(scope="module")
def records() -> list[str]:
    return record_names(ROOT / "book" / "results")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_comparison_of_a_page_has_a_source(page, records):
    assert unproved(page.read_text(encoding="utf-8"), records) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_comparison_in_a_chapters_text_is_tested_in_its_section(notebook, records):
    content = nbformat.read(notebook, as_version=4)
    bare = [s for text, claims in sections(content) if not claims for s in unproved(text, records)]
    assert not bare, "add a claim(...) to the section, a citation, or a record's name"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DPPD is better than Restormer.", True),
        ("With this budget AirNet gains least of the four.", True),
        ("Restormer wins one seed of three.", True),
        ("**What to see.** The oracle is far ahead of the rest.", True),
        ("Is DPPD better than Restormer?", False),
        ("DPPD is better than Restormer {cite:p}`wu2025dppd`.", False),
        ("By `net/rain` the network is better than its input.", False),
        ("Three modules stand behind the latent of PromptIR.", False),
        ("A larger patch is better than a larger batch.", False),
    ],
)
def test_comparisons_of_networks_are_found(text, found):
    assert bool(unproved(text, ["net/rain"])) == found


def test_a_claim_serves_its_section_and_no_other():
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [text("# A\n\n## B"), code("claim('So.', True)"), text("C\n\n## D\n\nE")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert [claims for _, claims in sections(notebook)] == [False, True, False]
