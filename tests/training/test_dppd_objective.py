"""DPPD's objective: L1 alone by default, prototypes that live and rest, runs that resume alike."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import default_collate

from irlib import models, training
from irlib.data.by_position import PatchesByPosition
from irlib.degradations import THREE_TASKS, degrade_task
from irlib.errors import UsageError
from irlib.ledger import read_record
from irlib.models.dppd import ALTERNATIVES
from irlib.training.checkpoint import load_checkpoint
from irlib.training.dppd_objective import DppdObjective
from irlib.training.logs import read_log
from irlib.training.loop import train

TINY = {
    "dim": 4,
    "num_blocks": (1, 1, 1, 1),
    "num_refinement_blocks": 1,
    "heads": (1, 1, 1, 1),
    "num_prompts": 4,
    "embedding_dim": 8,
}
TWO_DEVICES = """
import sys, torch
import torch.distributed as dist
torch.set_num_threads(1)
rank, store, here = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path.insert(0, here)
from test_dppd_objective import Stepped, embeddings, tiny
plan = tiny(steps=10, prototypes_from=0.1)
whole, shared = Stepped(plan), Stepped(plan)
for step in range(6):
    whole.step(step, embeddings(step))
dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
for step in range(6):
    shared.step(step, embeddings(step)[3 * rank : 3 * rank + 3])
assert shared.prototypes.ready
print(float((shared.prototypes.prototypes - whole.prototypes.prototypes).abs().max()))
dist.destroy_process_group()
"""


class Textures(PatchesByPosition):
    """Tiny degraded patches that are a function of their position."""

    patch, tasks = 16, THREE_TASKS

    def sample(self, position, patch):
        generator = torch.Generator().manual_seed(position)
        target = torch.rand(3, 4, 4, generator=generator)
        target = nn.functional.interpolate(target[None], (patch, patch), mode="bilinear")[0]
        task = position % 3
        degraded = degrade_task(target, THREE_TASKS[task], generator=generator).image
        return {"degraded": degraded, "target": target, "task": torch.tensor(task)}


def some():
    """A batch of two images of each degradation."""
    return default_collate([Textures()[position] for position in range(6)])


def tiny(**changes):
    plan = training.recipe(
        "dppd",
        "smoke",
        tasks=THREE_TASKS,
        **{"steps": 6, "batch": 6, "patch": 16, "precision": "32-true", "loss": "l1", **changes},
    )
    return replace(plan, config={**plan.config, **TINY})


def run(plan, folder, **settings):
    settings = {"log_every": 1, **settings}
    return train(plan, folder, Textures(), accelerator="cpu", devices=1, progress=False, **settings)


class Stepped:
    """An objective and its network, stepped by hand on embeddings of one's own."""

    def __init__(self, plan):
        torch.manual_seed(0)
        self.network = models.create("dppd", **plan.config)
        self.objective = DppdObjective(plan, 3)
        self.objective.start(self.network)

    def step(self, step, embeddings):
        self.objective.step_embeddings = [embeddings]
        self.objective.after_step(step, self.network)

    @property
    def prototypes(self):
        return self.network.pm3.prototypes


def embeddings(seed, count=6):
    return torch.randn(count, 3, 8, generator=torch.Generator().manual_seed(seed))


def test_property_18_by_default_the_loss_is_l1_to_the_bit():
    stepped, batch = Stepped(tiny()), some()
    loss, parts = {}, {}
    for name in ("plain", "options"):
        stepped.objective.before_step(0, stepped.network)
        loss[name], parts[name] = stepped.objective(stepped.network, batch, 0)
        stepped.objective.options = True
    stepped.objective.before_step(0, stepped.network)
    noise = stepped.network.draw_noise(stepped.objective.generator, 6)
    restored = stepped.network(batch["degraded"], noise=noise)
    l1 = (restored - batch["target"]).abs().mean()
    assert torch.equal(loss["plain"], l1)
    assert torch.equal(loss["options"], l1), "weights of 0 change nothing"
    assert set(parts["plain"]) == set(DppdObjective(tiny(), 3).columns)


def test_property_18_anchoring_reaches_the_embedding_but_not_the_prototypes():
    batch = some()
    found = {}
    for weight in (0.0, 1.0):
        stepped = Stepped(tiny(anchoring=weight))
        for module in stepped.network.prompt_modules().values():
            module.prototypes.begin(module.prototypes.prototypes.clone())
        stepped.objective.before_step(0, stepped.network)
        loss, _ = stepped.objective(stepped.network, batch, 0)
        loss.backward()
        found[weight] = stepped.prototypes.embed.weight.grad.clone()
        assert stepped.prototypes.prototypes.grad is None
    assert (found[1.0] - found[0.0]).abs().max() > 1e-4


