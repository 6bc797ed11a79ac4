"""Weights and images that records name are those that lie here."""

import pytest

from irlib.ledger import Record, records, sha256_of_file
from irlib.ledger.inputs import named_weights, wrong_inputs


@pytest.fixture
def shipped(tmp_path):
    (tmp_path / "net-pocket.safetensors").write_bytes(b"weights")
    return tmp_path


def measured(name, weights="w", named="runs/x/weights.safetensors", **facts):
    command = f"irlib evaluate --weights {named} --embedded"
    return Record(name, {"psnr": 1.0}, weights_sha256=weights, command=command, **facts)


def trained(name, weights="w"):
    return Record(name, {"loss": 1.0}, kind="training", weights_sha256=weights)


def test_all_records_of_the_book_agree_with_their_inputs(root):
    assert wrong_inputs(records(root / "book" / "results")) == []


def test_weights_are_read_from_the_command():
    assert named_weights(measured("a/embedded", named="promptir-pocket")) == "promptir-pocket"
    assert named_weights(Record("a", {}, command="irlib evaluate --method gamma")) is None
    assert named_weights(Record("a", {})) is None


def test_a_measurement_on_other_weights_than_its_training_left_is_named(shipped):
    good = [measured("a/seed-0/embedded"), trained("a/seed-0/training")]
    assert wrong_inputs(good, shipped) == []
    (found,) = wrong_inputs([measured("a/seed-0/embedded", "old"), good[1]], shipped)
    assert "a/seed-0/embedded was measured on other weights" in found
    assert "irlib evaluate" in found


def test_a_shipped_file_that_is_not_the_measured_one_is_named(shipped):
    digest = sha256_of_file(shipped / "net-pocket.safetensors")
    assert wrong_inputs([measured("a/b", digest, "net-pocket")], shipped) == []
    (found,) = wrong_inputs([measured("a/b", "w", "net-pocket")], shipped)
    assert "than the shipped net-pocket" in found


def test_one_test_set_has_one_hash_unless_it_is_another_part(shipped):
    def on(name, digest, count):
        test_set = {"name": "sots", "count": count, "expected": 500, "sha256": digest}
        return measured(name, test_set=test_set)

    assert (
        wrong_inputs([on("a/x", "1", 12), on("b/x", "1", 12), on("c/x", "2", 500)], shipped) == []
    )
    (found,) = wrong_inputs([on("a/x", "1", 12), on("b/x", "2", 12)], shipped)
    assert "different images of sots" in found
