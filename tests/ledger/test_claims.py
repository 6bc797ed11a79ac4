import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import IrlibError, UsageError
from irlib.ledger import Record, claim, write_record
from irlib.ledger.claims import FAILS, HOLDS, MIME, OPEN, claim_from_mapping, judge

NUMBER = st.floats(-1e6, 1e6)


@given(NUMBER, NUMBER, NUMBER)
def test_a_number_holds_inside_its_bounds_and_only_there(measured, one, other):
    low, high = sorted((one, other))
    verdict = judge("It is so.", measured, low, high).verdict
    assert (verdict == HOLDS) == (low <= measured <= high)


@pytest.mark.parametrize(
    ("measured", "low", "high", "verdict"),
    [
        (1.0, 1.0, None, HOLDS),
        (0.999, 1.0, None, FAILS),
        (1.0, None, 1.0, HOLDS),
        (2, None, 1, FAILS),
        (0, 0, 0, HOLDS),
        (True, None, None, HOLDS),
        (np.bool_(False), None, None, FAILS),
        (torch.tensor(3.5), 3.0, None, HOLDS),
        (np.float32(2.5), 3.0, None, FAILS),
        (None, 1.0, None, OPEN),
        (None, None, None, OPEN),
        (math.nan, 0.0, None, FAILS),
        (math.nan, None, 0.0, FAILS),
        (math.inf, 0.0, None, HOLDS),
    ],
)
def test_verdicts(measured, low, high, verdict):
    assert judge("It is so.", measured, low, high).verdict == verdict


def test_a_claim_of_one_scale_is_not_judged_at_another(monkeypatch):
    monkeypatch.setenv("IRLIB_SCALE", "smoke")
    found = judge("It learns.", -1.0, low=0, at="pocket")
    assert found.verdict == OPEN
    assert "judged at scale pocket only; this is smoke" in str(found)
    monkeypatch.setenv("IRLIB_SCALE", "pocket")
    assert judge("It learns.", -1.0, low=0, at="pocket").verdict == FAILS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no full stop", 1, 0), "ends with a full stop"),
        (("Nothing is asked.", 1.0), "give low, high or both"),
        (("Yes.", True, 0.0), "leave low and high out"),
        (("Turned.", 1.0, 2.0, 1.0), "exchange them"),
    ],
)
def test_wrong_use_says_what_to_do(arguments, words):
    with pytest.raises(UsageError, match=words):
        judge(*arguments)


def test_unknown_scales_and_records_are_refused():
    with pytest.raises(UsageError, match="expected one of smoke, pocket, paper"):
        judge("So.", 1.0, 0, at="huge")
    with pytest.raises(UsageError, match="no record 'nowhere/rain'"):
        judge("So.", 1.0, 0, records=["nowhere/rain"])


def test_outside_a_notebook_the_verdict_is_printed(capsys):
    claim("Two gains differ.", 0.5, low=0.1, unit="dB")
    said = capsys.readouterr().out
    assert said == "[holds] Two gains differ. Measured: 0.5 dB; claimed: at least 0.1 dB.\n"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1, None, "at least 1 s"),
        (None, 2000, "at most 2,000 s"),
        (0.25, 3.0, "0.25 to 3 s"),
        (140.985, 140.995, "140.985 to 140.995 s"),
        (4, 4, "exactly 4 s"),
    ],
)
def test_bounds_in_words(low, high, words):
    assert judge("So.", 1, low, high, unit="s").bounds == words


def test_in_a_notebook_it_carries_text_a_marked_place_and_data():
    found = judge('A < B & "C".', 0.5, low=0)
    bundle = found._repr_mimebundle_()
    assert f'id="{found.anchor}"' in bundle["text/html"]
    assert "A &lt; B &amp; &quot;C&quot;." in bundle["text/html"]
    assert bundle["text/plain"].startswith("[holds] A < B")
    assert bundle[MIME]["low"] == 0


def test_numbers_are_written_for_readers():
    assert "Measured: 26,126,644;" in judge("So.", 26_126_644, low=1).reason
    assert "Measured: 0.1235;" in judge("So.", 0.123456, low=0).reason
    assert "Measured: about 0;" in judge("So.", -7e-15, high=0).reason
    assert "Measured: 0;" in judge("So.", 0.0, high=0).reason


@pytest.mark.parametrize("measured", [0.5, -0.5, True, None, math.inf, math.nan])
def test_a_stored_claim_is_read_back(measured):
    low = None if isinstance(measured, bool) else 0
    found = judge("So.", measured, low)
    body = json.loads(json.dumps(found._repr_mimebundle_()[MIME], allow_nan=False))
    assert str(claim_from_mapping(body, "page")) == str(found)


def test_an_edited_verdict_is_refused():
    body = judge("So.", -1.0, low=0)._repr_mimebundle_()[MIME]
    with pytest.raises(IrlibError, match="not edited by hand"):
        claim_from_mapping(body | {"verdict": HOLDS}, "page")
    with pytest.raises(IrlibError, match="stores no claim"):
        claim_from_mapping({"sentence": "So."}, "page")


def test_a_claim_of_any_scale_is_stored_alike_at_all(monkeypatch):
    bundles = []
    for scale in ("smoke", "pocket"):
        monkeypatch.setenv("IRLIB_SCALE", scale)
        bundles.append(judge("So.", 1.0, low=0)._repr_mimebundle_())
    assert bundles[0] == bundles[1]


def test_it_remembers_the_content_of_its_records(tmp_path, monkeypatch):
    monkeypatch.setattr("irlib.ledger.files.ledger_root", lambda root=None: tmp_path)
    write_record(Record("net/rain", {"psnr": 28.6}), tmp_path)
    before = judge("So.", 28.6, low=0, records=["net/rain"]).records
    write_record(Record("net/rain", {"psnr": 28.7}), tmp_path)
    assert before != judge("So.", 28.6, low=0, records=["net/rain"]).records
    assert list(before) == ["net/rain"]
