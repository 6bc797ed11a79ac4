"""Records on disk: written whole or not at all, found from anywhere, verified on reading."""

import errno
import json
import os
from pathlib import Path

import pytest

from irlib.errors import IrlibError, UsageError
from irlib.ledger import (
    Record,
    files,
    ledger_root,
    read_record,
    record_names,
    record_path,
    records,
    value,
    write_record,
)


def a_record(name="net/cbsd68-sigma25", psnr=28.75):
    return Record(name=name, values={"psnr": psnr}, command="irlib evaluate --record x")


def test_round_trip(tmp_path):
    path = write_record(a_record(), tmp_path)
    assert path == tmp_path / "net" / "cbsd68-sigma25.json"
    assert read_record("net/cbsd68-sigma25", tmp_path) == a_record()
    assert value("net/cbsd68-sigma25", "psnr", tmp_path) == 28.75


def test_a_mapping_is_written_as_well(tmp_path):
    write_record({"name": "a", "values": {"seconds": 1.5}, "kind": "timing"}, tmp_path)
    assert read_record("a", tmp_path).kind == "timing"


def test_records_are_listed_by_name(tmp_path):
    for name in ("b/two", "a", "b/one"):
        write_record(a_record(name), tmp_path)
    assert record_names(tmp_path) == ["a", "b/one", "b/two"]
    assert [r.name for r in records(tmp_path)] == ["a", "b/one", "b/two"]
    assert list(records(tmp_path / "nothing")) == []


def test_a_number_edited_by_hand_is_found_and_the_command_is_named(tmp_path):
    path = write_record(a_record(), tmp_path)
    path.write_text(path.read_text().replace("28.75", "29.75"))
    with pytest.raises(IrlibError, match=r"changed after it was written.*irlib evaluate"):
        value("net/cbsd68-sigma25", "psnr", tmp_path)
    with pytest.raises(IrlibError, match="changed after"):
        list(records(tmp_path))


def test_new_blanks_alone_are_no_change(tmp_path):
    path = write_record(a_record(), tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert read_record("net/cbsd68-sigma25", tmp_path) == a_record()


def test_a_copied_record_is_found(tmp_path):
    path = write_record(a_record("a"), tmp_path)
    path.rename(tmp_path / "b.json")
    with pytest.raises(IrlibError, match="copied or renamed"):
        read_record("b", tmp_path)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_record_and_no_scraps(tmp_path, monkeypatch, failing):
    path = write_record(a_record(psnr=1.0), tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(IrlibError, match="no space is left"):
        write_record(a_record(psnr=2.0), tmp_path)
    monkeypatch.undo()
    assert list(path.parent.iterdir()) == [path]
    assert value("net/cbsd68-sigma25", "psnr", tmp_path) == 1.0


def test_unknown_names_and_values_are_answered_with_near_ones(tmp_path):
    write_record(a_record(), tmp_path)
    with pytest.raises(UsageError, match=r"Did you mean 'net/cbsd68-sigma25'"):
        read_record("net/cbsd68-sigma52", tmp_path)
    with pytest.raises(UsageError, match="has no value 'ssim'; it has psnr"):
        value("net/cbsd68-sigma25", "ssim", tmp_path)


@pytest.mark.parametrize("name", ["", "../x", "a/../b", "/etc/x", "A", "a b", "a//b", "a/.b"])
def test_names_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(UsageError, match="not a record name"):
        record_path(name, tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"psnr": 40}', "\x00\xff"])
def test_garbage_is_one_clear_error(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(IrlibError, match=r"x\.json"):
        read_record("x", tmp_path)


def test_the_checkout_is_found_from_a_subfolder(tmp_path, monkeypatch):
    for folder in ("book", "irlib", "notebooks"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert ledger_root() == tmp_path / "book" / "results"
    assert ledger_root("elsewhere") == Path("elsewhere")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """No checkout around us, and records that came with the package."""
    shipped = tmp_path / "package" / "shipped"
    write_record(a_record(), shipped)
    monkeypatch.setattr(files, "SHIPPED", shipped)
    monkeypatch.setattr(files, "__file__", str(tmp_path / "package" / "ledger" / "files.py"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_checkout_the_records_that_came_with_irlib_are_read(elsewhere):
    assert value("net/cbsd68-sigma25", "psnr") == 28.75
    assert record_names() == ["net/cbsd68-sigma25"]


def test_a_checkout_goes_before_the_records_that_came_with_irlib(elsewhere):
    for folder in ("book", "irlib"):
        (elsewhere / folder).mkdir()
    assert ledger_root() == elsewhere / "book" / "results"


def test_nothing_is_written_to_the_records_that_came_with_irlib(elsewhere):
    for refused in (lambda: write_record(a_record("b")), lambda: record_path("b", writing=True)):
        with pytest.raises(UsageError, match=r"only read. Name a folder of your own \(--results"):
            refused()
    assert write_record(a_record("b"), "mine") == Path("mine/b.json")


def test_without_either_the_message_says_what_to_do(elsewhere, monkeypatch):
    monkeypatch.setattr(files, "SHIPPED", elsewhere / "nothing")
    with pytest.raises(IrlibError, match="no ledger found"):
        ledger_root()
