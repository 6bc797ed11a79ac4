"""Perceive-IR's objective: four losses, frozen judges, resumed bit for bit, shared by devices."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from irlib import models
from irlib.data.embedded import EmbeddedPairs
from irlib.foundation import Frozen, Source
from irlib.training import stage_two
from irlib.training.checkpoint import load_checkpoint
from irlib.training.logs import read_log
from irlib.training.loop import train
from irlib.training.perceive_objective import PerceiveObjective

DIM = 7
SHARED = """
import sys, torch
torch.set_num_threads(1)
from irlib.data.embedded import EmbeddedPairs
from irlib.training import stage_two
from irlib.training.loop import train
from irlib.training.perceive_objective import PerceiveObjective
recipe = stage_two("smoke", without=["dino"], without_losses=["clip", "dpl"], steps=2, batch=4,
                   patch=16, warmup=0, rate=1e-3, ema=0.0, precision="32-true")
data = EmbeddedPairs(recipe.tasks, patch=16, scenes=1, scene_size=32, photo_share=0, positive=True)
train(recipe, sys.argv[1], data, objective=PerceiveObjective(recipe), accelerator="cpu",
      devices=int(sys.argv[2]), progress=False, log_every=1)
"""


def fixed(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


class StubDino(Frozen):
    def __init__(self):
        super().__init__(nn.Linear(3, 4 * DIM), Source("pocket", "dino-pocket"))
        self.network.weight.data.copy_(fixed(4 * DIM, 3))
        self.network.bias.data.zero_()
        self.dim = DIM

    @torch.no_grad()
    def features(self, images):
        return list(self.network(images.mean(dim=(2, 3))).chunk(4, dim=1))


class StubClip(nn.Module):
    def encode_image(self, images):
        return F.normalize(F.adaptive_avg_pool2d(images, 4).flatten(1) @ fixed(48, 6), dim=1)


class StubVgg(nn.Module):
    def features(self, images):
        return [F.avg_pool2d(images, 2**n) for n in range(4)]


class HalfWay(nn.Module):
    """A proxy that smooths, and counts how often it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def forward(self, degraded):
        self.asked += 1
        return F.avg_pool2d(degraded, 3, 1, 1)


@pytest.fixture
def recipe():
    plan = stage_two("smoke", steps=6, batch=5, patch=16, scenes=1, precision="32-true")
    return replace(plan, config={**plan.config, "semantic_dim": DIM}, steps_per_epoch=4)


@pytest.fixture(scope="module")
def data():
    return EmbeddedPairs(patch=16, scenes=1, scene_size=48, photo_share=0.0, positive=True)


def objective_of(recipe, **others):
    text = F.normalize(fixed(3, 6), dim=1)
    judges = {"dino": StubDino(), "clip": StubClip(), "text": text, "vgg": StubVgg()}
    return PerceiveObjective(recipe, **{**judges, **others})


def network_of(recipe):
    torch.manual_seed(0)
    return models.create(recipe.model, **recipe.config)


def batch_of(data, size=5):
    return torch.utils.data.default_collate([data[p] for p in range(size)])


def test_the_loss_is_the_weighted_sum_of_its_parts(recipe, data):
    objective, network, batch = objective_of(recipe), network_of(recipe), batch_of(data)
    assert objective.columns == ("rec", "cl", "clip", "dpl", "denominator")
    early, parts = objective(network, batch, 0)
    late, again = objective(network, batch, recipe.dpl_from)
    assert parts.keys() == set(objective.columns)
    weights = recipe.weights
    whole = sum(getattr(weights, name) * parts[name] for name in ("rec", "cl", "clip"))
    torch.testing.assert_close(early, whole)
    torch.testing.assert_close(late, whole + weights.dpl * parts["dpl"])
    assert not parts["dpl"].requires_grad, "L_dpl waits, but is looked at"
    assert again["dpl"].requires_grad
    assert 0.2 < parts["clip"] < 0.95
    assert parts["cl"] > 0
    assert parts["denominator"] > 0


