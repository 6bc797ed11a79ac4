"""Training a network that is told the degradation, and what objectives are called for."""

import pytest
import torch
from torch import nn

from irlib.errors import UsageError
from irlib.training import recipe
from irlib.training.loop import train
from irlib.training.objectives import Objective, Reconstruction, ToldReconstruction, open_objective
from irlib.training.sources import open_source


class Told(nn.Module):
    known = ("haze", "rain")

    def check_tasks(self, tasks):
        for task in tasks:
            if task not in self.known:
                raise UsageError(f"unknown task {task}")

    def told(self, tasks):
        return torch.tensor([float(self.known.index(task)) for task in tasks])

    def forward(self, degraded, told):
        return degraded * told[:, None, None, None]


def test_each_image_is_told_its_own_task():
    objective = ToldReconstruction("l1", ("haze", "rain"))
    network = Told()
    objective.start(network)
    degraded = torch.rand(2, 3, 4, 4)
    batch = {"degraded": degraded, "target": degraded, "task": torch.tensor([1, 0])}
    loss, parts = objective(network, batch, 0)
    assert torch.isclose(loss, degraded[1].mean() / 2)
    assert parts == {}


def test_unknown_tasks_end_the_run_before_it_begins():
    with pytest.raises(UsageError, match="snow"):
        ToldReconstruction("l1", ("snow",)).start(Told())


def test_blind_networks_get_plain_reconstruction():
    plan = recipe("restormer", "smoke")
    plan, data = open_source(plan)
    assert type(open_objective(plan, data)) is Reconstruction


class Diary(Reconstruction):
    """Notes when the loop calls what."""

    def __init__(self):
        super().__init__("l1")
        self.lines = []

    def start(self, network):
        self.lines.append("start")

    def before_step(self, step, network):
        self.lines.append(f"before {step}")
        self.weights = next(network.parameters()).detach().clone()

    def after_step(self, step, network):
        moved = not torch.equal(self.weights, next(network.parameters()))
        self.lines.append(f"after {step}{' moved' if moved else ''}")


def test_the_loop_calls_each_hook_in_its_place(tmp_path):
    plan, data = open_source(recipe("restormer", "smoke", steps=2, warmup=0))
    diary = Diary()
    train(plan, tmp_path, data, objective=diary, progress=False, accelerator="cpu")
    assert diary.lines == ["start", "before 0", "after 0 moved", "before 1", "after 1 moved"]
    assert isinstance(diary, Objective)
