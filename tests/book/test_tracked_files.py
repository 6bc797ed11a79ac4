"""What the repository must not contain: addresses of package registries, paths of one machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in pieces, so that this file does not contain what it forbids.
FORBIDDEN = {
    "a package registry": re.compile(
        "|".join(["py" + r"pi\.org", "python" + "hosted", "index" + "-url"])
    ),
    "a path of one machine": re.compile(
        r"(?<![\w.~}>])/(?:"
        + "|".join(["ro" + "ot", "ho" + "me", "wo" + "rk", "Us" + "ers"])
        + r")/\w"
    ),
    "unfinished work": re.compile(
        "|".join(
            ["TO" + "DO", "FIX" + "ME", "X" + "XX+(?![A-Za-z0-9])", "raise " + "NotImplemented"]
        )
    ),
}
TEXT = {
    ".py",
    ".md",
    ".ipynb",
    ".yml",
    ".yaml",
    ".toml",
    ".cfg",
    ".lock",
    ".css",
    ".svg",
    ".bib",
    "",
}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_contains(what):
    found = []
    for path in tracked():
        if path.suffix not in TEXT:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in FORBIDDEN[what].finditer(text)]
    assert not found


def test_no_tracked_file_is_large():
    large = [f"{p.name}: {p.stat().st_size}" for p in tracked() if p.stat().st_size > 5_500_000]
    assert not large


def test_local_targets_of_markdown_links_exist():
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    broken = []
    for path in tracked():
        if path.suffix == ".md":
            for target in link.findall(path.read_text(encoding="utf-8")):
                if not (path.parent / target).exists():
                    broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken
