"""The scores page and the model card hold what the records hold, and nothing else."""

import dataclasses

import pytest

from irlib import ledger, models
from irlib.viz.model_card import model_card
from irlib.viz.scores_page import scores_text, write_scores_page


@pytest.fixture
def records(tmp_path):
    values = {"psnr": 29.876, "input_psnr": 20.123, "ssim": 0.8765, "input_ssim": 0.4321}
    record = ledger.Record(
        name="promptir-pocket/rain100l",
        values=values,
        protocol={"name": "all-in-one"},
        test_set={"name": "rain100l", "count": 25, "expected": 100, "sha256": "0"},
        spread={"psnr": {"low": 28.1, "high": 31.2}},
    )
    ledger.write_record(record, root=tmp_path)
    return tmp_path


def test_a_page_without_records_says_so(tmp_path):
    assert "No record" in scores_text(tmp_path)


def test_each_number_comes_from_the_record(records, tmp_path):
    text = write_scores_page(tmp_path / "pages", records).read_text(encoding="utf-8")
    for expected in ("29.88", "20.12", "0.876", "28.10 – 31.20", "25 images of 100 (a subset)"):
        assert expected in text
    assert "`promptir-pocket/rain100l`" in text


def test_the_shipped_card_is_what_the_command_writes(root):
    for weights in sorted((root / "irlib" / "weights").glob("*.safetensors")):
        card = weights.with_suffix(".md").read_text(encoding="utf-8")
        assert card == model_card(weights.stem, root / "book" / "results")
        digest = ledger.sha256_of_file(weights)
        found = [r for r in ledger.records(root / "book" / "results") if r.kind == "training"]
        # A training that was repeated on as many threads left the same weights again.
        trained = {r.recipe["model"] for r in found if r.weights_sha256 == digest}
        assert trained == {models.load_weights(weights.stem).name}


def test_an_average_names_its_parts_by_hashes_that_fit_a_telephone(records):
    parts = "the mean of weights with SHA-256: 0.7 of " + "a" * 64 + ", 0.3 of " + "b" * 64
    ledger.write_record(
        ledger.Record(
            "promptir-pocket/training-average",
            {"megabytes": 4.8},
            kind="training",
            command="irlib models average",
            notes=parts,
        ),
        root=records,
    )
    text = scores_text(records)
    assert "`0.7 × aaaaaaaaaaaa…`, `0.3 × bbbbbbbbbbbb…`" in text
    assert "a" * 13 not in text
    assert "- Command: `irlib models average`" in text


def test_a_card_of_another_network_has_its_own_records_and_names_its_encoder(records, tmp_path):
    facts = {"encoder": {"kind": "pocket", "detail": "dino-pocket", "identity": "0123456789abcdef"}}
    network = models.create("perceive-ir", preset_name="smoke")
    path = models.save_weights(network, tmp_path / "perceive-ir-pocket.safetensors", **facts)
    card = model_card(str(path), records)
    assert card.startswith("# perceive-ir-pocket\n")
    assert "(pocket: dino-pocket, identity `0123456789abcdef`)" in card
    assert "No record has been written yet" in card, "those of PromptIR are not its own"
    record = ledger.read_record("promptir-pocket/rain100l", records)
    ledger.write_record(
        dataclasses.replace(record, name="perceive-ir-pocket/rain100l"), root=records
    )
    card = model_card(str(path), records)
    assert "| Perceive-IR, pocket (blind) | 20.12 | 29.88 |" in card
