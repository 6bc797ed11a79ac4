from irlib.ledger import read_record, record_names, write_record
from irlib.ledger.from_parity import hash_of_fixtures, record_of_parity
from irlib.models.parity import GOLDEN, ParityResult, fixtures

EQUAL = ParityResult("restormer", "restormer_full", 26_126_644, 4e-7)
APART = ParityResult("nafnet", "nafnet_full", 17_111_907, float("inf"), "output.0")


def test_a_record_keeps_every_fixture(tmp_path):
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"outputs")
    write_record(record_of_parity([EQUAL, APART], [file], "parity/both", minutes=1.0), tmp_path)
    record = read_record("parity/both", tmp_path)
    assert record.values == {"compared": 2, "equal": 1}
    assert record.per_image[0]["difference"] == 4e-7
    assert record.per_image[1]["difference"] == float("inf")
    assert [row["equal"] for row in record.per_image] == [True, False]
    assert record.test_set["sha256"] == hash_of_fixtures([file])


def test_names_and_bytes_decide_the_hash_and_the_order_does_not(tmp_path):
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    before = hash_of_fixtures([one, two])
    assert hash_of_fixtures([two, one]) == before
    one.write_bytes(b"2")
    two.write_bytes(b"1")
    assert hash_of_fixtures([one, two]) != before


def test_the_committed_comparison_is_of_the_present_files():
    assert "parity/full-size" in record_names()
    record = read_record("parity/full-size")
    assert record.test_set["sha256"] == hash_of_fixtures(fixtures(GOLDEN)), (
        "files of the authors' outputs changed: irlib parity --record parity/full-size"
    )
    assert record.values["equal"] == record.values["compared"] == len(record.per_image)
