"""Test images among training images: found whatever their names, sizes and file types."""

import numpy as np
import pytest
from PIL import Image

from irlib.data.leaks import find_leaks, signature, training_images
from irlib.data.pairing import folder_images
from irlib.errors import IrlibError, UsageError


def scene(seed, size=(96, 64)):
    """Smooth shapes of random colours, as different from one another as photographs are."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def folders(tmp_path):
    """Ten training scenes and, as test, five others."""
    for side, seeds in (("train", range(10)), ("test", range(100, 105))):
        (tmp_path / side).mkdir()
        for seed in seeds:
            scene(seed).save(tmp_path / side / f"{seed}.png")
    return tmp_path / "train", tmp_path / "test"


def leaks_of(train, test, **options):
    return find_leaks(training_images(train), folder_images(test), **options)[0]


def test_different_scenes_are_no_leak(folders):
    assert leaks_of(*folders) == []


def test_the_same_pixels_under_another_name_and_type(folders):
    train, test = folders
    (train / "deep" / "er").mkdir(parents=True)
    scene(102).save(train / "deep" / "er" / "00317.bmp")
    (leak,) = leaks_of(train, test)
    assert (leak.test.name, leak.train.name, leak.kind) == ("102.png", "00317.bmp", "same pixels")
    assert leak.likeness == pytest.approx(1, abs=1e-6)
    assert leak.others == 0


@pytest.mark.parametrize("change", ["smaller jpeg", "brighter", "noisy", "cropped", "grey"])
def test_a_changed_copy_looks_alike(folders, change):
    train, test = folders
    copy, name = scene(103), "x.png"
    if change == "smaller jpeg":
        copy, name = copy.resize((32, 21)), "x.jpg"
    elif change == "brighter":
        copy = copy.point(lambda value: 60 + value * 0.5)
    elif change == "noisy":
        noise = np.random.default_rng(0).normal(0, 25, (64, 96, 3))
        copy = Image.fromarray(np.clip(np.asarray(copy) + noise, 0, 255).astype(np.uint8))
    elif change == "cropped":
        copy = copy.crop((0, 0, 95, 63))
    else:
        copy = copy.convert("L")
    copy.save(train / name)
    (leak,) = leaks_of(train, test)
    assert (leak.test.name, leak.train.name, leak.kind) == ("103.png", name, "looks alike")
    assert 0.95 < leak.likeness <= 1


def test_many_copies_of_one_test_image_are_one_leak(folders):
    train, test = folders
    for share in (0.9, 0.8, 0.7):
        scene(101).point(lambda value, s=share: value * s).save(train / f"haze_{share}.png")
    (leak,) = leaks_of(train, test)
    assert leak.others == 2


def test_urban100_inside_a_training_list(tmp_path):
    """The list that the specification of AM-PromptIR reports: 3,024 WED names, all of Urban100."""
    names = [f"/{i:05d}.bmp" for i in range(1, 3025)]
    names += [f"/img_{i:03d}.png" for i in range(1, 101)] + ["/2092.png", "/8049.png"]
    train = tmp_path / "denoise.txt"
    train.write_text("\n".join(names))
    test = tmp_path / "urban100"
    test.mkdir()
    for i in range(1, 101):
        scene(i, (24, 16)).save(test / f"img_{i:03d}_SRF_4_HR.png")
    (test / "else").mkdir()
    scene(7, (24, 16)).save(test / "else" / "kodim01.png")
    leaks, absent = find_leaks(training_images(train), folder_images(test))
    assert len(absent) == 3126
    assert {leak.kind for leak in leaks} == {"same name"}
    assert len(leaks) == 100
    # With the images beside the list, pixels speak and no longer names.
    images = tmp_path / "images"
    images.mkdir()
    scene(5, (24, 16)).save(images / "00317.bmp")
    leaks, absent = find_leaks(training_images(train, images), folder_images(test))
    assert len(absent) == 3125
    pixels = [leak for leak in leaks if leak.kind == "same pixels"]
    assert [(leak.test.stem, leak.train.name) for leak in pixels] == [
        ("img_005_SRF_4_HR", "00317.bmp")
    ]


def test_a_berkeley_name_with_and_without_its_letter(tmp_path):
    (tmp_path / "list.txt").write_text("# names\na101085.jpg\n")
    (tmp_path / "test").mkdir()
    scene(1).save(tmp_path / "test" / "101085.png")
    (leak,), _ = find_leaks(
        training_images(tmp_path / "list.txt"), folder_images(tmp_path / "test")
    )
    assert leak.kind == "same name"


def test_a_picture_of_one_colour_is_like_nothing(tmp_path):
    for side in ("train", "test"):
        (tmp_path / side).mkdir()
        Image.new("RGB", (20, 20), (9, 9, 9)).save(tmp_path / side / "a.png")
    assert np.all(signature(tmp_path / "train" / "a.png") == 0)
    assert leaks_of(tmp_path / "train", tmp_path / "test") == []


def test_a_set_that_shares_pictures_with_another(shared):
    """25 of Rain100L's references are photographs of CBSD68; their rain does not hide it."""
    data = shared / "data"
    cbsd68 = folder_images(data / "CBSD68")
    clean, _ = find_leaks(cbsd68, folder_images(data / "Rain100L" / "target"))
    assert [leak.kind for leak in clean] == ["same pixels"] * 25
    rainy, _ = find_leaks(cbsd68, folder_images(data / "Rain100L" / "input"))
    assert len(rainy) == 25
    assert {leak.kind for leak in rainy} == {"looks alike"}
    others, _ = find_leaks(cbsd68, folder_images(data / "BSDS500_part"))
    assert others == []


def test_wrong_use(tmp_path, folders):
    with pytest.raises(UsageError, match="does not exist"):
        training_images(tmp_path / "nowhere")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(UsageError, match="is empty"):
        training_images(tmp_path / "empty.txt")
    with pytest.raises(UsageError, match="is no text"):
        training_images(next(folders[0].iterdir()))
    with pytest.raises(UsageError, match="likeness is 0"):
        leaks_of(*folders, alike=0)
    (folders[0] / "broken.png").write_bytes(b"no image")
    with pytest.raises(IrlibError, match=r"broken\.png cannot be decoded"):
        leaks_of(*folders)
