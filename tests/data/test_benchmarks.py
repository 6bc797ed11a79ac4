"""Benchmarks by folder: every layout understood, no image dropped in silence."""

from pathlib import Path, PurePath

import pytest
from PIL import Image

from irlib.data.benchmark_layouts import (
    berkeley_number,
    haze_scene,
    rain_number,
    scene_and_stem,
    urban_number,
)
from irlib.data.benchmarks import data_root, folder_pairs, get_benchmark, list_benchmarks
from irlib.errors import IrlibError, UsageError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 24)).save(root / name)


def names(benchmark: str, root: Path) -> list[tuple]:
    return [
        (p.name, p.degraded and p.degraded.name, p.clean and p.clean.name)
        for p in get_benchmark(benchmark).pairs(root)
    ]


@pytest.mark.parametrize(
    ("rule", "path", "key"),
    [
        (rain_number, "rainy/rain-007.png", "7"),
        (rain_number, "gt/norain-7.png", "7"),
        (rain_number, "rain/X2/norain-7x2.png", "7"),
        (rain_number, "input/7.png", "7"),
        (rain_number, "input/cat.png", "cat"),
        (haze_scene, "hazy/0001_0.8_0.2.jpg", "0001"),
        (haze_scene, "part1/0025_1_0.04.jpg", "0025"),
        (haze_scene, "gt/0001.png", "0001"),
        (scene_and_stem, "GOPR0384_11_00/blur/000001.png", "GOPR0384_11_00/000001"),
        (scene_and_stem, "input/000001.png", "000001"),
        (berkeley_number, "a117025.jpg", "117025"),
        (berkeley_number, "117025.jpg", "117025"),
        (berkeley_number, "apple.jpg", "apple"),
        (urban_number, "img_001_SRF_2_HR.png", "img_001"),
    ],
)
def test_pairing_rules(rule, path, key):
    assert rule(PurePath(path)) == key


@pytest.mark.parametrize(
    ("benchmark", "files"),
    [
        ("rain100l", ["Rain100L/rainy/rain-1.png", "Rain100L/gt/norain-1.png"]),
        ("rain100l", ["Rain100L/rainy/rain-001.png", "Rain100L/norain-001.png"]),
        ("rain100l", ["Rain100L/rain-1.png", "Rain100L/norain-1.png"]),
        ("rain100l", ["Rain100L/input/1.png", "Rain100L/target/1.jpg"]),
        (
            "rain100l",
            [
                "rain_data_test_Light/rain/X2/norain-1x2.png",
                "rain_data_test_Light/norain/norain-1.png",
            ],
        ),
        ("raintrainl", ["RainTrainL/rainy/rain-1.png", "RainTrainL/gt/norain-1.png"]),
        ("rain13k", ["train/Rain13K/input/1.png", "train/Rain13K/target/1.png"]),
        ("sots-outdoor", ["SOTS/outdoor/hazy/1_0.8_0.2.jpg", "SOTS/outdoor/gt/1.png"]),
        ("sots-outdoor", ["SOTS_outdoor/input/1.jpg", "SOTS_outdoor/target/1.png"]),
        ("ots", ["OTS/synthetic/part1/1_0.8_0.2.jpg", "OTS/original/1.jpg"]),
        ("gopro", ["GOPRO_Large/test/S/blur/1.png", "GOPRO_Large/test/S/sharp/1.png"]),
        ("gopro", ["GoPro/input/1.png", "GoPro/target/1.png"]),
        ("lol", ["LOL/eval15/low/1.png", "LOL/eval15/high/1.png"]),
        ("lol-train", ["LOL/our485/low/1.png", "LOL/our485/high/1.png"]),
        ("uieb", ["UIEB/raw-890/1.png", "UIEB/reference-890/1.png"]),
        ("lsui", ["LSUI/input/1.jpg", "LSUI/GT/1.jpg"]),
        ("cdd11", ["CDD-11_test/low_haze/1.png", "CDD-11_test/clear/1.png"]),
        ("cdd11", ["CDD11/input/1_low_haze.jpg", "CDD11/target/1.jpg"]),
    ],
)
def test_layouts_of_pairs(tmp_path, benchmark, files):
    touch(tmp_path, *files)
    (pair,) = get_benchmark(benchmark).pairs(tmp_path)
    assert pair.degraded == tmp_path / files[0]
    assert pair.clean == tmp_path / files[1]


@pytest.mark.parametrize(
    ("benchmark", "file", "name"),
    [
        ("cbsd68", "CBSD68/3096.png", "3096"),
        ("cbsd68", "denoise/bsd68/3096.jpg", "3096"),
        ("cbsd68", "CBSD68/original_png/3096.png", "3096"),
        ("bsd400", "BSDS500/data/images/train/100075.jpg", "100075"),
        ("wed", "WED/pristine_images/00001.bmp", "00001"),
        ("urban100", "Urban100/image_SRF_2/img_001_SRF_2_HR.png", "img_001"),
        ("kodak24", "kodak/kodim01.png", "kodim01"),
    ],
)
def test_layouts_of_clean_sets(tmp_path, benchmark, file, name):
    touch(tmp_path, file)
    (pair,) = get_benchmark(benchmark).pairs(tmp_path)
    assert (pair.name, pair.degraded, pair.clean) == (name, None, tmp_path / file)


def test_the_sets_own_folder_is_as_good_as_the_data_root(tmp_path):
    touch(tmp_path, "Kodak24/kodim01.png")
    kodak = get_benchmark("kodak24")
    assert kodak.pairs(tmp_path / "Kodak24") == kodak.pairs(tmp_path)


