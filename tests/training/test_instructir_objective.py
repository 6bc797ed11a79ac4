"""What InstructIR learns from: sentences by position, and losses that stay where they belong."""

import pytest
import torch
from torch import nn

from irlib import models, training
from irlib.data.by_position import PatchesByPosition
from irlib.data.instructions import FREE, NAMES, PLAIN
from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.foundation.sources import Source
from irlib.training.instructir_objective import Instructed
from irlib.training.loop import train
from irlib.training.objectives import open_objective
from irlib.training.positions import Positions


class Noise(PatchesByPosition):
    """Tiny samples that are a function of their position."""

    patch, tasks = 16, FIVE_TASKS

    def sample(self, position, patch):
        generator = torch.Generator().manual_seed(position)
        target = torch.rand(3, patch, patch, generator=generator)
        degraded = target + 0.1 * torch.randn(3, patch, patch, generator=generator)
        return {"degraded": degraded, "target": target, "task": torch.tensor(position % 5)}


class Ear(nn.Module):
    """Notes the sentences it is asked to encode."""

    head = None
    intent_names = ()

    def __init__(self):
        super().__init__()
        self.heard = []

    def check_tasks(self, tasks):
        pass

    def encode(self, sentences):
        self.heard.append(list(sentences))
        return torch.zeros(len(sentences), 4)

    def forward(self, degraded, *, sentences):
        return degraded, None


def tiny(**changes):
    settings = {"steps": 3, "batch": 4, "patch": 16, "precision": "32-true", **changes}
    return training.recipe("instructir", "smoke", **settings)


def batch_of(samples):
    return {key: torch.stack([sample[key] for sample in samples]) for key in samples[0]}


def spoken(recipe, start=0):
    """All sentences of a run, step by step, as one device hears them."""
    ear, data = Ear(), Noise()
    objective = Instructed(recipe, FIVE_TASKS)
    objective.start(ear)
    micros = iter(Positions(recipe, start, 0, 1))
    for step in range(start, recipe.steps):
        for _ in range(recipe.accumulate):
            objective(ear, batch_of([data[index] for index in next(micros)]), step)
    return [sentence for heard in ear.heard for sentence in heard]


def test_the_objective_is_found_by_the_models_name():
    assert type(open_objective(tiny(), Noise())) is Instructed


def test_each_sentence_is_one_of_its_images_task():
    for position, sentence in enumerate(spoken(tiny(steps=10))):
        task = FIVE_TASKS[position % 5]
        assert sentence in FREE[task] or any(name in sentence for name in NAMES[task])


def test_bug_9_sentences_depend_on_seed_and_position_alone():
    whole = spoken(tiny(steps=6))
    assert len(set(whole)) > 20
    assert spoken(tiny(steps=6, accumulate=2)) == whole  # not on how a batch is cut
    assert spoken(tiny(steps=6), start=2) == whole[8:]  # nor on where a run was resumed
    torch.manual_seed(5)
    torch.rand(3)
    assert spoken(tiny(steps=6)) == whole  # nor on the global generator
    assert spoken(tiny(steps=6, seed=1)) != whole


def test_property_12_the_loss_is_that_of_image_and_intent():
    torch.manual_seed(0)
    network, recipe = models.create("instructir", preset_name="smoke"), tiny()
    objective = Instructed(recipe, FIVE_TASKS)
    objective.start(network)
    batch = batch_of([Noise()[n] for n in range(4)])
    loss, parts = objective(network, batch, 0)
    assert set(parts) == set(objective.columns)
    torch.testing.assert_close(loss, parts["rec"] + parts["intent"])
    assert 0 <= parts["understood"] <= 1
    half = Instructed(tiny(intent=0.5), FIVE_TASKS)
    half.start(network)
    torch.testing.assert_close(half(network, batch, 0)[0], parts["rec"] + 0.5 * parts["intent"])
    parts["intent"].backward()
    assert {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None} == {
        "head"
    }


def test_tasks_without_sentences_or_intents_end_the_run_before_it_begins():
    network = models.create("instructir", preset_name="smoke")
    with pytest.raises(UsageError, match="unknown task of instructir"):
        Instructed(tiny(), ("pairs",)).start(network)
    narrow = models.create("instructir", preset_name="smoke", intents=2)
    with pytest.raises(UsageError, match="tells denoise, deblur apart"):
        Instructed(tiny(), FIVE_TASKS).start(narrow)


def test_a_network_without_a_head_trains_on_the_image_alone():
    network = models.create("instructir", preset_name="smoke", sentence_dim=0)
    objective = Instructed(tiny(), FIVE_TASKS)
    objective.start(network)
    loss, parts = objective(network, batch_of([Noise()[n] for n in range(4)]), 0)
    assert loss == parts["rec"]
    assert parts["intent"] == 0


class Letters:
    """A sentence encoder of a file."""

    dim, identity, source = 64, "letters", Source("file", "letters")

    def encode(self, sentences):
        return torch.tensor([[float(len(s) + n) for n in range(self.dim)] for s in sentences])


def test_the_sentences_of_a_file_end_up_in_the_weights(tmp_path):
    recipe = tiny(config={**models.preset("instructir", "smoke"), "sentences": "file"})
    objective = Instructed(recipe, FIVE_TASKS, Letters())
    options = {"accelerator": "cpu", "devices": 1, "progress": False}
    file = train(recipe, tmp_path, Noise(), objective=objective, **options)
    network = models.load_weights(file)
    assert network.config["encoder"] == "letters"
    plain = [PLAIN[task] for task in network.known_tasks]
    assert torch.equal(network.task_sentences, Letters().encode(plain))
    # Once more: nothing is left to do, and the checkpoint fits.
    assert train(recipe, tmp_path, Noise(), objective=objective, **options) == file


def test_a_stopped_run_goes_on_alike(tmp_path):
    options = {"accelerator": "cpu", "devices": 1, "progress": False}
    whole = models.load_weights(train(tiny(), tmp_path / "whole", Noise(), **options))

    class Stop(Exception):
        pass

    class Stopping(Instructed):
        def before_step(self, step, network):
            if step == 2:
                raise Stop

    plan = tiny()
    half = {"objective": Stopping(plan, FIVE_TASKS), "checkpoint_every": 1, **options}
    with pytest.raises(Stop):
        train(plan, tmp_path / "cut", Noise(), **half)
    resumed = models.load_weights(train(plan, tmp_path / "cut", Noise(), **options))
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name])
