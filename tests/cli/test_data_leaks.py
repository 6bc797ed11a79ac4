"""``irlib data leaks``: what it prints and its exit status."""

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from irlib.cli.data import app


def call(*arguments):
    return CliRunner().invoke(app, ["leaks", *[str(a) for a in arguments]])


def scene(seed):
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((48, 32), Image.Resampling.BICUBIC)


def test_none_then_one_then_a_name(tmp_path):
    for side, seeds in (("train", (0, 1)), ("test", (2, 3))):
        (tmp_path / side).mkdir()
        for seed in seeds:
            scene(seed).save(tmp_path / side / f"{seed}.png")
    train, test = tmp_path / "train", tmp_path / "test"
    result = call(train, test)
    assert result.exit_code == 0
    assert "0 of 2 test images found among 2 training images." in result.output
    scene(3).resize((30, 20)).save(train / "other.jpg")
    result = call(train, test)
    assert result.exit_code == 1
    assert f"{test / '3.png'} is in training as {train / 'other.jpg'}" in result.output
    names = tmp_path / "list.txt"
    names.write_text("gone/3.png\nother.png\n")
    result = call(names, test, "--images", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "same name:" in result.output
    assert "2 of 2 training files are not here; only their names were compared." in result.output
