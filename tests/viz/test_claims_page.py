import json

import pytest

from irlib.errors import IrlibError
from irlib.ledger import Record, write_record
from irlib.ledger.claims import HOLDS, MIME, judge
from irlib.viz.claims_page import claims_text, outdated_records, stored_claims, write_claims_page


def save(path, title, *bodies):
    code = {"cell_type": "code", "source": [], "outputs": [{"data": {MIME: b}} for b in bodies]}
    cells = [{"cell_type": "markdown", "source": [f"# {title}\n", "text"]}, code]
    path.write_text(json.dumps({"cells": cells}))


def body(*given, **more):
    return judge(*given, **more)._repr_mimebundle_()[MIME]


def test_it_lists_all_chapters_with_their_verdicts(tmp_path):
    good, bad = body("A_B is *so* & so.", 2.0, low=1), body("It is not.", 0.0, low=1, unit="dB")
    save(tmp_path / "01-first.ipynb", "One", good, bad)
    save(tmp_path / "02-silent.ipynb", "Two")
    save(tmp_path / "gallery.ipynb", "Gallery", body("Nobody knows.", None))
    text = claims_text(tmp_path)
    assert text.startswith("3 claims: 1 hold, 1 do not hold, 1 are not judged.")
    assert "## Chapter 1: One" in text
    assert "## Gallery" in text
    assert "Two" not in text
    assert r"A\_B is \*so\* &amp; so." in text
    assert "Measured: 0 dB; claimed: at least 1 dB." in text
    place = judge("It is not.", 0.0, low=1).anchor
    assert f'<a href="../notebooks/01-first.html#{place}"><strong>does not hold</strong>' in text


def test_chapters_without_claims_make_an_empty_list(tmp_path):
    save(tmp_path / "01-first.ipynb", "One")
    assert "No chapter claims anything" in claims_text(tmp_path)


def test_an_edited_verdict_stops_the_page(tmp_path):
    save(tmp_path / "01-first.ipynb", "One", body("It is not.", 0.0, low=1) | {"verdict": HOLDS})
    with pytest.raises(IrlibError, match=r"01-first.ipynb.*execute the page again"):
        claims_text(tmp_path)


def test_a_verdict_older_than_its_record_is_marked(tmp_path, monkeypatch):
    monkeypatch.setattr("irlib.ledger.files.ledger_root", lambda root=None: tmp_path)
    write_record(Record("net/rain", {"psnr": 28.6}), tmp_path)
    save(tmp_path / "01-first.ipynb", "One", body("So.", 28.6, low=0, records=["net/rain"]))
    (stored,) = stored_claims(tmp_path / "01-first.ipynb")
    assert outdated_records(stored) == []
    assert "ledger.html#net/rain" in claims_text(tmp_path)
    write_record(Record("net/rain", {"psnr": 28.7}), tmp_path)
    assert outdated_records(stored) == ["net/rain"]
    assert "a record has changed since" in claims_text(tmp_path)
    (tmp_path / "net" / "rain.json").unlink()
    assert outdated_records(stored) == ["net/rain"]


def test_many_records_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("irlib.ledger.files.ledger_root", lambda root=None: tmp_path)
    names = [f"net/seed-{number}" for number in range(9)]
    for name in names:
        write_record(Record(name, {"psnr": 28.6}), tmp_path)
    save(tmp_path / "01-first.ipynb", "One", body("So.", 28.6, low=0, records=names))
    text = claims_text(tmp_path)
    assert '<a href="ledger.html#net/seed-0">net/seed-0</a>, 8 more.' in text


def test_the_page_is_written_whole(tmp_path):
    save(tmp_path / "01-first.ipynb", "One", body("So.", True))
    path = write_claims_page(tmp_path / "made", tmp_path)
    assert path.read_text() == claims_text(tmp_path)
    assert [p.name for p in path.parent.iterdir()] == ["claims.md"]