def test_what_is_left_out_needs_no_judge_and_no_column(data):
    plan = stage_two("smoke", without=["dino", "cfe"], without_losses=["clip", "dpl"])
    objective = PerceiveObjective(plan)
    assert objective.columns == ("rec",)
    assert objective.facts == {}
    loss, parts = objective(network_of(plan), batch_of(data, 2), 0)
    assert loss == parts["rec"]


def test_a_proxy_counts_by_how_good_the_network_is(recipe, data):
    proxy = HalfWay()
    objective, network = objective_of(recipe, proxies=[proxy], data=data), network_of(recipe)
    assert objective.columns[-1] == "hard"
    state, rng = [p.clone() for p in network.parameters()], torch.get_rng_state()
    objective.before_step(0, network)
    assert 0 < objective.reference < 60
    assert network.training
    assert all(map(torch.equal, state, network.parameters()))
    assert torch.equal(rng, torch.get_rng_state())
    batch, found = batch_of(data), {}
    for reference in (-100.0, 100.0):
        objective.reference = reference
        _, found[reference] = objective(network, batch, recipe.dpl_from)
    assert (found[-100.0]["hard"], found[100.0]["hard"]) == (0, 1)
    assert found[100.0]["dpl"] < found[-100.0]["dpl"], "hard negatives weigh more, below the line"
    masked = objective_of(recipe, proxies=[proxy], data=data, valid=torch.zeros(5, 1))
    masked.reference = 100.0
    _, without = objective_of(recipe)(network, batch, recipe.dpl_from)
    torch.testing.assert_close(masked(network, batch, recipe.dpl_from)[1]["dpl"], without["dpl"])


def test_an_identity_start_without_proxies_is_warned_of(recipe):
    with pytest.warns(UserWarning, match="--dpl-from"):
        objective_of(replace(recipe, dpl_from=0))


def run(recipe, folder, data, objective):
    weights = train(recipe, folder, data, objective=objective, accelerator="cpu", devices=1,
                    progress=False, log_every=1)  # fmt: skip
    return models.load_weights(weights).state_dict()


def test_a_stopped_run_goes_on_bit_for_bit_with_its_threshold(recipe, data, tmp_path):
    class Interrupting(EmbeddedPairs):
        def sample(self, position, patch):
            if position == 11:  # in step 3 of an epoch of 4
                os.kill(os.getpid(), signal.SIGINT)
            return super().sample(position, patch)

    stopping = Interrupting(patch=16, scenes=1, scene_size=48, photo_share=0.0, positive=True)
    proxies = {"proxies": [HalfWay()], "data": data}
    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "stopped", stopping, objective_of(recipe, **proxies))
    kept = load_checkpoint(tmp_path / "stopped", recipe.as_dict())
    assert 0 < kept["step"] < 4
    assert kept["objective"]["reference"] > 0
    resumed = run(recipe, tmp_path / "stopped", data, objective_of(recipe, **proxies))
    whole = run(recipe, tmp_path / "whole", data, objective_of(recipe, **proxies))
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    logs = [read_log(tmp_path / name / "metrics.csv") for name in ("stopped", "whole")]
    columns = ("step", "loss", "rec", "cl", "clip", "dpl", "denominator", "hard", "lr")
    assert [[row[c] for c in columns] for row in logs[0]] == [
        [row[c] for c in columns] for row in logs[1]
    ]
    header = models.read_header(tmp_path / "whole" / "weights.safetensors")
    assert header["facts"]["encoder"]["identity"] == StubDino().identity


def test_two_devices_gather_the_codes_of_both(tmp_path):
    # A file, because the second process is started by the same command line.
    (tmp_path / "shared.py").write_text(SHARED)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    runs = [
        subprocess.Popen(
            [sys.executable, tmp_path / "shared.py", tmp_path / str(n), str(n)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for n in (1, 2)
    ]
    assert [run.wait(240) for run in runs] == [0, 0]
    one, two = (read_log(tmp_path / n / "metrics.csv") for n in ("1", "2"))
    for alone, shared in zip(one, two, strict=True):
        assert alone["cl"] == pytest.approx(shared["cl"], rel=1e-4)
        assert alone["rec"] == pytest.approx(shared["rec"], rel=1e-4)
    files = (tmp_path / n / "weights.safetensors" for n in ("1", "2"))
    one, two = (models.load_weights(file).state_dict() for file in files)
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=1e-5)
