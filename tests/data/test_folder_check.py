"""The check of a folder names each damaged, lone or missing file, and no other."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from irlib.data.folder_check import check_folder, inspect_folder
from irlib.errors import IrlibError, UsageError


def image(path: Path, size=(32, 24)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Noise, so that half a file is no whole image; it is slow for large ones.
    small = size[0] < 100
    (Image.effect_noise(size, 60).convert("RGB") if small else Image.new("RGB", size)).save(path)
    return path


def wrong(folder, *arguments, **options) -> set[tuple[str, str]]:
    found = check_folder(folder, *arguments, **options)
    return {(f.kind, f.file) for f in found if f.wrong}


FATES = ("whole", "no input", "no target", "empty", "cut", "garbage", "other size")


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(0, 99).map(str), st.sampled_from(FATES), min_size=1, max_size=6))
def test_exactly_the_damaged_files_are_named(fates):
    with tempfile.TemporaryDirectory() as place:
        folder, expected = Path(place), set()
        (folder / "input").mkdir()
        (folder / "target").mkdir()
        image(folder / "input" / "anchor.png")
        image(folder / "target" / "anchor.png")
        for name, fate in fates.items():
            degraded = image(folder / "input" / f"{name}.png")
            clean = image(folder / "target" / f"{name}.png")
            if fate == "no input":
                degraded.unlink()
                expected.add(("unpaired", f"target/{name}.png"))
            elif fate == "no target":
                clean.unlink()
                expected.add(("unpaired", f"input/{name}.png"))
            elif fate == "other size":
                image(degraded, (31, 24))
                expected.add(("odd size", f"input/{name}.png"))
            elif fate != "whole":
                content = clean.read_bytes()
                damaged = {"empty": b"", "cut": content[: len(content) // 2], "garbage": b"no" * 99}
                clean.write_bytes(damaged[fate])
                expected.add(("unreadable", f"target/{name}.png"))
        assert wrong(folder) == expected


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_finding_and_never_a_crash(content):
    with tempfile.TemporaryDirectory() as place:
        for suffix in ("png", "jpg", "tif", "webp", "bmp"):
            (Path(place) / f"x.{suffix}").write_bytes(content)
        kinds = {f.kind for f in check_folder(place)}
        assert "unreadable" in kinds
        assert kinds <= {"unreadable", "duplicate"}


def test_a_missing_image_of_a_known_set_is_named(tmp_path):
    for i in range(1, 25):
        image(tmp_path / "Kodak24" / f"kodim{i:02d}.png", (768, 512))
    assert wrong(tmp_path) == set()
    (tmp_path / "Kodak24" / "kodim07.png").unlink()
    assert wrong(tmp_path) == {("missing", "kodim07")}
    assert wrong(tmp_path, subset=True) == set()
    (inspection,) = inspect_folder(tmp_path)
    assert inspection.count_in_words == ("23 of 24: a subset; its mean is not the published number")


def test_odd_and_extra_images_of_a_known_set(tmp_path):
    image(tmp_path / "Kodak24" / "kodim01.png", (767, 512))
    image(tmp_path / "Kodak24" / "holiday.png", (768, 512))
    assert wrong(tmp_path, "kodak24", subset=True) == {
        ("odd size", "kodim01.png"),
        ("extra", "holiday.png"),
    }


def test_a_declared_subset_may_be_incomplete(tmp_path):
    image(tmp_path / "LOL_our485_part" / "low" / "1.png", (600, 400))
    image(tmp_path / "LOL_our485_part" / "high" / "1.png", (600, 400))
    assert wrong(tmp_path) == set()
    assert [f.kind for f in check_folder(tmp_path)] == ["subset"]


def test_a_training_set_that_holds_test_photographs(tmp_path):
    image(tmp_path / "BSD400" / "a3096.png", (481, 321))
    assert ("overlap", "a3096.png") in wrong(tmp_path)


def test_both_names_of_one_photograph_are_a_duplicate(tmp_path):
    image(tmp_path / "BSD400" / "117025.png", (481, 321))
    image(tmp_path / "BSD400" / "a117025.png", (481, 321))
    assert ("duplicate", "a117025.png") in wrong(tmp_path)


def test_a_sub_degradation_that_lacks_an_image(tmp_path):
    from irlib.data.catalogue_pairs import CDD11_GROUPS

    for group in ("clear", *CDD11_GROUPS):
        image(tmp_path / "CDD11" / group / "1.png", (1080, 720))
    (tmp_path / "CDD11" / "haze_snow" / "1.png").unlink()
    assert ("missing", "haze_snow/1") in wrong(tmp_path)


def test_a_stray_file_is_a_remark_only(tmp_path):
    image(tmp_path / "input" / "1.png")
    image(tmp_path / "target" / "1.png")
    (tmp_path / "input" / "notes.txt").write_text("mine")
    (finding,) = check_folder(tmp_path)
    assert (finding.kind, finding.wrong) == ("stray", False)


def test_a_folder_that_holds_nothing(tmp_path):
    with pytest.raises(IrlibError, match="no benchmark, no folder of pairs"):
        check_folder(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        check_folder(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="did you mean 'kodak24'"):
        check_folder(tmp_path, "kodak42")


def test_the_shared_sets_are_whole_but_for_being_subsets(shared):
    inspections = inspect_folder(shared / "data", subset=True)
    assert {i.title: i.found for i in inspections if i.title in ("CBSD68", "Rain100L")} == {
        "CBSD68": 68,
        "Rain100L": 25,
    }
    assert [f for i in inspections for f in i.findings if f.wrong] == []
