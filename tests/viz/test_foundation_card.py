"""The cards of pocket foundation models: every number read from a record."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.foundation import sources
from irlib.foundation.checkpoints import write_weights
from irlib.ledger import Record, write_record
from irlib.viz.foundation_card import QUESTIONS, foundation_card


@pytest.fixture
def root(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "SHIPPED", tmp_path / "weights")
    for name, questions in QUESTIONS.items():
        path = sources.pocket_path(name)
        write_weights(path, name, {"a": torch.ones(1)}, {"width": 8}, steps=7)
        values = {key: 0.125 + number / 10 for number, (key, _) in enumerate(questions)}
        facts = {"device": "CPU: a model, 1 cores", "command": f"irlib foundation train {name}"}
        write_record(
            Record(f"{name}-pocket/evidence", values, notes="some crops", **facts), tmp_path
        )
        write_record(
            Record(
                f"{name}-pocket/training",
                {"loss": 1.0},
                kind="training",
                recipe={"batch": 4, "seed": 0},
                steps=7,
                minutes=12.4,
                **facts,
            ),
            tmp_path,
        )
    return tmp_path


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_card_shows_each_value_beside_its_record(name, root):
    card = foundation_card(name, root)
    assert card.startswith(f"# {name}-pocket\n")
    for number, (_, words) in enumerate(QUESTIONS[name]):
        assert f"| {words} | {0.125 + number / 10:.3f} | `{name}-pocket/evidence` |" in card
    assert "- Steps: 7 of 4 pictures" in card
    assert "- Minutes: 12" in card
    assert f"`irlib foundation train {name}`" in card


def test_no_record_no_card(root):
    (root / "clip-pocket" / "evidence.json").unlink()
    with pytest.raises(UsageError, match="no record 'clip-pocket/evidence'"):
        foundation_card("clip", root)
    with pytest.raises(UsageError, match="did you mean 'dino'"):
        foundation_card("dinos", root)
