"""Packed pixels give the training samples of the files, bit for bit."""

import shutil

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from irlib.data import packing
from irlib.data.benchmarks import get_benchmark
from irlib.data.images import NoSpaceError, Picture, read_image, write_image
from irlib.data.listing import listing
from irlib.data.mixing import Entry, MixedPairs
from irlib.data.packing import PackedImage, pack_file, packed_pairs, write_pack
from irlib.errors import IrlibError

RAIN = get_benchmark("raintrainl")


@pytest.fixture
def root(tmp_path):
    for number, (height, width) in enumerate([(40, 31), (12, 50), (33, 33)], 1):
        generator = torch.Generator().manual_seed(number)
        for side, name in (("rainy", f"rain-{number}.png"), ("gt", f"norain-{number}.jpg")):
            path = tmp_path / "RainTrainL" / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, torch.rand(3, height, width, generator=generator))
    return tmp_path


def pack(root, path=None, **options):
    path = path or pack_file("raintrainl", root)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_pack(listing("raintrainl", root, *RAIN.listed(root)), root, path, **options)


def entries(pairs):
    return [Entry("derain", pair.clean, pair.degraded) for pair in pairs]


def test_samples_of_a_pack_are_those_of_the_files(root):
    pack(root)
    settings = {"patch": 16, "seed": 3, "positive": True}
    files = MixedPairs(entries(RAIN.pairs(root)), **settings)
    packed = MixedPairs(entries(packed_pairs("raintrainl", root)), **settings)
    for position in range(12):
        one, other = files[position], packed[position]
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
        assert one["target"].shape == (3, 16, 16)


def test_clean_images_of_a_pack_are_degraded_alike(root):
    pack(root)
    for positive in (False, True):
        files, packed = (
            MixedPairs([Entry("denoise", p.clean, None, 25.0) for p in pairs], patch=24,
                       positive=positive)
            for pairs in (RAIN.pairs(root), packed_pairs("raintrainl", root))
        )  # fmt: skip
        for position in range(3):
            one, other = files[position], packed[position]
            assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_pack_is_a_safetensors_file_of_all_images(root):
    told = []
    state = load_file(pack(root, tell=lambda done, images: told.append((done, images))))
    assert told == [(6, 6)]
    assert len(state) == 6
    for key, pixels in state.items():
        expected = read_image(root / key).rgb().mul(255).round().byte()
        assert torch.equal(pixels.movedim(-1, 0), expected)


def test_a_pack_without_the_images(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("scratch")
    pack(root, pack_file("raintrainl", elsewhere))
    pairs = packed_pairs("raintrainl", elsewhere)
    assert [pair.name for pair in pairs] == ["1", "2", "3"]
    assert packed_pairs("ots", elsewhere) is None


def test_a_pack_older_than_its_folders_is_refused(root):
    pack(root)
    shutil.copy(root / "RainTrainL/gt/norain-1.jpg", root / "RainTrainL/gt/norain-4.jpg")
    with pytest.raises(IrlibError, match="irlib data pack raintrainl"):
        packed_pairs("raintrainl", root)


def test_photographs_on_their_side_are_packed_upright(root):
    path = root / "RainTrainL" / "gt" / "norain-1.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(path).rotate(90, expand=True).save(path, exif=exif)
    pack(root)
    image = packed_pairs("raintrainl", root)[0].clean
    assert image.pixels().shape == read_image(path).pixels.shape == (3, 40, 31)


def test_sixteen_bits_are_refused(root):
    deep = torch.rand(3, 40, 31)
    write_image(root / "RainTrainL/rainy/rain-1.png", deep, Picture(deep, bits=16))
    with pytest.raises(IrlibError, match=r"16 bits.*holds 8"):
        pack(root)
    assert list((root / "packed").iterdir()) == []


def test_a_damaged_image_is_named(root):
    (root / "RainTrainL/rainy/rain-2.png").write_bytes(b"no image")
    with pytest.raises(IrlibError, match=r"rain-2\.png cannot be read"):
        pack(root)


def test_a_full_disk_is_found_before_the_long_part(root, monkeypatch):
    usage = shutil.disk_usage(root)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NoSpaceError, match="--output"):
        pack(root)


@pytest.mark.parametrize("damage", ["cut", "garbage", "no header"])
def test_a_damaged_pack_is_an_error(root, damage):
    path = pack(root)
    content = path.read_bytes()
    damaged = {"cut": content[:-5], "garbage": b"x" * 50, "no header": content[:20]}[damage]
    path.write_bytes(damaged)
    packing._opened.cache_clear()
    with pytest.raises(IrlibError, match="cannot be read as a packed benchmark"):
        packed_pairs("raintrainl", root)


def test_an_image_of_a_pack_names_itself(tmp_path):
    assert str(PackedImage(tmp_path / "p", "a/b.png")) == f"a/b.png in {tmp_path / 'p'}"