def test_anchoring_waits_until_prototypes_mean_something():
    stepped, batch = Stepped(tiny(anchoring=1.0)), some()
    stepped.objective.before_step(0, stepped.network)
    loss, parts = stepped.objective(stepped.network, batch, 0)
    assert torch.equal(loss, parts["rec"])


def test_the_variance_prior_counts_with_its_weight():
    stepped = Stepped(tiny(variance_prior=0.5))
    batch = some()
    for module in stepped.network.prompt_modules().values():
        nn.init.constant_(module.distribution.log_variance, -4.0)
    stepped.objective.before_step(0, stepped.network)
    loss, parts = stepped.objective(stepped.network, batch, 0)
    ratio = torch.tensor(-4.0).exp() / 0.25
    expected = 3 * 0.5 * 0.5 * (ratio - 1 - ratio.log())
    torch.testing.assert_close(loss - parts["rec"], expected)


def test_k_means_waits_for_its_share_of_the_steps_and_for_enough_embeddings():
    plan = tiny(steps=100, prototypes_from=0.04, per_prototype=10)
    stepped = Stepped(plan)
    for step in range(4):
        stepped.step(step, embeddings(step))
    assert not stepped.prototypes.ready, "step 4 of 100 is reached, but 24 are fewer than 30"
    stepped.step(4, embeddings(4))
    assert stepped.prototypes.ready
    assert stepped.objective.queue is None
    early = Stepped(replace(plan, prototypes_from=0.5))
    for step in range(20):
        early.step(step, embeddings(step))
    assert not early.prototypes.ready


def test_a_short_run_finds_its_prototypes_at_the_last_with_what_there_is():
    stepped = Stepped(tiny(steps=10, per_prototype=1000))
    for step in range(7):
        assert not stepped.prototypes.ready
        stepped.step(step, embeddings(step))
    assert stepped.prototypes.ready


def test_the_queue_keeps_the_last_embeddings():
    stepped = Stepped(tiny(steps=100, prototypes_from=0.9, queue=20))
    for step in range(5):
        stepped.step(step, embeddings(step))
    expected = torch.cat([embeddings(step) for step in range(5)])[-20:]
    assert torch.equal(stepped.objective.queue, expected)


def test_property_12_prototypes_follow_and_rest_after_70_percent():
    stepped = Stepped(tiny(steps=10, prototypes_from=0.1))
    for step in range(2):
        stepped.step(step, embeddings(step))
    moved = []
    for step in range(2, 10):
        before = stepped.prototypes.prototypes.clone()
        stepped.step(step, embeddings(step))
        moved.append(not torch.equal(stepped.prototypes.prototypes, before))
    assert moved == [True] * 5 + [False] * 3


def test_each_prompt_module_has_prototypes_of_its_own():
    stepped = Stepped(tiny(steps=10, prototypes_from=0.1))
    for step in range(3):
        stepped.step(step, embeddings(step))
    found = [m.prototypes.prototypes for m in stepped.network.prompt_modules().values()]
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found[1], found[2])


def test_without_prompts_it_is_plain_reconstruction(tmp_path):
    plan = tiny(steps=2)
    run(replace(plan, config={**plan.config, "use_prompts": False}), tmp_path)
    assert set(read_log(tmp_path / "metrics.csv")[0]) == {
        "step",
        "loss",
        "lr",
        "images_per_s",
        "seconds",
    }


def test_a_resumed_run_ends_with_the_same_weights(tmp_path):
    plan = tiny(steps=8, prototypes_from=0.5, accumulate=2, batch=12)
    whole = models.load_weights(run(plan, tmp_path / "whole")).state_dict()

    class StopsError(Exception):
        pass

    class Stopping(Textures):
        def sample(self, position, patch):
            if position == 12 * 3:
                raise StopsError
            return super().sample(position, patch)

    broken = tmp_path / "broken"
    with pytest.raises(StopsError):
        train(
            plan, broken, Stopping(), accelerator="cpu", devices=1, progress=False,
            checkpoint_every=2,
        )  # fmt: skip
    state = load_checkpoint(broken, plan.as_dict())
    assert state["step"] == 2
    assert state["objective"]["queue"].shape == (24, 3, 8), "the queue is in the checkpoint"
    again = models.load_weights(run(plan, broken)).state_dict()
    assert whole["pm3.prototypes.ready"]
    for name, value in whole.items():
        assert torch.equal(value, again[name]), name


def test_property_20_three_degradations_are_learned_with_several_prototypes(tmp_path):
    weights = run(tiny(steps=60, rate=2e-3, prototypes_from=0.2), tmp_path)
    rows = read_log(tmp_path / "metrics.csv")
    assert all(value == value for row in rows for value in row.values()), "no NaN"
    first, last = (sum(row["loss"] for row in part) / 10 for part in (rows[:10], rows[-10:]))
    assert last < 0.9 * first
    assert rows[-1]["active_pm3"] >= 2
    assert 1 / 3 <= rows[-1]["purity_pm3"] <= 1
    assert 0 < rows[-1]["entropy_pm3"] <= 1 + 1e-6
    network = models.load_weights(weights)
    assert network.pm3.prototypes.ready
    assert network.pm3.prototypes.standardise.num_batches_tracked == 60


