"""An index gives the pairs that a listing gives, and is void as soon as the folders change."""

import shutil

import pytest
import torch

from irlib.data.benchmarks import get_benchmark
from irlib.data.images import write_image
from irlib.data.listing import Listing, index_file, listing, read_index, write_index
from irlib.errors import IrlibError

OTS = get_benchmark("ots")


@pytest.fixture
def root(tmp_path):
    for scene in ("0001", "0002"):
        for name in (f"clear/{scene}.png", f"haze/part1/{scene}_0.8_0.1.jpg",
                     f"haze/part2/{scene}_1_0.2.jpg"):  # fmt: skip
            path = tmp_path / "OTS" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, torch.full((3, 8, 8), 0.5))
    return tmp_path


def indexed(root):
    index_file("ots", root).parent.mkdir(exist_ok=True)
    found = listing("ots", root, *OTS.listed(root))
    write_index(found, root)
    return found


def test_an_index_gives_the_pairs_of_the_folders(root):
    listed = OTS.pairs(root)
    indexed(root)
    assert read_index("ots", root) == listed
    assert len(listed) == 4


def test_with_an_index_no_folder_is_listed(root, monkeypatch):
    listed = OTS.pairs(root)
    indexed(root)

    def refuse(*_):
        raise AssertionError("a folder was listed")

    monkeypatch.setattr("irlib.data.benchmarks.pair_up", refuse)
    assert OTS.pairs(root) == listed
    with pytest.raises(AssertionError, match="listed"):
        OTS.listed(root)


@pytest.mark.parametrize("change", ["added", "removed", "a new folder", "moved"])
def test_a_change_makes_the_index_void(root, change):
    indexed(root)
    part = root / "OTS" / "haze" / "part1"
    if change == "added":
        shutil.copy(part / "0001_0.8_0.1.jpg", part / "0001_0.9_0.1.jpg")
    elif change == "removed":
        (part / "0001_0.8_0.1.jpg").unlink()
    elif change == "a new folder":
        shutil.copytree(part, part.with_name("part3"))
        for path in part.with_name("part3").iterdir():
            path.rename(path.with_name(path.name.replace("_0.8_", "_0.7_")))
    else:
        part.rename(part.with_name("part9"))
    with pytest.warns(UserWarning, match="irlib data index ots"):
        pairs = OTS.pairs(root)
    assert len(pairs) == {"added": 5, "removed": 3, "a new folder": 6, "moved": 4}[change]
    assert pairs == OTS.listed(root)[1]


def test_an_index_serves_a_root_that_was_moved_whole(root, tmp_path_factory):
    indexed(root)
    other = tmp_path_factory.mktemp("other") / "root"
    shutil.copytree(root, other)  # keeps the times of folders, as rsync -a does
    assert read_index("ots", other) == OTS.listed(other)[1]


def test_a_root_that_is_the_sets_own_folder(root):
    folder = root / "OTS"
    indexed(folder)
    assert read_index("ots", folder) == OTS.listed(folder)[1]


@pytest.mark.parametrize("content", ["", "[1]", "{}", '{"form": 1}'])
def test_a_damaged_index_is_passed_over_with_a_warning(root, content):
    indexed(root)
    index_file("ots", root).write_text(content)
    with pytest.warns(UserWarning, match="cannot be read"):
        assert len(OTS.pairs(root)) == 4


def test_an_index_that_cannot_be_written_says_so(root):
    found = indexed(root)
    (root / "file").write_text("")
    with pytest.raises(IrlibError, match="could not be written"):
        write_index(found, root / "file")


def test_a_listing_survives_json(root):
    found = indexed(root)
    assert Listing.from_json(found.as_json()) == found
