"""What is typed to measure a record again, and what counts as the same result."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.ledger import Record, sha256_of_file
from irlib.ledger.rerun import ALLOWED, arguments_again, differences, largest_change

IMAGES = [{"name": "a", "group": "derain", "psnr": 30.0, "ssim": 0.9, "seconds": 1.5}]
STORED = Record(
    "a/b",
    {"psnr": 30.0, "ssim": 0.9},
    per_image=IMAGES,
    weights_sha256="w",
    test_set={"name": "embedded", "count": 1, "sha256": None},
    command="irlib evaluate --method gamma --embedded",
)


@pytest.fixture
def shipped(tmp_path):
    (tmp_path / "net-pocket.safetensors").write_bytes(b"weights")
    return tmp_path


def test_the_command_is_the_recorded_one(shipped):
    assert arguments_again(STORED) == ["evaluate", "--method", "gamma", "--embedded"]


def test_weights_whose_run_is_gone_are_found_among_the_shipped_ones_by_their_hash(shipped):
    file = shipped / "net-pocket.safetensors"
    command = "irlib evaluate --weights runs/x/weights.safetensors --embedded"
    record = dataclasses.replace(STORED, command=command, weights_sha256=sha256_of_file(file))
    assert arguments_again(record, weights=shipped) == [
        *("evaluate", "--weights"),
        *(str(file), "--embedded"),
    ]
    other = dataclasses.replace(record, weights_sha256="0" * 64)
    with pytest.raises(UsageError, match="000000000000"):
        arguments_again(other, weights=shipped)


def test_images_of_others_need_a_folder():
    command = "irlib evaluate --method gamma --benchmark lol --data DIR"
    record = dataclasses.replace(STORED, command=command)
    assert arguments_again(record, "sets")[-2:] == ["--data", "sets"]
    with pytest.raises(UsageError, match="IRLIB_DATA"):
        arguments_again(record)
    pairs = dataclasses.replace(record, command="irlib evaluate --method gamma --pairs DIR")
    with pytest.raises(UsageError, match="--pairs"):
        arguments_again(pairs, "sets")


@pytest.mark.parametrize("command", ["irlib train promptir", "irlib bench models", None])
def test_other_commands_are_not_repeated(command):
    with pytest.raises(UsageError, match="only records of `irlib evaluate`"):
        arguments_again(dataclasses.replace(STORED, command=command))


def test_the_same_result_differs_in_nothing_but_time():
    images = [{**IMAGES[0], "seconds": 9.0}]
    again = dataclasses.replace(STORED, per_image=images, minutes=3.0, device="another")
    assert differences(STORED, again) == []
    assert largest_change(STORED, again) == 0.0


@given(st.sampled_from(sorted(ALLOWED)), st.floats(0, 0.9), st.floats(1.1, 1e4))
def test_scores_may_move_by_rounding_and_no_more(metric, inside, outside):
    def moved(share):
        value = STORED.values[metric] + share * ALLOWED[metric]
        return dataclasses.replace(STORED, values={**STORED.values, metric: value})

    assert differences(STORED, moved(inside)) == []
    (found,) = differences(STORED, moved(outside))
    assert found.startswith(metric)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights_sha256": "x"}, "weights_sha256 was w, is x"),
        ({"test_set": {"name": "embedded", "count": 2}}, "test_set was"),
        ({"values": {"psnr": 30.0}}, "measured only once: ssim"),
        ({"per_image": [{**IMAGES[0], "psnr": 29.0}]}, "derain/a: psnr was 30, is 29"),
        ({"values": {"psnr": float("inf"), "ssim": 0.9}}, "psnr was 30, is inf"),
    ],
)
def test_each_other_difference_is_named(change, words):
    (found,) = differences(STORED, dataclasses.replace(STORED, **change))
    assert words in found
