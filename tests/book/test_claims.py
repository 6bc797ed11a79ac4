"""What chapters claim holds, says at which scale, and is as new as the records it rests on."""

import ast
from pathlib import Path

import nbformat
import pytest

from irlib.ledger.claims import FAILS
from irlib.viz.claims_page import outdated_records, stored_claims

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What trains or looks at a clock: a claim about it is one about this machine and scale.
LIVE = {"train", "perf_counter", "process_time", "monotonic"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request):
    return request.param


def test_every_stored_claim_holds(chapter):
    wrong = [str(claim) for claim in stored_claims(chapter) if claim.verdict == FAILS]
    assert not wrong, "correct the sentence: what was measured does not bear it out"


def test_no_claim_is_older_than_its_records(chapter):
    late = {claim.sentence: outdated_records(claim) for claim in stored_claims(chapter)}
    late = {sentence: names for sentence, names in late.items() if names}
    assert not late, "records changed after the chapter was executed; execute it again"


def test_claims_are_judged_at_the_scale_of_the_rendered_book(chapter):
    assert {claim.scale for claim in stored_claims(chapter)} <= {None, "pocket"}


def test_no_sentence_is_claimed_twice(chapter):
    said = [claim.sentence for claim in stored_claims(chapter)]
    assert len(said) == len(set(said)), "two claims of one sentence have one place on the page"


def test_every_call_left_a_verdict(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "claim(" in cell.source and calls(cell.source):
            kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
            assert any("irlib.claim" in kind for kind in kinds), f"execute cell {cell.id} again"


def test_what_is_timed_or_trained_in_a_cell_is_claimed_at_one_scale(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    for cell in notebook.cells:
        for call in calls(cell.source) if cell.cell_type == "code" else ():
            if LIVE & names(cell.source):
                given = {keyword.arg for keyword in call.keywords}
                assert "at" in given, f"cell {cell.id}: say at=..., for it rests on this machine"


def calls(source: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "claim"
    ]


def names(source: str) -> set[str]:
    """Every name and attribute that a cell uses."""
    nodes = list(ast.walk(ast.parse(source)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return used | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_the_reader_of_cells_sees_calls_and_names():
    source = "start = time.perf_counter()\nclaim('Quick.', 1, high=2)\nother.claim('No.')"
    assert len(calls(source)) == 1
    assert LIVE & names(source) == {"perf_counter"}
