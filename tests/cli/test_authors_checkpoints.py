"""``irlib evaluate MODEL --weights THEIRS``: files as the authors write them, scored alike.

The tensors are those of the parity fixtures, whose outputs are the authors' own (tests/parity): put
into files of the authors' form, they must give the score that the network of the fixture gives.
"""

import math

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F
from typer.testing import CliRunner

from irlib import models
from irlib.cli.evaluate import evaluate
from irlib.errors import UsageError
from irlib.foundation.sources import Source
from irlib.ledger import read_record
from irlib.models.degradation_prompts import SENTENCES

SIDE = 48


def lightning(state):
    """A file of PyTorch Lightning, whose module holds the network as ``net``."""
    return {
        "epoch": 3,
        "pytorch-lightning_version": "2.0.1",
        "state_dict": {f"net.{name}": tensor for name, tensor in state.items()},
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint": {"best_model_path": "", "current_score": None}},
        "optimizer_states": [{"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": []}],
        "lr_schedulers": [{"last_epoch": 3}],
    }


def basicsr(state):
    """A file of BasicSR."""
    return {"params": state}


def plain(state):
    return state


def of_several_devices(state):
    return {f"module.{name}": tensor for name, tensor in state.items()}


def with_optimiser(state):
    """A training state whose entry for the network has a name of its own."""
    optimiser = {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4}]}
    return {"net": state, "optimizer": optimiser, "epoch": 7}


@pytest.fixture
def rain(tmp_path):
    """A data root with two pairs of Rain100L, tiny."""
    generator = np.random.default_rng(0)
    for number in (1, 2):
        clean = generator.integers(40, 200, (SIDE, SIDE, 3), dtype=np.uint8)
        wet = np.clip(clean + generator.integers(0, 50, (SIDE, SIDE, 1)), 0, 255).astype(np.uint8)
        for side, name, image in (("input", "rain", wet), ("target", "norain", clean)):
            folder = tmp_path / "data" / "Rain100L" / side
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{name}-00{number}.png")
    return tmp_path / "data"


def scored(rain, network, *told):
    """The mean PSNR on the pairs, by hand."""
    values = []
    for number in (1, 2):
        wet, clean = (
            torch.from_numpy(np.array(Image.open(rain / "Rain100L" / f"{side}-00{number}.png")))
            .permute(2, 0, 1)
            .double()
            .div(255)
            for side in ("input/rain", "target/norain")
        )
        with torch.no_grad():
            restored = network(wet[None].float(), *told)[0].double().clamp(0, 1)
        values.append(-10 * math.log10((restored - clean).square().mean().item()))
    return sum(values) / len(values)


def measured(tmp_path, rain, *words):
    """What the command writes down."""
    app = typer.Typer()
    app.command()(evaluate)
    results = tmp_path / "results"
    options = ["--benchmark", "rain100l", "--data", rain, "--device", "cpu"]
    written = ["--record", "theirs/rain100l", "--results", results]
    result = CliRunner().invoke(app, [str(w) for w in (*words, *options, *written)])
    if result.exception is not None:
        raise result.exception
    return read_record("theirs/rain100l", results)


def authors_state(shared, name):
    """The authors' tensors of a fixture, in the precision they ran in."""
    tensors = load_file(shared / "parity" / f"{name}.safetensors")
    state = {n.removeprefix("state."): t for n, t in tensors.items() if n.startswith("state.")}
    return {n: t.float() if t.is_floating_point() else t for n, t in state.items()}


@pytest.mark.parametrize(
    ("model", "fixture", "suffix", "form"),
    [
        ("promptir", "promptir", "ckpt", lightning),
        ("restormer", "restormer", "pth", basicsr),
        ("nafnet", "nafnet", "pth", basicsr),
        ("airnet", "airnet", "pth", plain),
        ("pivpnet", "pivpnet-w8", "ckpt", lightning),
        ("am-promptir", "am-promptir", "ckpt", lightning),
    ],
)
def test_a_file_of_the_authors_form_gives_its_score(
    model, fixture, suffix, form, shared, rain, tmp_path
):
    state = authors_state(shared, fixture)
    file = tmp_path / f"theirs.{suffix}"
    torch.save(form(state), file)
    record = measured(tmp_path, rain, model, "--weights", file)
    network = models.load_official(model, state)
    told = [network.told(["derain"])] if network.needs_task else []
    assert record.values["psnr"] == pytest.approx(scored(rain, network, *told), abs=1e-3)
    assert record.command == (
        f"irlib evaluate {model} --weights theirs.{suffix} --benchmark rain100l --data DIR"
    )


