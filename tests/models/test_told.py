"""Networks that must be told: who tells them, what they refuse, and who hears the truth."""

import pytest
import torch
from torch import nn

from irlib import models
from irlib.data.pairing import Pair
from irlib.errors import UsageError
from irlib.evaluation.benchmark import evaluate
from irlib.evaluation.embedded import evaluate_embedded
from irlib.models.told import WithTask

KNOWN = ("denoise", "denoise25", "derain")


class Brighter(models.RestorationModel):
    """Adds a grey level that depends on the task alone, and notes what it was told."""

    name = "brighter"
    multiple = 1
    needs_task = True
    known_tasks = KNOWN

    def __init__(self):
        super().__init__({})
        self.heard = []

    def told(self, tasks):
        self.check_tasks(tasks)
        self.heard.append(list(tasks))
        return torch.tensor([0.1 * KNOWN.index(task) for task in tasks])

    def forward(self, degraded, told):
        return degraded + told[:, None, None, None]


class Reader(Brighter):
    def instructed(self, sentence):
        return torch.tensor([0.01 * len(sentence)])


class Namer(nn.Module):
    """Calls dark images rain."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def names(self, images):
        self.seen.append(tuple(images.shape))
        return ["derain" if image.mean() < 0.5 else "denoise" for image in images]


def test_the_same_task_for_all():
    restorer = models.as_restorer(Brighter(), task="derain")
    image = torch.rand(2, 3, 5, 4)
    assert torch.allclose(restorer(image), image + 0.2)
    assert restorer.how == "told: derain"
    restorer.tell("denoise")  # only an oracle hears the truth
    assert torch.allclose(restorer(image), image + 0.2)


def test_an_oracle_must_be_told_and_then_hears():
    restorer = models.as_restorer(Brighter())
    with pytest.raises(UsageError, match="must be told the degradation: --task with one of"):
        restorer(torch.rand(1, 3, 4, 4))
    restorer.tell("denoise", 25.0)
    restorer(torch.rand(1, 3, 4, 4))
    restorer.tell("denoise", 50.0)  # a level that it does not know apart
    restorer(torch.rand(1, 3, 4, 4))
    assert restorer.network.heard == [["denoise25"], ["denoise"]]
    assert restorer.how == "oracle: told the true degradation"


def test_unknown_tasks_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match="derain"):
        models.as_restorer(Brighter(), task="deraim")
    restorer = models.as_restorer(Brighter())
    with pytest.raises(UsageError, match="lowlight"):
        restorer.tell("lowlight")


def test_a_namer_names_each_image_but_a_whole_only_once():
    namer = Namer()
    restorer = WithTask(Brighter(), namer=namer)
    images = torch.stack([torch.full((3, 4, 4), 0.2), torch.full((3, 4, 4), 0.8)])
    assert restorer.names(images) == ["derain", "denoise"]
    assert "classifier" in restorer.how
    with restorer.seeing(images[:1]):
        restorer(images[1:])  # a bright part of a dark whole
    assert restorer.network.heard[-1] == ["derain"]
    assert not list(restorer.parameters()), "the namer's weights are not the network's"


def test_sentences_only_for_those_who_read():
    restorer = models.as_restorer(Reader(), instruction="less rain")
    image = torch.rand(1, 3, 4, 4)
    with restorer.seeing(image):
        assert torch.allclose(restorer(image), image + 0.09)
    with pytest.raises(UsageError, match="reads no sentences"):
        models.as_restorer(Brighter(), instruction="less rain")
    with pytest.raises(UsageError, match="one way only"):
        models.as_restorer(Reader(), instruction="less rain", task="derain")


def test_blind_networks_cannot_be_told():
    network = models.create("restormer", preset_name="smoke")
    with pytest.raises(UsageError, match="is blind and cannot be told"):
        models.as_restorer(network, task="derain")
    with pytest.raises(UsageError, match="is blind"):
        network.told(["derain"])
    assert models.how_told(network) == ""
    models.tell(network, "derain")


def test_evaluations_tell_an_oracle_the_truth(tmp_path):
    restorer = models.as_restorer(Brighter())
    evaluate_embedded(restorer, ["derain", "denoise"], crop=32)
    assert restorer.network.heard == [["derain"]] * 3 + [["denoise"]] * 3

    from irlib.data.images import write_image

    clean = tmp_path / "a.png"
    write_image(clean, torch.rand(3, 32, 32))
    evaluate(restorer, [Pair("a", None, clean)], sigma=25, progress=False)
    assert restorer.network.heard[-1] == ["denoise25"]
