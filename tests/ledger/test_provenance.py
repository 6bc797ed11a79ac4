"""Where a number comes from."""

import hashlib
import subprocess
import sys

import pytest
import torch

from irlib.errors import IrlibError
from irlib.ledger import command_typed, commit, device_in_words, library_versions, sha256_of_file


def test_versions_name_python_and_torch():
    assert {"python", "torch", "numpy"} <= set(library_versions())


def test_a_folder_outside_a_checkout_has_no_commit(tmp_path):
    assert commit(tmp_path) is None


def test_a_checkout_that_merely_holds_the_environment_is_not_the_commit(tmp_path, monkeypatch):
    from irlib.ledger import provenance

    installed = tmp_path / ".venv" / "irlib" / "provenance.py"
    installed.parent.mkdir(parents=True)
    installed.touch()
    (tmp_path / "thesis.tex").touch()
    person = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "thesis.tex"], [*person, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert len(commit(tmp_path)) == 40, "who names a folder means it"
    monkeypatch.setattr(provenance, "__file__", str(installed))
    assert commit() is None


def test_the_command_can_be_pasted_into_a_shell(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["irlib", "restore", "my photo.png"])
    assert command_typed() == "irlib restore 'my photo.png'"


def test_the_device_is_words():
    assert device_in_words("cpu").startswith("CPU: ")
    before = torch.get_num_threads()
    try:
        for threads, words in ((1, "1 thread"), (2, "2 threads")):
            torch.set_num_threads(threads)
            assert device_in_words("cpu").endswith(f", {words}")
    finally:
        torch.set_num_threads(before)


def test_the_hash_of_a_file(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    assert sha256_of_file(tmp_path / "w") == hashlib.sha256(b"weights").hexdigest()
    with pytest.raises(IrlibError, match="cannot read"):
        sha256_of_file(tmp_path / "missing")


def test_reading_a_record_does_not_load_torch():
    code = "import sys; import irlib.ledger; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