def test_the_challenge_set_has_no_references(tmp_path):
    touch(tmp_path, "UIEB/challenging-60/1.png")
    assert names("uieb-c60", tmp_path) == [("1", "1.png", None)]
    assert get_benchmark("uieb-c60").kind == "no reference"


def test_several_hazes_of_one_scene_keep_their_names(tmp_path):
    touch(tmp_path, "SOTS/hazy/1_0.8_0.2.jpg", "SOTS/hazy/1_0.9_0.1.jpg", "SOTS/gt/1.png")
    assert names("sots-outdoor", tmp_path) == [
        ("1_0.8_0.2", "1_0.8_0.2.jpg", "1.png"),
        ("1_0.9_0.1", "1_0.9_0.1.jpg", "1.png"),
    ]


def test_frames_of_two_scenes_are_not_confused(tmp_path):
    touch(tmp_path, *(f"GoPro/{s}/{k}/1.png" for s in "AB" for k in ("blur", "sharp")))
    assert [p.name for p in get_benchmark("gopro").pairs(tmp_path)] == ["A/1", "B/1"]


def test_the_groups_of_cdd11(tmp_path):
    touch(tmp_path, "CDD11/clear/1.png", "CDD11/low/1.png", "CDD11/haze_snow/1.png")
    cdd = get_benchmark("cdd11")
    assert [(p.name, p.group) for p in cdd.pairs(tmp_path)] == [
        ("haze_snow/1", "haze_snow"),
        ("low/1", "low"),
    ]
    assert [p.group for p in cdd.pairs(tmp_path, group="low")] == ["low"]
    with pytest.raises(UsageError, match="no group 'fog'; it has haze_snow, low"):
        cdd.pairs(tmp_path, group="fog")


@pytest.mark.parametrize("in_folder", ["117025.jpg", "a117025.jpg"])
@pytest.mark.parametrize("on_list", ["117025.jpg", "a117025.jpg"])
def test_the_leading_a_of_bsd400_matches_both_ways(tmp_path, in_folder, on_list):
    touch(tmp_path, f"BSD400/{in_folder}")
    (pair,) = get_benchmark("bsd400").select(tmp_path, [on_list])
    assert pair.clean.name == in_folder


def test_a_name_on_a_list_without_a_file_is_an_error(tmp_path):
    touch(tmp_path, "BSD400/117025.jpg")
    with pytest.raises(IrlibError, match=r"1 of 2 names.*a999\.jpg"):
        get_benchmark("bsd400").select(tmp_path, ["a117025.jpg", "a999.jpg"])


def test_the_same_photograph_under_both_names_is_an_error(tmp_path):
    touch(tmp_path, "BSD400/117025.jpg", "BSD400/a117025.jpg")
    with pytest.raises(IrlibError, match="both stand for '117025'"):
        get_benchmark("bsd400").pairs(tmp_path)


@pytest.mark.parametrize("extra", ["input/2.png", "target/2.png"])
def test_an_image_without_its_partner_is_an_error_and_named(tmp_path, extra):
    touch(tmp_path, "input/1.png", "target/1.png", extra)
    with pytest.raises(IrlibError, match=extra.replace(".", r"\.")):
        folder_pairs(tmp_path)


def test_any_folder_of_pairs(tmp_path):
    touch(tmp_path, "Low/a_1.JPG", "High/a_1.png", "High/.hidden.png", "Low/notes.txt.png.bak.png")
    touch(tmp_path, "High/notes.txt.png.bak.png")
    assert [p.name for p in folder_pairs(tmp_path)] == ["a_1", "notes.txt.png.bak"]


def test_a_folder_without_pairs_says_what_is_expected(tmp_path):
    with pytest.raises(IrlibError, match=r"holds no pairs: expected .*input/.*target/"):
        folder_pairs(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        folder_pairs(tmp_path / "nowhere")


def test_the_data_root(tmp_path, monkeypatch):
    monkeypatch.delenv("IRLIB_DATA", raising=False)
    with pytest.raises(UsageError, match=r"--data.*IRLIB_DATA"):
        data_root()
    monkeypatch.setenv("IRLIB_DATA", str(tmp_path))
    assert data_root() == tmp_path
    assert data_root(tmp_path.parent) == tmp_path.parent
    with pytest.raises(UsageError, match="does not exist"):
        data_root(tmp_path / "nowhere")


def test_unknown_and_absent_benchmarks(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'cbsd68'"):
        get_benchmark("cbsd86")
    with pytest.raises(IrlibError, match=r"CBSD68 was not found.*bsd68.*Martin"):
        get_benchmark("cbsd68").pairs(tmp_path)


def test_every_benchmark_is_fully_described():
    benchmarks = list_benchmarks()
    assert len({b.name for b in benchmarks}) == len(benchmarks) >= 16
    for b in benchmarks:
        assert all((b.title, b.task, b.split, b.size, b.terms, b.published_by, b.layout)), b.name
        assert b.names is None or len(set(b.names)) == b.count


@pytest.mark.parametrize(
    ("benchmark", "count"),
    [
        ("cbsd68", 68),
        ("bsd400", 16),
        ("rain100l", 25),
        ("raintrainl", 6),
        ("sots-outdoor", 12),
        ("lol-train", 8),
        ("gopro", 3),
        ("uieb", 6),
        ("lsui", 12),
        ("cdd11", 2),
    ],
)
def test_the_shared_sets_are_found_whole(shared, benchmark, count):
    assert len(get_benchmark(benchmark).pairs(shared / "data")) == count
