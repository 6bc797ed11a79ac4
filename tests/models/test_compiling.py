"""Every network can be compiled whole, gives the same and keeps the names of its weights."""

import os
import shutil
import subprocess
import sys

import pytest
import torch
from torch import nn

from irlib import cli, models
from irlib.data.embedded import EmbeddedPairs
from irlib.errors import UsageError
from irlib.evaluation.restore import restore_image
from irlib.foundation import Frozen, Source
from irlib.training import stage_two
from irlib.training.loop import train
from irlib.training.perceive_objective import PerceiveObjective

NETWORKS = [(name, "smoke") for name in models.list_models()] + [("perceive-ir", "smoke-nafnet")]
# One block each: what their kernels are made of, and compiled in seconds.
TINY = {
    "nafnet": {
        "dim": 4,
        "encoder_blocks": (1, 0, 0, 0),
        "middle_blocks": 0,
        "decoder_blocks": (0, 0, 0, 0),
    },
    "restormer": {
        "dim": 8,
        "num_blocks": (1, 0, 0, 0),
        "num_refinement_blocks": 0,
        "heads": (1, 1, 2, 2),
    },
}
CHILD = """
import sys
import torch
from irlib import models
torch.set_num_threads(1)
network = models.create(sys.argv[1], **eval(sys.argv[2])).eval()
image = torch.rand(1, 3, 16, 16)
with torch.no_grad():
    for parameter in network.parameters():
        parameter.add_(0.02 * torch.randn(parameter.shape))
    expected = network(image)
    torch.testing.assert_close(models.compile_network(network)(image), expected, atol=1e-5, rtol=0)
"""


@pytest.fixture(autouse=True)
def forgotten():
    """What a test has compiled does not count towards the limit of another."""
    yield
    torch._dynamo.reset()


def made(name, preset):
    torch.manual_seed(0)
    network = models.create(name, preset_name=preset).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape))
    return network


def inputs(name, network=None):
    image = torch.rand(1, 3, 32, 32)
    if name == "perceive-ir":
        return image, [torch.randn(1, 96) for _ in range(4)]
    return (image, network.told(["derain"])) if getattr(network, "needs_task", False) else (image,)


@pytest.mark.parametrize(("name", "preset"), NETWORKS)
def test_each_network_compiles_whole_and_gives_the_same(name, preset):
    network = made(name, preset)
    given, names = inputs(name, network), list(network.state_dict())
    with torch.no_grad():
        expected = network(*given)
        torch._dynamo.utils.counters.clear()
        assert models.compile_network(network, backend="aot_eager") is network
        torch.testing.assert_close(network(*given), expected, atol=1e-6, rtol=0)
    assert torch._dynamo.utils.counters["stats"]["calls_captured"] > 10, "nothing was compiled"
    assert not torch._dynamo.utils.counters["graph_break"], "compiled in pieces"
    assert list(network.state_dict()) == names


@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))), reason="no C++ compiler on this machine"
)
@pytest.mark.parametrize("name", TINY)
def test_kernels_made_here_give_the_same(name):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, name, repr(TINY[name])]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("this machine is too busy to make kernels within two minutes")
    if "nothing could be compiled" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr


class StubDino(Frozen):
    def __init__(self):
        super().__init__(nn.Linear(3, 4 * 96), Source("pocket", "dino-pocket"))
        self.dim = 96

    @torch.no_grad()
    def features(self, images):
        return list(self.network(images.mean(dim=(2, 3))).chunk(4, dim=1))


@pytest.mark.parametrize("tile", [None, 32])
def test_restoring_is_the_same_whole_and_in_tiles_that_share_statistics(tile):
    image = torch.rand(3, 40, 64)
    restorer = models.WithSemantics(made("perceive-ir", "smoke"), StubDino())
    expected = restore_image(restorer, image, tile, overlap=8)
    models.compile_network(restorer, backend="eager")
    torch.testing.assert_close(
        restore_image(restorer, image, tile, overlap=8), expected, atol=1e-6, rtol=0
    )


def test_looking_at_layers_happens_uncompiled():
    network, seen = made("nafnet", "smoke"), []
    models.compile_network(network, backend=lambda graph, _: seen.append(graph) or graph.forward)
    with torch.no_grad(), models.uncompiled(network):
        network(*inputs("nafnet"))
    assert seen == []
    with torch.no_grad():
        network(*inputs("nafnet"))
    assert len(seen) == 1


def test_training_is_the_same_and_its_files_fit_either_way(tmp_path):
    changes = {"steps": 2, "batch": 2, "patch": 16, "scenes": 1, "precision": "32-true"}
    plan = stage_two("smoke", without=["dino"], without_losses=["clip", "dpl"], **changes)
    data = EmbeddedPairs(
        plan.tasks, patch=16, scenes=1, scene_size=48, photo_share=0, positive=plan.second_crop
    )
    found = {}
    for backend in (None, "aot_eager"):
        weights = train(
            plan,
            tmp_path / str(backend),
            data,
            objective=PerceiveObjective(plan),
            accelerator="cpu",
            devices=1,
            backend=backend,
            progress=False,
        )
        found[backend] = models.load_weights(weights).state_dict()
    assert found[None].keys() == found["aot_eager"].keys()
    for name, value in found[None].items():
        torch.testing.assert_close(found["aot_eager"][name], value, atol=1e-4, rtol=0)
    checkpoint = torch.load(tmp_path / "aot_eager" / "checkpoint.pt", weights_only=True)
    assert checkpoint["network"].keys() == found[None].keys()


def test_a_lack_is_told_at_once(monkeypatch, capsys):
    def broken(function):
        raise RuntimeError("InvalidCxxCompiler: no working C++ compiler\nand much more")

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(
        UsageError, match=r"no working C\+\+ compiler\).*g\+\+.*leave --compile out"
    ):
        models.compile_network(made("nafnet", "smoke"))
    assert cli.run(["evaluate", "--method", "identity", "--embedded", "--compile"]) == 2
    assert "leave --compile out" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "evaluate", "restore"])
def test_the_commands_have_the_option(command, capsys):
    assert cli.run([command, "--help"]) == 0
    assert "--compile" in capsys.readouterr().out
