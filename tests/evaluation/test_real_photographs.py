"""Real photographs, whose clean versions nobody has, through the way of chapter 24."""

from pathlib import Path

import pytest
import torch

from irlib.data.images import read_image, write_image
from irlib.evaluation.restore import restore_image
from irlib.evaluation.restore_files import restore_files
from irlib.evaluation.restore_plan import plan
from irlib.models import load_weights

SIDE = 160  # of the cut that is restored; whole photographs would take minutes


@pytest.fixture(scope="module")
def model():
    return load_weights("promptir-pocket")


@pytest.fixture(scope="module")
def photographs(shared, tmp_path_factory) -> Path:
    """A folder in folders with a cut from the middle of one photograph of each kind."""
    root = tmp_path_factory.mktemp("real")
    for kind in ("haze", "rain", "lowlight", "underwater"):
        source = min((shared / "data" / "real" / kind).iterdir())
        image = read_image(source).rgb()
        top, left = ((side - min(side, SIDE)) // 2 for side in image.shape[1:])
        (root / kind).mkdir()
        cut = image[:, top : top + SIDE, left : left + SIDE]
        write_image(root / kind / f"{source.stem}.png", cut)
    return root


def test_every_real_photograph_can_be_read(shared):
    paths = [path for path in (shared / "data" / "real").rglob("*") if path.is_file()]
    assert paths
    for path in paths:
        image = read_image(path).rgb()
        assert image.shape[0] == 3
        assert image.min() >= 0
        assert image.max() <= 1


def test_a_folder_of_them_comes_back_whole(photographs, model, tmp_path):
    jobs = plan([photographs], tmp_path / "restored", recursive=True)
    outcomes = list(restore_files(model, jobs))
    assert [outcome.status for outcome in outcomes] == ["restored"] * 4
    for job in jobs:
        before, after = read_image(job.source).rgb(), read_image(job.target).rgb()
        assert before.shape == after.shape
        assert not torch.equal(before, after)
        assert after.std() > 0.02  # no flat picture


def test_tiles_come_close_to_the_whole(photographs, model):
    for path in photographs.rglob("*.png"):
        image = read_image(path).rgb()
        whole = restore_image(model, image, tile=None)
        away = {
            share: (restore_image(model, image, 96, 16, share=share) - whole).abs().mean()
            for share in (True, False)
        }
        assert away[True] < 2 / 255, path.stem
        assert away[True] < away[False], path.stem
