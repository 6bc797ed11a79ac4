"""Records: hashed, verified, exact."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import IrlibError
from irlib.ledger import Record, content_hash
from irlib.ledger.record import record_from_json

NUMBERS = st.floats(allow_nan=False, allow_infinity=True)
NAMES = st.text(max_size=12)


@given(
    values=st.dictionaries(NAMES, NUMBERS, max_size=4),
    per_image=st.lists(st.fixed_dictionaries({"name": NAMES, "psnr": NUMBERS}), max_size=4),
    minutes=st.none() | st.floats(0, 1e6),
)
def test_a_record_survives_json_exactly(values, per_image, minutes):
    record = Record(name="a/b", values=values, per_image=per_image, minutes=minutes)
    again = record_from_json(json.loads(json.dumps(record.to_mapping())), "memory")
    assert again == record


def test_an_infinite_psnr_survives_and_an_image_called_inf_keeps_its_name():
    record = Record(
        name="x", values={"psnr": math.inf}, per_image=[{"name": "inf", "psnr": -math.inf}]
    )
    again = record_from_json(json.loads(json.dumps(record.to_mapping(), allow_nan=False)), "x")
    assert again.values["psnr"] == math.inf
    assert again.per_image == [{"name": "inf", "psnr": -math.inf}]


def test_nan_is_refused():
    with pytest.raises(IrlibError, match="NaN"):
        Record(name="x", values={"psnr": math.nan}).to_mapping()


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(IrlibError, match="cannot be recorded"):
        Record(name="x", values={"psnr": object()}).to_mapping()


@given(st.sampled_from(["values", "command", "steps", "protocol", "per_image", "notes"]))
def test_changing_any_field_breaks_the_hash(field):
    body = Record(name="x", values={"psnr": 28.5}, command="irlib evaluate").to_mapping()
    body[field] = {"psnr": 28.6} if field == "values" else "another"
    with pytest.raises(IrlibError, match="changed after it was written"):
        record_from_json(body, "x.json")


def test_the_hash_does_not_depend_on_the_order_of_keys():
    body = Record(name="x", values={"a": 1.0, "b": 2.0}).to_mapping()
    backwards = dict(reversed(list(body.items())))
    assert content_hash(body) == content_hash(backwards) == body["content_sha256"]


def test_another_format_or_a_stranger_is_refused():
    body = Record(name="x", values={}).to_mapping()
    with pytest.raises(IrlibError, match="format 99"):
        record_from_json({**body, "format": 99}, "x.json")
    with pytest.raises(IrlibError, match="not a ledger record"):
        record_from_json({"psnr": 40.0}, "x.json")
    with pytest.raises(IrlibError, match="unknown fields colour"):
        Record.from_mapping({"name": "x", "values": {}, "colour": "red"})
