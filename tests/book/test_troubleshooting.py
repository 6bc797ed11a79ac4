"""Every message on the page of troubles is what the lines before it say, in an empty folder."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from irlib import cli
from irlib.data.images import write_image
from irlib.data.photos import photo
from irlib.errors import IrlibError

PAGE = Path(__file__).resolve().parents[2] / "book" / "troubleshooting.md"
ENTRY = re.compile(
    r"^### (?P<title>.+)\n+```(?P<kind>bash|python)\n(?P<code>[^`]*?)^```\n+"
    r"```text\n(?P<said>(?:(?!```).*\n)+)```$",
    re.MULTILINE,
)
TEXT = PAGE.read_text(encoding="utf-8")
ENTRIES = [pytest.param(e, id=e["title"]) for e in ENTRY.finditer(TEXT)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A reader's folder with one photograph, on a machine without a GPU and without benchmarks."""
    monkeypatch.chdir(tmp_path)
    for variable in ("IRLIB_DATA", "IRLIB_SCALE", "IRLIB_DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    write_image(tmp_path / "photo.png", photo("coffee")[:, 100:148, 100:164])
    return tmp_path


def run_line(line: str, monkeypatch) -> int:
    """One line of a shell: irlib's without a process of its own, others as they are."""
    words = shlex.split(line)
    with monkeypatch.context() as patch:
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            patch.setenv(*words.pop(0).split("=", 1))
        if words[0] == "irlib":
            return cli.run(words[1:])
    return subprocess.run(["bash", "-c", line], env=os.environ).returncode


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_lines_bring_about_the_message(entry, folder, monkeypatch, capsys):
    if entry["kind"] == "python":
        with pytest.raises(IrlibError) as caught:
            exec(compile(entry["code"], entry["title"], "exec"), {})
        said = str(caught.value)
    else:
        *before, last = entry["code"].splitlines()
        assert [run_line(line, monkeypatch) for line in before] == [0] * len(before)
        capsys.readouterr()
        assert run_line(last, monkeypatch) in (1, 2)
        said = capsys.readouterr().err
    pieces = [re.escape(piece) for piece in entry["said"].strip().split("…")]
    assert re.search(".*".join(pieces), said, re.DOTALL), said


def test_no_entry_is_left_out():
    assert len(ENTRIES) == TEXT.count("\n### ") == TEXT.count("```text\n") > 25