def test_two_devices_find_the_prototypes_of_one(tmp_path):
    words = [sys.executable, "-c", TWO_DEVICES]
    given = [str(tmp_path / "store"), os.path.dirname(__file__)]
    runs = [
        subprocess.Popen([*words, str(rank), *given], stdout=subprocess.PIPE, text=True)
        for rank in (0, 1)
    ]
    out = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert [float(line) for line in "".join(out).split()] == [0, 0]


# Alternatives of the specification's list, by their numbers.


def switched(plan, **config):
    return replace(plan, config={**plan.config, **config})


@pytest.mark.parametrize("origin", ["anchors", "learned"])
def test_switch_3_no_k_means_looks_for_prototypes_that_are_there(origin):
    stepped = Stepped(switched(tiny(steps=4, prototypes_from=0.1, per_prototype=1), origin=origin))
    before = stepped.prototypes.prototypes.detach().clone()
    for step in range(4):
        stepped.step(step, embeddings(step))
    assert torch.equal(stepped.prototypes.prototypes, before)
    assert stepped.objective.queue is None


@pytest.mark.parametrize(("origin", "moves"), [("anchors", False), ("learned", True)])
def test_switches_3_and_4_a_run_moves_learned_prototypes_alone(origin, moves, tmp_path):
    plan = switched(tiny(steps=2, warmup=0, labels=1.0), origin=origin, num_prototypes=3)
    fresh = models.create("dppd", **plan.config)
    began = fresh.pm3.prototypes.prototypes.detach().clone()
    embeds = fresh.pm3.prototypes.embed.weight.detach().clone()
    network = models.load_weights(
        train(plan, tmp_path, Textures(), init=fresh, accelerator="cpu", devices=1, progress=False)
    )
    assert torch.equal(network.pm3.prototypes.prototypes, began) == (not moves)
    assert not torch.equal(network.pm3.prototypes.embed.weight, embeds)


def test_switch_4_the_loss_is_the_cross_entropy_of_the_shares():
    plan = switched(tiny(labels=0.5), origin="anchors", num_prototypes=3)
    stepped, batch = Stepped(plan), some()
    seen = []
    for module in stepped.network.prompt_modules().values():
        module.prototypes.register_forward_hook(lambda *given: seen.append(given[-1].shares))
    stepped.objective.before_step(0, stepped.network)
    loss, parts = stepped.objective(stepped.network, batch, 0)
    rows = torch.arange(len(batch["task"]))
    expected = sum(-shares[rows, batch["task"]].log().mean() for shares in seen)
    torch.testing.assert_close(loss - parts["rec"], 0.5 * expected, atol=1e-5, rtol=1e-4)


def test_switch_4_labels_are_refused_where_numbers_mean_nothing():
    with pytest.raises(UsageError, match="numbers prototypes as it finds them"):
        Stepped(tiny(labels=1.0))
    with pytest.raises(UsageError, match="there are 2 prototypes"):
        Stepped(switched(tiny(labels=1.0), origin="anchors", num_prototypes=2))
    with pytest.raises(UsageError, match="labels is -1"):
        tiny(labels=-1.0)


def test_switch_16_one_life_is_led_for_all(tmp_path):
    plan = switched(tiny(steps=3, prototypes_from=0.3, per_prototype=1), shared=True)
    network = models.load_weights(run(plan, tmp_path))
    assert network.pm3.prototypes.ready
    assert network.pm2.prototypes is None


def test_switches_6_and_7_count_in_the_prior_on_variances():
    plan = switched(tiny(variance_prior=1.0), gaussians="read", covariance="low-rank")
    stepped = Stepped(plan)
    stepped.objective.before_step(0, stepped.network)
    loss, parts = stepped.objective(stepped.network, some(), 0)
    torch.testing.assert_close(loss, parts["rec"], atol=1e-5, rtol=0)  # all at the first spread


def test_a_recipe_without_labels_is_still_the_one_that_records_name():
    record = read_record("equal-budget/dppd/seed-0/training")
    assert training.recipe("dppd", "pocket").hash() == record.recipe_hash
    said = training.recipe("dppd", "pocket").as_dict()
    assert not {"labels", *ALTERNATIVES} & {*said, *said["config"]}
    plan = training.recipe("dppd", "pocket", labels=0.1)
    assert plan.hash() != record.recipe_hash
    assert switched(training.recipe("dppd", "pocket"), shared=True).hash() != record.recipe_hash
    assert DppdObjective(plan, 5).options
