"""Measures beside PSNR and SSIM: chosen by name, marked where they cannot be had."""

import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from irlib.data.images import read_image, write_image
from irlib.errors import IrlibError, UsageError
from irlib.evaluation import perceptual
from irlib.evaluation.benchmark import evaluate
from irlib.evaluation.measures import choose_measures
from irlib.evaluation.perceptual import load_lpips
from irlib.metrics import uciqe, uiqm


class Fake(nn.Module):
    """Stands for the package's network: takes (1, 3, H, W) in [-1, 1], gives (1, 1, 1, 1)."""

    def __init__(self, net, verbose):
        super().__init__()
        assert net == "alex"

    def forward(self, first, second):
        assert first.min() >= -1
        assert second.max() <= 1
        return (first - second).abs().mean()[None, None, None, None]


@pytest.fixture
def no_lpips(monkeypatch):
    load_lpips.cache_clear()
    monkeypatch.setitem(sys.modules, "lpips", None)
    yield
    load_lpips.cache_clear()


@pytest.fixture
def lpips(monkeypatch, tmp_path):
    load_lpips.cache_clear()
    monkeypatch.setitem(sys.modules, "lpips", SimpleNamespace(LPIPS=Fake))
    weights = tmp_path / "alexnet.pth"
    weights.touch()
    monkeypatch.setattr(perceptual, "alexnet_path", lambda: weights)
    yield weights
    load_lpips.cache_clear()


def pictures(folder, *sides):
    for number, side in enumerate(sides):
        (folder / side).mkdir(parents=True, exist_ok=True)
        noise = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(number))
        write_image(folder / side / "1.png", noise)
    return folder


def test_a_set_with_references_gets_all_and_says_what_it_could_not(tmp_path, no_lpips):
    folder = pictures(tmp_path, "input", "target")
    found = evaluate(lambda x: x, folder, measures=["all"], progress=False)
    assert list(found.mean) == [
        *("psnr", "ssim", "input_psnr", "input_ssim"),
        *("uciqe", "input_uciqe", "uiqm", "input_uiqm"),
    ]
    image = read_image(folder / "input" / "1.png").rgb()
    assert found.mean["uciqe"] == found.mean["input_uciqe"] == uciqe(image).item()
    assert found.mean["uiqm"] == uiqm(image).item()
    (sentence,) = found.missing
    assert sentence == (
        "lpips not measured: LPIPS needs the package lpips, which is not installed."
    )


def test_what_is_asked_for_by_name_must_be_there(no_lpips):
    with pytest.raises(IrlibError, match="pip install lpips"):
        choose_measures(["lpips"])


def test_without_the_backbone_nothing_is_downloaded(lpips):
    lpips.unlink()
    with pytest.raises(IrlibError, match=r"no alexnet\.pth in"):
        choose_measures(["lpips"])


def test_lpips_is_the_packages(tmp_path, lpips):
    folder = pictures(tmp_path, "input", "target")
    found = evaluate(lambda x: x, folder, measures=["lpips"], progress=False)
    first, second = (read_image(folder / side / "1.png").rgb() for side in ("input", "target"))
    assert found.mean["lpips"] == pytest.approx(2 * float((first - second).abs().mean()))
    assert not found.missing


def test_a_set_without_references_is_measured_all_the_same(tmp_path):
    pictures(tmp_path, "challenging-60")
    options = {"data": tmp_path, "measures": ["all"], "progress": False}
    found = evaluate(lambda image: 1 - image, "uieb-c60", **options)
    assert list(found.mean) == ["uciqe", "input_uciqe", "uiqm", "input_uiqm"]
    image = read_image(tmp_path / "challenging-60" / "1.png").rgb()
    assert found.mean["input_uiqm"] == uiqm(image).item()
    assert found.mean["uciqe"] == pytest.approx(uciqe(1 - image).item())
    assert not found.missing  # LPIPS is not defined here, so nothing is missing


def test_measures_see_the_pixels_that_the_protocol_keeps(tmp_path):
    folder = pictures(tmp_path, "input", "target")
    protocol = "all-in-one"
    cut = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(7))
    for side in ("input", "target"):
        write_image(folder / side / "1.png", cut)
    found = evaluate(lambda x: x, folder, protocol, measures=["uiqm"], progress=False)
    image = read_image(folder / "input" / "1.png").rgb()
    assert found.mean["uiqm"] == uiqm(image[:, 4:36, 4:36]).item()


def test_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'uciqe'"):
        choose_measures(["uicqe"])
    with pytest.raises(UsageError, match="this set has none"):
        choose_measures(["lpips"], reference=False)
    assert choose_measures([]) == ({}, [])
