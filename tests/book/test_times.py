"""A chapter opens with what a reader plans by, and its minutes agree with what was measured."""

import re
from pathlib import Path

import nbformat
import pytest

from irlib.viz.run_times_page import run_time_records

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MINUTES = {
    "half": 0.5,
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "seconds": 0.5,
}
NUMBER = re.compile(r"\b(half|one|two|three|four|five|a(?= minute)|seconds)\b")
PIECES = ("What you will learn", "Before you start", "Time")


def opening(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[0].source


def stated(text: str) -> float:
    """The most minutes of running that an opening promises: "one or two minutes" are two.

    >>> stated("**Time:** an hour to read; about a minute to run on one core.")
    1
    """
    line = " ".join(text[text.index("**Time") :].split())
    line = line.split(" to read", 1)[-1].split(" on one", 1)[0].split(" to run", 1)[0]
    numbers = [MINUTES[word] for word in NUMBER.findall(line.split("no GPU")[0])]
    return max(numbers)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_opening_says_what_is_learned_what_is_needed_and_how_long_it_takes(path):
    text = opening(path)
    missing = [piece for piece in PIECES if f"**{piece}" not in text]
    assert not missing
    assert "to read" in text
    assert re.search(r"\b(CPU|GPU)\b", text), "on which device does it run?"
    assert 0 < stated(text) <= 5


def test_no_notebook_takes_twice_as_long_as_it_says():
    records = run_time_records(ROOT / "book" / "results")
    measured = {name: value for record in records for name, value in record.values.items()}
    longer = {}
    for path in NOTEBOOKS:
        for scale in ("smoke", "pocket"):
            minutes = measured.get(f"{path.stem}/{scale}_core_seconds", 0) / 60
            if minutes > 2 * stated(opening(path)):
                longer[f"{path.stem} at {scale}"] = f"{minutes:.1f} minutes of a core"
    assert not longer
