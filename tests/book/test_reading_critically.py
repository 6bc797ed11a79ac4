"""The checklist quotes chapters word for word, and what it quotes still holds."""

import re
from pathlib import Path

import pytest

from irlib.ledger.claims import HOLDS
from irlib.viz.claims_page import stored_claims

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "book" / "reading-critically.md").read_text(encoding="utf-8")
QUOTED = re.findall(
    r"^> (.+) \[Chapter (\d+)\]\(\.\./(notebooks/(\d+)-[\w-]+\.ipynb)\)$", TEXT, re.MULTILINE
)


@pytest.mark.parametrize(("sentence", "chapter", "path", "number"), QUOTED)
def test_a_quoted_finding_is_a_claim_that_holds(sentence, chapter, path, number):
    assert int(chapter) == int(number)
    verdicts = {claim.sentence: claim.verdict for claim in stored_claims(ROOT / path)}
    assert verdicts.get(sentence) == HOLDS


def test_every_quotation_is_of_this_form():
    assert len(QUOTED) == len(re.findall(r"^> ", TEXT, re.MULTILINE)) > 15


def test_the_list_on_one_page_has_a_row_for_each_question():
    questions = re.findall(r"^### (\d+)\. ", TEXT, re.MULTILINE)
    rows = re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)
    assert questions == rows == [str(n) for n in range(1, len(rows) + 1)]