class ReadByTheirClip:
    """Stands for CLIP ViT-B/32: a vector of its own for every sentence."""

    dim = 512

    @staticmethod
    def encode_text(sentences, *, normalise=True):
        assert not normalise
        seeds = (torch.Generator().manual_seed(sum(map(ord, text))) for text in sentences)
        return torch.stack([torch.randn(512, generator=seed) for seed in seeds])


@pytest.mark.parametrize("form", [plain, of_several_devices, with_optimiser])
def test_dfpirs_file_needs_a_clip_that_reads_its_prompts(form, shared, rain, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("irlib.foundation.load_clip", lambda s: asked.append(s) or ReadByTheirClip)
    state, file = authors_state(shared, "dfpir"), tmp_path / "theirs.pth"
    torch.save(form(state), file)
    with pytest.raises(UsageError, match="does not know the words"):
        measured(tmp_path, rain, "dfpir", "--weights", file)
    record = measured(tmp_path, rain, "dfpir", "--weights", file, "--words", "pretrained")
    network = models.load_official("dfpir", state)
    told = ReadByTheirClip.encode_text([SENTENCES["detailed"]["derain"]], normalise=False)
    assert record.values["psnr"] == pytest.approx(scored(rain, network, told), abs=1e-3)
    assert asked == ["pretrained"]
    assert "oracle" in record.notes


class TheirSentences:
    """Stands for a sentence encoder in a folder."""

    dim, identity, source = 24, "theirs", Source("file", "theirs")

    def encode(self, sentences):
        rows = [[float(len(s) % (n + 2)) for n in range(self.dim)] for s in sentences]
        return F.normalize(torch.tensor(rows), dim=1)


def test_instructirs_two_files_need_the_encoder_of_their_sentences(
    shared, rain, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "irlib.models.instructir_official.load_sentences", lambda folder: TheirSentences()
    )
    state = authors_state(shared, "instructir")
    width = state["enc_cond.0.fc.weight"].shape[1]
    generator = torch.Generator().manual_seed(0)
    head = {
        "fc1.weight": torch.randn(width, 24, generator=generator),
        "fc1.bias": torch.zeros(width),
        "fc2.weight": torch.randn(7, width, generator=generator),
        "fc2.bias": torch.zeros(7),
    }
    torch.save(state, tmp_path / "im.pt")
    torch.save(head, tmp_path / "lm.pt")
    words = ["instructir", "--weights", tmp_path / "im.pt", "--head", tmp_path / "lm.pt"]
    record = measured(tmp_path, rain, *words, "--words", tmp_path)
    sentence = TheirSentences().encode(["remove the rain"])
    told = F.normalize(sentence @ head["fc1.weight"].T, dim=1)
    network = models.load_official("instructir", state)
    assert record.values["psnr"] == pytest.approx(scored(rain, network, told), abs=1e-3)


def test_what_a_file_cannot_need_is_refused(shared, rain, tmp_path):
    file = tmp_path / "theirs.ckpt"
    torch.save(lightning(authors_state(shared, "promptir")), file)
    for extra in (("--words", "pretrained"), ("--head", file)):
        with pytest.raises(UsageError, match="promptir does not take this"):
            measured(tmp_path, rain, "promptir", "--weights", file, *extra)
    with pytest.raises(UsageError, match="leave --words"):
        measured(tmp_path, rain, "--weights", "promptir-pocket", "--words", "pretrained")
    with pytest.raises(UsageError, match="name the model"):
        measured(tmp_path, rain, "--weights", file)


@pytest.mark.parametrize("model", ["dppd", "perceive-ir"])
def test_where_there_is_no_file_to_read_the_message_says_so(model, tmp_path, rain):
    torch.save({"state_dict": {"a": torch.zeros(1)}}, tmp_path / "theirs.ckpt")
    with pytest.raises(UsageError, match="published no checkpoint"):
        measured(tmp_path, rain, model, "--weights", tmp_path / "theirs.ckpt")
