import contextlib
import errno
import io
import struct
import zlib

import numpy as np
import png
import pytest
import tifffile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from irlib.data import images
from irlib.data.images import NoSpaceError, Picture, read_image, read_rgb, write_image
from irlib.errors import IrlibError, UsageError

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def random_picture(channels=3, bits=8, alpha=False, size=(13, 17), seed=0, **facts):
    generator = torch.Generator().manual_seed(seed)
    top = 2**bits - 1
    values = torch.randint(0, top + 1, (channels + alpha, *size), generator=generator) / top
    transparency = values[channels:] if alpha else None
    return Picture(values[:channels], bits, transparency, **facts)


def same(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".webp", ".bmp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_8_bit_round_trip_is_exact(tmp_path, suffix, channels):
    picture = random_picture(channels)
    path = tmp_path / f"a{suffix}"
    write_image(path, picture.rgb(), picture)
    back = read_image(path)
    assert back.bits == 8
    assert back.alpha is None
    same(back.rgb(), picture.rgb())
    assert back.grey == (channels == 1 and suffix != ".webp")  # WebP has no grey


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
@given(size=st.tuples(st.integers(1, 70), st.integers(1, 20)), alpha=st.booleans())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_round_trip_keeps_bits_and_alpha(tmp_path, suffix, bits, channels, size, alpha):
    picture = random_picture(channels, bits, alpha, size)
    path = tmp_path / f"a{suffix}"
    write_image(path, picture.rgb(), picture)
    back = read_image(path)
    assert back.bits == bits
    torch.testing.assert_close(back.rgb(), picture.rgb(), rtol=0, atol=0.01 / 2**bits)
    if alpha:
        torch.testing.assert_close(back.alpha, picture.alpha, rtol=0, atol=0.01 / 2**bits)
    else:
        assert back.alpha is None


def test_webp_keeps_alpha(tmp_path):
    picture = random_picture(alpha=True)
    write_image(tmp_path / "a.webp", picture.rgb(), picture)
    back = read_image(tmp_path / "a.webp")
    same(back.pixels, picture.pixels)
    same(back.alpha, picture.alpha)


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_formats_without_alpha_lay_the_image_on_white(tmp_path, suffix):
    picture = Picture(torch.zeros(3, 8, 8), alpha=torch.zeros(1, 8, 8))
    write_image(tmp_path / f"a{suffix}", picture.rgb(), picture)
    assert read_image(tmp_path / f"a{suffix}").pixels.min() > 0.98


def test_jpeg_is_close(tmp_path):
    ramp = torch.linspace(0, 1, 64).expand(3, 64, 64)
    write_image(tmp_path / "a.jpg", ramp)
    assert (read_image(tmp_path / "a.jpg").pixels - ramp).abs().max() < 0.02


def test_deep_png_is_read_by_another_program(tmp_path):
    picture = random_picture(3, 16)
    values = (picture.pixels.permute(1, 2, 0) * 65535).round().numpy().astype(np.uint16)
    write_image(tmp_path / "a.png", picture.rgb(), picture)
    read_back = np.vstack(list(png.Reader(filename=str(tmp_path / "a.png")).read()[2]))
    np.testing.assert_array_equal(read_back, values.reshape(13, -1))


@pytest.mark.parametrize("interlace", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_deep_png_of_another_program(tmp_path, channels, interlace):
    values = np.random.default_rng(0).integers(0, 65536, (13, 17, channels), dtype=np.uint16)
    with (tmp_path / "a.png").open("wb") as file:
        png.Writer(
            17,
            13,
            greyscale=channels < 3,
            alpha=channels % 2 == 0,
            bitdepth=16,
            interlace=interlace,
        ).write(file, values.reshape(13, -1))
    picture = read_image(tmp_path / "a.png")
    assert (picture.bits, picture.grey) == (16, channels < 3)
    parts = [picture.pixels] if picture.alpha is None else [picture.pixels, picture.alpha]
    read = (torch.cat(parts).permute(1, 2, 0) * 65535).round().numpy()
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize(
    "layout",
    [{}, {"byteorder": ">"}, {"compression": "zlib"}, {"tile": (16, 16), "compression": "zlib"}],
)
def test_deep_tiff_of_another_program(tmp_path, layout):
    values = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", **layout)
    picture = read_image(tmp_path / "a.tif")
    assert picture.bits == 16
    read = (picture.pixels.permute(1, 2, 0) * 65535).round().numpy()
    np.testing.assert_array_equal(read, values)


def test_deep_tiff_is_read_by_another_program(tmp_path):
    picture = random_picture(3, 16, icc=PROFILE)
    write_image(tmp_path / "a.tif", picture.rgb(), picture)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        values = file.pages[0].asarray()
        assert file.pages[0].tags["InterColorProfile"].value == PROFILE
    same(torch.from_numpy(values / 65535).float().permute(2, 0, 1), picture.pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(tmp_path, suffix, orientation):
    gradient = np.add.outer(np.arange(16) * 8, np.arange(24) * 4).astype(np.uint8)
    image = Image.fromarray(np.stack([gradient] * 3, axis=-1))
    exif = image.getexif()
    exif[0x0112] = orientation
    exif[0x010E] = "a hillside"
    image.save(tmp_path / f"a{suffix}", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(tmp_path / f"a{suffix}"))
    picture = read_image(tmp_path / f"a{suffix}")
    expected = torch.from_numpy(np.asarray(upright) / 255).float().permute(2, 0, 1)
    torch.testing.assert_close(picture.pixels, expected, atol=0.02, rtol=0)
    write_image(tmp_path / f"b{suffix}", picture.rgb(), picture)
    again = read_image(tmp_path / f"b{suffix}")
    torch.testing.assert_close(again.pixels, expected, atol=0.04, rtol=0)
    kept = Image.Exif()
    kept.load(again.exif)
    assert kept[0x010E] == "a hillside"
    assert kept.get(0x0112, 1) == 1


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_profile_and_camera_settings_are_kept(tmp_path, suffix, bits):
    exif = Image.Exif()
    exif[0x0110] = "a camera"
    exif[0x8769] = {0x829A: 0.5, 0x9003: "2026:11:20 12:00:00"}
    picture = random_picture(3, bits, icc=PROFILE, exif=exif.tobytes())
    write_image(tmp_path / f"a{suffix}", picture.rgb(), picture)
    back = read_image(tmp_path / f"a{suffix}")
    assert back.icc == PROFILE
    kept = Image.Exif()
    kept.load(back.exif)
    assert kept[0x0110] == "a camera"
    assert kept.get_ifd(0x8769)[0x9003] == "2026:11:20 12:00:00"


def test_a_tiff_as_jpeg_does_not_carry_its_storage_tags(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.tif", compression="tiff_adobe_deflate")
    picture = read_image(tmp_path / "a.tif")
    write_image(tmp_path / "a.jpg", picture.rgb(), picture)
    assert 0x0111 not in Image.open(tmp_path / "a.jpg").getexif()


def test_a_palette_becomes_colours(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 128, 0])
    image.save(tmp_path / "opaque.png")
    image.save(tmp_path / "holes.gif", transparency=1)
    picture = read_image(tmp_path / "opaque.png")
    assert picture.palette
    assert picture.alpha is None
    same(picture.pixels[:, 0, 0], torch.tensor([255, 128, 0]) / 255)
    assert read_image(tmp_path / "holes.gif").alpha.max() == 0


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("CMYK", 3), ("YCbCr", 3)])
def test_other_modes(tmp_path, mode, channels):
    path = tmp_path / "a.tif"
    Image.new("RGB", (5, 4), (255, 255, 255)).convert(mode).save(path)
    picture = read_image(path)
    assert picture.pixels.shape == (channels, 4, 5)
    assert picture.pixels.min() > 0.98


def encoded(suffix):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    kind = images.WRITABLE[suffix]
    Image.fromarray(noise).save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
def test_a_truncated_file_is_named(tmp_path, suffix):
    path = tmp_path / f"half{suffix}"
    path.write_bytes(encoded(suffix)[: len(encoded(suffix)) // 2])
    with pytest.raises(IrlibError, match=f"half{suffix}"):
        read_image(path)


def test_a_truncated_deep_png_is_named(tmp_path):
    picture = random_picture(3, 16, size=(64, 64))
    write_image(tmp_path / "whole.png", picture.rgb(), picture)
    data = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(IrlibError, match=r"half\.png"):
        read_image(tmp_path / "half.png")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"hello", "not an image"), (None, "no such file")]
)
def test_no_image_at_all(tmp_path, content, reason):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IrlibError, match=rf"a\.png: .*{reason}"):
        read_image(path)


