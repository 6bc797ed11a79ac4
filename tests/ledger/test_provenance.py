"""Where a number comes from."""

import hashlib
import subprocess
import sys

import pytest

from irlib.errors import IrlibError
from irlib.ledger import commit, device_in_words, library_versions, sha256_of_file


def test_versions_name_python_and_torch():
    assert {"python", "torch", "numpy"} <= set(library_versions())


def test_a_folder_outside_a_checkout_has_no_commit(tmp_path):
    assert commit(tmp_path) is None


def test_the_device_is_words():
    assert device_in_words("cpu").startswith("CPU: ")
    assert device_in_words("cpu").endswith("cores")


def test_the_hash_of_a_file(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    assert sha256_of_file(tmp_path / "w") == hashlib.sha256(b"weights").hexdigest()
    with pytest.raises(IrlibError, match="cannot read"):
        sha256_of_file(tmp_path / "missing")


def test_reading_a_record_does_not_load_torch():
    code = "import sys; import irlib.ledger; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
