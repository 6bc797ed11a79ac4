"""AirNet's objective: two phases, a queue that is resumed, devices that share it."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from irlib import models, training
from irlib.data.embedded import EmbeddedPairs
from irlib.errors import UsageError
from irlib.models.airnet import AirNet
from irlib.training import AirNetObjective
from irlib.training.checkpoint import load_checkpoint
from irlib.training.logs import read_log
from irlib.training.loop import train

SHARED = """
import sys, torch
torch.set_num_threads(1)
from irlib import training
from irlib.data.embedded import EmbeddedPairs
from irlib.training.loop import train
recipe = training.recipe("airnet", "smoke", steps=3, batch=4, patch=16, precision="32-true")
data = EmbeddedPairs(recipe.tasks, patch=16, scenes=1, scene_size=32, photo_share=0, positive=True)
train(recipe, sys.argv[1], data, accelerator="cpu", devices=2, progress=False, log_every=1)
"""


def small(**changes):
    settings = {"steps": 4, "batch": 4, "patch": 16, "precision": "32-true", "warmup": 0}
    return training.recipe("airnet", "smoke", **{**settings, **changes})


@pytest.fixture(scope="module")
def data():
    settings = {"patch": 16, "scenes": 1, "scene_size": 32, "photo_share": 0}
    return EmbeddedPairs(small().tasks, positive=True, **settings)


def run(recipe, folder, data, **settings):
    quiet = {"progress": False, "log_every": 1, "accelerator": "cpu", "devices": 1}
    return train(recipe, folder, data, **{**quiet, **settings})


def batch_of(data, size=4):
    samples = [data[i] for i in range(size)]
    return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def test_property_12_the_first_phase_leaves_the_restorer_untouched(tmp_path, data):
    recipe = replace(small(steps=2), contrast_steps=2, weight_decay=0.1, ema=0.0)
    torch.manual_seed(recipe.seed)
    fresh = models.create("airnet", **recipe.config)
    network = models.load_weights(run(recipe, tmp_path, data, init=fresh))
    for (name, before), after in zip(fresh.named_parameters(), network.parameters(), strict=True):
        assert torch.equal(before, after) == (not name.startswith("encoder.")), name
    rows = read_log(tmp_path / "metrics.csv")
    assert all(row["rec"] != row["rec"] and row["loss"] == row["cl"] for row in rows)


def test_the_second_phase_weighs_the_two(data):
    recipe = replace(small(), contrast_steps=1, contrast_weight=0.3)
    network, objective = models.create("airnet", **recipe.config), AirNetObjective(recipe)
    objective.start(network)
    asked = []

    def model(degraded, give):
        asked.append(give)
        return network(degraded, give)

    batch = batch_of(data)
    first, _ = objective(model, batch, step=0)
    second, parts = objective(model, batch, step=1)
    assert asked == ["code", "both"]
    torch.testing.assert_close(second, parts["rec"] + 0.3 * parts["cl"])
    torch.testing.assert_close(first, parts["cl"], atol=1e-3, rtol=1e-3)


def test_property_8_codes_enter_the_queue_after_the_step_in_the_order_of_their_samples(data):
    recipe = small()
    network, objective = models.create("airnet", **recipe.config), AirNetObjective(recipe)
    objective.start(network)
    queue, batch = objective.keys.queue.clone(), batch_of(data)
    objective.before_step(0, network)
    for half in (slice(0, 2), slice(2, 4)):  # two micro-batches
        objective(network, {name: tensor[half] for name, tensor in batch.items()}, 0)
        assert torch.equal(objective.keys.queue, queue)
    objective.after_step(0, network)
    changed = (objective.keys.queue != queue).any(dim=0)
    assert changed.nonzero().flatten().tolist() == [0, 1, 2, 3]
    assert objective.keys.pointer.tolist() == [4]


def test_the_key_encoder_follows_before_the_keys_are_made(data):
    recipe = replace(small(), momentum=0.0)
    network, objective = models.create("airnet", **recipe.config), AirNetObjective(recipe)
    objective.start(network)
    with torch.no_grad():
        for parameter in network.encoder.parameters():
            parameter.add_(0.1)
    objective.before_step(0, network)
    batch = batch_of(data)
    objective(network, {**batch, "positive": batch["degraded"]}, 0)
    code = torch.nn.functional.normalize(network(batch["degraded"], "code"), dim=1)
    torch.testing.assert_close(objective._waiting[0], code)


def test_a_resumed_run_ends_with_the_same_weights_queue_and_keys(tmp_path, data, monkeypatch):
    recipe = replace(small(steps=5), contrast_steps=2)
    whole = run(recipe, tmp_path / "whole", data)
    ends = AirNetObjective.after_step

    def killed(self, step, network):
        if step == 3:
            raise KeyboardInterrupt
        ends(self, step, network)

    monkeypatch.setattr(AirNetObjective, "after_step", killed)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "stopped", data, checkpoint_every=1)
    monkeypatch.setattr(AirNetObjective, "after_step", ends)
    resumed = run(recipe, tmp_path / "stopped", data)
    states = [models.load_weights(path).state_dict() for path in (whole, resumed)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    kept = [
        load_checkpoint(tmp_path / n, recipe.as_dict())["objective"] for n in ("whole", "stopped")
    ]
    assert kept[0].keys() == kept[1].keys() >= {"queue", "pointer"}
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])


def test_bug_6_the_weights_hold_nothing_that_only_training_needs(tmp_path, data):
    network = models.load_weights(run(small(steps=1), tmp_path, data))
    assert isinstance(network, AirNet)
    assert network.contrast is None
    assert not any("contrast" in name for name in network.state_dict())


def test_a_network_with_a_queue_of_its_own_trains_that_one(tmp_path, data):
    recipe = small(steps=2)
    recipe = replace(recipe, config={**recipe.config, "queue": 12})
    network = models.load_weights(run(recipe, tmp_path, data))
    assert network.contrast.pointer.tolist() == [8]
    assert load_checkpoint(tmp_path, recipe.as_dict())["objective"] == {}
    again = models.load_official("airnet", official(network))
    assert torch.equal(again.contrast.queue, network.contrast.queue)


def official(network):
    from irlib.models.official_names import official_name

    return {official_name("airnet", name): t for name, t in network.state_dict().items()}


def test_a_queue_shorter_than_a_batch_is_refused(data, tmp_path):
    with pytest.raises(UsageError, match="a queue of 2"):
        run(replace(small(), queue=2), tmp_path, data)


def test_two_devices_share_one_queue_and_the_restorer_rests_on_both(tmp_path):
    # A file, because the second process is started by the same command line.
    (tmp_path / "shared.py").write_text(SHARED)
    command = [sys.executable, str(tmp_path / "shared.py"), str(tmp_path / "run")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = read_log(tmp_path / "run" / "metrics.csv")
    assert [row["rec"] == row["rec"] for row in rows] == [False, False, True]
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert state["objective"]["pointer"].tolist() == [12 % 10]
    touched = {state["optimiser"]["state"][i]["step"].item() for i in state["optimiser"]["state"]}
    assert touched == {1.0, 3.0}, "the restorer has seen the last step alone"
