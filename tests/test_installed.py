"""irlib as a package, built and installed without its checkout: what Colab has.

The wheel is built once, offline, from a copy. The notebooks on it: tests/book/test_colab.py.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from irlib.ledger import record_names, value

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "book" / "results"
PARTS = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "LICENSE-text")
#: Bytes; the small networks are most of it. A wheel of data sets or pictures would be larger.
LARGEST = 60e6

pytestmark = pytest.mark.slow


def pip(*arguments, cwd):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy: pip leaves a folder `build` where it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "irlib", source / "irlib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(RESULTS, source / "book" / "results")
    for name in PARTS:
        shutil.copy(ROOT / name, source / name)
    offline = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet")
    pip("wheel", ".", *offline, "--wheel-dir", folder, cwd=source)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder without a checkout around it, with the wheel unpacked in its `packages`."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pip("install", wheel, "--no-deps", "--no-index", "--quiet", "--target", "packages", cwd=folder)
    return folder


def in_it(installed: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(installed / "packages")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=installed, env=environment, capture_output=True, text=True
    )


def test_the_wheel_carries_each_record_once_and_stays_small(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    folder = "irlib/ledger/shipped/"
    carried = {name.removeprefix(folder) for name in names if name.startswith(folder)}
    assert carried == {path.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("*.json")}
    assert wheel.stat().st_size < LARGEST


def test_the_wheel_carries_every_file_of_data_in_the_package(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "irlib"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    missing = [name for name in tracked if name not in names and (ROOT / name).is_file()]
    assert tracked, "no git here"
    assert missing == []


def test_pages_read_records_and_printed_tables_there(installed):
    name, key = "promptir-pocket/embedded", "psnr"
    code = f"""
import irlib
from irlib.ledger import ledger_root, records, value
from irlib.ledger.paper_tables import paper_tables
assert irlib.__file__.startswith({str(installed)!r}), irlib.__file__
print(ledger_root().name, len(list(records())), len(list(paper_tables())) > 0)
print(value({name!r}, {key!r}))
"""
    done = in_it(installed, "-c", code)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == f"shipped {len(record_names(RESULTS))} True"
    assert float(second) == value(name, key, RESULTS)


def test_a_record_without_a_checkout_asks_for_a_folder_at_once(installed):
    command = ("evaluate", "--weights", "promptir-pocket", "--embedded", "--record", "mine/here")
    done = in_it(installed, "-c", "from irlib.cli import main; main()", *command)
    assert done.returncode == 2
    assert "--results FOLDER" in done.stderr
    assert "Traceback" not in done.stderr
