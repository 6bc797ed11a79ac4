"""Pairs come in one order, whatever order the disk lists its files in."""

import random
from pathlib import Path

import pytest

from irlib.data.benchmarks import get_benchmark
from irlib.data.pairing import folder_pairs

NAMES = [f"{number:03d}" for number in range(12)]


def fill(*folders):
    for folder in folders:
        folder.mkdir(parents=True)
        for name in NAMES:
            (folder / f"{name}.png").write_bytes(b"")


@pytest.fixture(params=range(3))
def shuffled_disk(request, monkeypatch):
    """A disk that lists files in an order of its own."""
    listed = Path.iterdir

    def shuffled(folder):
        paths = list(listed(folder))
        random.Random(request.param).shuffle(paths)
        return iter(paths)

    monkeypatch.setattr(Path, "iterdir", shuffled)


def test_pairs_are_sorted_by_name(tmp_path, shuffled_disk):
    fill(tmp_path / "input", tmp_path / "target")
    assert [pair.name for pair in folder_pairs(tmp_path)] == NAMES


def test_so_are_the_images_of_a_benchmark(tmp_path, shuffled_disk):
    fill(tmp_path / "CBSD68")
    pairs = get_benchmark("cbsd68").pairs(tmp_path)
    assert [pair.name for pair in pairs] == NAMES
