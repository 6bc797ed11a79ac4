"""Folds are a hash of names: deterministic, near even, disjoint."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.perceiver import fold_of
from irlib.perceiver.folds import relative_path, sample_key


@given(st.sampled_from(FIVE_TASKS), st.text(min_size=1))
def test_it_is_the_formula(task, path):
    digest = hashlib.sha1((task + "|" + path).encode("utf-8", "surrogatepass")).digest()
    assert fold_of(task, path) == digest[7] % 2
    assert sample_key(task, path) == digest.hex()


def test_recorded_folds_stay():
    """Another value here would move every sample of every stored run."""
    names = [("derain", "RainTrainL/rain-1.png"), ("denoise", "WED/00001.bmp"), ("dehaze", "ü.png")]
    assert [fold_of(*name) for name in names] == [
        int.from_bytes(hashlib.sha1(f"{t}|{p}".encode()).digest()[:8], "big") % 2 for t, p in names
    ]
    assert sample_key("derain", "RainTrainL/rain-1.png")[:8] == "e3eb40be"


def test_two_thousand_names_split_near_the_middle():
    folds = [fold_of("dehaze", f"OTS/hazy/{i:04d}_0.8_0.2.jpg") for i in range(2000)]
    assert abs(sum(folds) - 1000) <= 50
    assert folds == [fold_of("dehaze", f"OTS/hazy/{i:04d}_0.8_0.2.jpg") for i in range(2000)]


def test_the_task_takes_part():
    folds = [[fold_of(task, f"{i}.png") for i in range(64)] for task in FIVE_TASKS]
    assert len({tuple(row) for row in folds}) == len(FIVE_TASKS)


def test_paths_are_relative_with_forward_slashes():
    root = Path("data") / "sets"
    assert relative_path(root / "WED" / "00001.bmp", root) == "WED/00001.bmp"
    with pytest.raises(UsageError, match="below"):
        relative_path("elsewhere/a.png", root)
