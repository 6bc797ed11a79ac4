"""A network that is told what an encoder sees restores files and tiles like any other."""

import pytest
import torch
import typer
from torch import nn
from typer.testing import CliRunner

from irlib import foundation, models
from irlib.cli.evaluate import evaluate
from irlib.cli.restore import restore
from irlib.data.images import read_image, write_image
from irlib.evaluation.restore import restore_image
from irlib.foundation import Frozen, Source
from irlib.models.semantics import WithSemantics, encoder_facts


class StubDino(Frozen):
    """An encoder of the interface of a DINO that sees the means of an image's colours."""

    def __init__(self):
        torch.manual_seed(0)
        super().__init__(nn.Linear(3, 4 * 7), Source("pocket", "dino-pocket"))
        self.dim = 7
        self.sizes = []

    @torch.no_grad()
    def features(self, images):
        self.sizes.append(tuple(images.shape[2:]))
        return list(self.network(images.mean(dim=(2, 3))).chunk(4, dim=1))


def make(**config):
    torch.manual_seed(0)
    smoke = models.preset("perceive-ir", "smoke")
    changes = {"semantic_dim": 7, "pgm_zero_init": False, **config}
    return models.create("perceive-ir", **{**smoke, **changes}).eval()


def scene(height, width):
    ramp = torch.linspace(0, 1, width).expand(3, height, width)
    rough = torch.rand(3, height, width, generator=torch.Generator().manual_seed(1))
    return (0.6 * ramp + 0.4 * ramp * rough).contiguous()


def test_images_of_any_size_are_extended_by_repetition_for_both():
    encoder, image = StubDino(), scene(21, 30)
    model = WithSemantics(make(), encoder)
    restored = restore_image(model, image, tile=None)
    with torch.no_grad():
        expected = model(image[None])[0].clamp(0, 1)
    torch.testing.assert_close(restored, expected, atol=1e-6, rtol=0)
    assert encoder.sizes == [(24, 32), (24, 32)]


@pytest.mark.parametrize("backbone", ["restormer", "nafnet"])
def test_tiles_share_what_is_seen_in_the_whole_and_come_closer_to_it(backbone):
    encoder, image = StubDino(), scene(96, 160)
    model = WithSemantics(make(backbone=backbone), encoder)
    whole = restore_image(model, image, tile=None)
    encoder.sizes.clear()
    apart = restore_image(model, image, tile=64, overlap=16, share=False)
    assert set(encoder.sizes) == {(64, 64)}
    encoder.sizes.clear()
    shared = restore_image(model, image, tile=64, overlap=16)
    assert encoder.sizes == [(96, 160)]
    assert (shared - whole).abs().mean() < 0.7 * (apart - whole).abs().mean()


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setattr(foundation, "load_dino", lambda source, download: StubDino())
    return models.save_weights(make(), tmp_path / "w.safetensors", **encoder_facts(StubDino()))


def test_irlib_restore_finds_the_encoder_that_the_weights_name(weights, tmp_path):
    photo = tmp_path / "photo.png"
    write_image(photo, scene(13, 18))
    app = typer.Typer()
    app.command()(restore)
    words = [str(photo), "--weights", str(weights), "--device", "cpu", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    expected = restore_image(WithSemantics(make(), StubDino()), read_image(photo).rgb())
    restored = read_image(tmp_path / "out" / "photo.png").rgb()
    torch.testing.assert_close(restored, expected, atol=0.6 / 255, rtol=0)


def test_irlib_evaluate_finds_it_too(weights, tmp_path):
    for folder in ("input", "target"):
        (tmp_path / folder).mkdir()
        write_image(tmp_path / folder / "a.png", scene(16, 16))
    app = typer.Typer()
    app.command()(evaluate)
    words = ["--weights", str(weights), "--pairs", str(tmp_path), "--device", "cpu"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "restored dB" in result.output
