"""``irlib degrade``: images, parameters, and what it refuses."""

import json

import pytest
import torch
import typer

from irlib.cli.degrade import degrade
from irlib.data.images import read_image, write_image
from irlib.errors import IrlibError, UsageError

app = typer.Typer()
app.command()(degrade)


def run(*words) -> None:
    app([str(word) for word in words], standalone_mode=False)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    for name in ("a", "b"):
        write_image(folder / f"{name}.png", torch.rand(3, 24, 30, generator=generator))
    return folder


def test_images_and_parameters_are_written(photos, tmp_path):
    run(photos, "--output", tmp_path / "out", "--with", "blur", "--with", "noise25", "--parameters")
    told = json.loads((tmp_path / "out" / "parameters.json").read_text())
    assert told["with"] == ["blur", "noise25"]
    assert told["images"]["a.png"]["noise25.sigma"] == 25
    assert "blur.length" in told["images"]["b.png"]
    for name in ("a.png", "b.png"):
        before, after = read_image(photos / name).pixels, read_image(tmp_path / "out" / name).pixels
        assert after.shape == before.shape
        assert (after - before).abs().mean() > 0.02


def test_an_image_does_not_depend_on_the_others(photos, tmp_path):
    run(photos, "--output", tmp_path / "both", "--with", "rain", "--seed", 4)
    run(photos / "b.png", "--output", tmp_path / "one", "--with", "rain", "--seed", 4)
    run(photos / "b.png", "--output", tmp_path / "other", "--with", "rain", "--seed", 5)
    both, one, other = (read_image(tmp_path / d / "b.png").pixels for d in ("both", "one", "other"))
    assert torch.equal(both, one)
    assert not torch.equal(both, other)


def test_a_grey_photograph_gets_the_stated_noise(tmp_path):
    write_image(tmp_path / "grey.png", torch.full((1, 96, 96), 0.5))
    run(tmp_path / "grey.png", "--output", tmp_path / "out", "--with", "noise25")
    noisy = read_image(tmp_path / "out" / "grey.png").pixels
    assert 255 * noisy.std() == pytest.approx(25, rel=0.05)


def test_a_bad_file_is_reported_and_the_rest_goes_on(photos, tmp_path, capsys):
    (photos / "c.png").write_bytes(b"not an image")
    with pytest.raises(IrlibError, match="1 of 3") as caught:
        run(photos, "--output", tmp_path / "out", "--with", "haze")
    assert caught.value.exit_status == 1
    assert "c.png" in capsys.readouterr().err
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.png", "b.png"}


def test_wrong_use_is_refused_before_anything_is_written(photos, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="did you mean 'blur'"):
        run(photos, "--output", out, "--with", "blurr")
    with pytest.raises(UsageError, match="unknown severity"):
        run(photos, "--output", out, "--with", "blur", "--severity", "extreme")
    with pytest.raises(UsageError, match="no file or folder"):
        run(tmp_path / "missing.png", "--output", out, "--with", "blur")
    with pytest.raises(UsageError, match="would be overwritten"):
        run(photos, "--output", photos, "--with", "blur")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no images"):
        run(tmp_path / "empty", "--output", out, "--with", "blur")
    write_image(tmp_path / "a.png", torch.rand(3, 8, 8))
    with pytest.raises(UsageError, match="both be written"):
        run(photos / "a.png", tmp_path / "a.png", "--output", out, "--with", "blur")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        run(photos, "--output", photos / "a.png", "--with", "blur")
    with pytest.raises(UsageError, match="beta is -1"):
        run(photos, "--output", tmp_path / "other", "--with", "haze:beta=-1")
    assert not out.exists()


def test_only_images_of_a_folder_are_meant(photos, tmp_path):
    (photos / "folder.png").mkdir()
    (photos / "loop.png").symlink_to("loop.png")
    (photos / "nowhere.png").symlink_to("missing.png")
    (photos / "._a.png").write_bytes(b"what macOS leaves on foreign disks")
    run(photos, "--output", tmp_path / "out", "--with", "haze")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.png", "b.png"}
