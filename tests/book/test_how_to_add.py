"""The page "How to add" does what it says: each part is followed literally, in a copy.

What a block is for stands in the words before it: a new file, lines below or above a line, lines at
the end of a file. Blocks of `bash` are run.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from irlib.data.images import write_image
from irlib.data.photos import photo

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "book" / "how-to-add.md"
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(
    r"(?:New file `(?P<new>[^`]+)`"
    r"|In `(?P<file>[^`]+)`,\s(?:(?P<side>below|above) the line\s`(?P<line>[^`]+)`|at the end))"
    r":\s*\Z"
)
PARTS = ("degradation", "model", "loss", "benchmark")


@dataclass(frozen=True)
class Step:
    """One block: Python for a file, or commands to run."""

    code: str
    place: re.Match | None


def steps(part: str) -> list[Step]:
    """The blocks of one part of the page, in order."""
    (text,) = re.findall(
        rf"^\(add-a-{part}\)=\n(.*?)(?=^\(add-a-|^## Before|\Z)",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    found, start = [], 0
    for block in BLOCK.finditer(text):
        place = PLACE.search(text[start : block.start()])
        assert (place is None) == (block[1] == "bash"), f"where does this belong?\n{block[2]}"
        found.append(Step(block[2], place))
        start = block.end()
    return found


def follow(step: Step, copy: Path) -> None:
    """Change the copy as one Python block says."""
    place = step.place
    if place["new"]:
        assert not (copy / place["new"]).exists()
        (copy / place["new"]).write_text(step.code, encoding="utf-8")
        return
    file = copy / place["file"]
    lines = file.read_text(encoding="utf-8").splitlines()
    if not place["line"]:
        lines += ["", "", *step.code.splitlines()]
    else:
        (at,) = (n for n, line in enumerate(lines) if line.strip() == place["line"])
        at += place["side"] == "below"
        lines[at:at] = step.code.splitlines()
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def copy(tmp_path) -> Path:
    """The library and its tests, with weights linked, and a reader's photographs."""

    def link_weights(source: str, target: str) -> None:
        if source.endswith(".safetensors"):
            os.symlink(source, target)
        else:
            shutil.copyfile(source, target)

    for folder in ("irlib", "tests"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore, copy_function=link_weights)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    image = photo("coffee")[:, 100:148, 100:164]
    for name in ("photos/cup", "benchmarks/GardenRain/dry/leaf-1"):
        (tmp_path / name).parent.mkdir(parents=True)
        write_image(tmp_path / f"{name}.png", image)
    shutil.copyfile(
        tmp_path / "photos/cup.png", tmp_path / "benchmarks" / "GardenRain" / "dry" / "leaf-2.png"
    )
    shutil.copytree(
        tmp_path / "benchmarks" / "GardenRain" / "dry",
        tmp_path / "benchmarks" / "GardenRain" / "wet",
    )
    return tmp_path


def run(commands: str, copy: Path) -> str:
    """Run lines of a block in the copy, where `irlib` and `python` are the copy's."""
    here = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": here, "PYTHONPATH": str(copy), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=copy, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_part_works_as_it_stands(part, copy):
    found = steps(part)
    assert any(step.place is None for step in found)
    for step in found:
        if step.place is None:
            run(step.code, copy)
        else:
            follow(step, copy)
    changed = {step.place["new"] or step.place["file"] for step in found if step.place}
    for tool in ("check", "format --check"):
        run(f"ruff {tool} {' '.join(sorted(changed))}", copy)
    written = {"degradation": "corners/cup.png", "model": "restored/cup.png"}
    written["loss"] = "runs/edges/weights.safetensors"
    assert part not in written or (copy / written[part]).is_file()


def test_the_page_has_no_other_parts():
    anchors = re.findall(r"^\(add-a-(\w+)\)=$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(anchors) == PARTS