@given(
    head=st.sampled_from([b"", *(encoded(s)[:120] for s in (".png", ".jpg", ".tif", ".webp"))]),
    garbage=st.binary(max_size=300),
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore")
def test_garbage_is_a_picture_or_an_irlib_error(tmp_path, head, garbage):
    path = tmp_path / "garbage.png"
    path.write_bytes(head + garbage)
    with contextlib.suppress(IrlibError):
        assert read_image(path).pixels.ndim == 3


def test_a_head_that_promises_too_many_pixels_is_refused_before_they_are_made(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "bomb.png")
    data = bytearray((tmp_path / "bomb.png").read_bytes())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(IrlibError, match=r"exceeds limit [^.]*\. Replace"):
        read_image(tmp_path / "bomb.png")


def test_a_24_megapixel_file_is_no_bomb(tmp_path):
    Image.new("1", (6000, 4000)).save(tmp_path / "large.png")
    assert read_image(tmp_path / "large.png").pixels.shape == (1, 4000, 6000)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(file, *_):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(images, "_encode", full)
    with pytest.raises(NoSpaceError, match=r"no space.*a\.png"):
        write_image(path, torch.zeros(3, 4, 4))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_side_too_long_for_the_format(tmp_path):
    with pytest.raises(IrlibError, match=r"a\.webp"):
        write_image(tmp_path / "a.webp", torch.zeros(3, 1, 17000))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [("a.gif", (3, 4, 4), "suffix"), ("a.png", (4, 4, 4), "shape"), ("a.png", (3, 0, 4), "shape")],
)
def test_wrong_use_of_writing(tmp_path, name, shape, message):
    with pytest.raises(UsageError, match=message):
        write_image(tmp_path / name, torch.zeros(shape))


def test_values_outside_the_range_are_clipped(tmp_path):
    write_image(tmp_path / "a.png", torch.tensor([-1.0, 2.0]).view(1, 1, 2).expand(3, 1, 2))
    assert read_image(tmp_path / "a.png").pixels[0, 0].tolist() == [0, 1]


def test_colours_alone_are_those_of_the_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = Image.effect_noise((9, 6), 60)
    for name, image in (
        ("a.png", grey.convert("RGB")),
        ("b.png", grey),
        ("c.png", grey.convert("RGBA")),
        ("d.png", grey.convert("P")),
        ("e.jpg", grey.convert("RGB")),
        ("f.tif", grey.convert("RGB")),
    ):
        image.save(tmp_path / name, exif=exif)
        colours = read_rgb(tmp_path / name)
        assert colours.dtype == torch.uint8
        assert torch.equal(colours.float() / 255, read_image(tmp_path / name).rgb()), name
    deep = torch.rand(3, 6, 9)
    write_image(tmp_path / "deep.png", deep, Picture(deep, bits=16))
    assert torch.equal(read_rgb(tmp_path / "deep.png"), read_image(tmp_path / "deep.png").rgb())
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(IrlibError, match=r"bad\.png"):
        read_rgb(tmp_path / "bad.png")
