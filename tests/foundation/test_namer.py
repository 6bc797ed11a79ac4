"""The namer: any size, frozen, and refused where it is something else."""

import pytest
import torch

from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.foundation import Namer, load_namer
from irlib.foundation.checkpoints import write_weights
from irlib.foundation.namer import NamerNetwork
from irlib.foundation.sources import Source

CONFIG = {"widths": (4, 6), "hidden": 8, "names": FIVE_TASKS}


@pytest.fixture
def namer() -> Namer:
    torch.manual_seed(0)
    return Namer(NamerNetwork(CONFIG["widths"], CONFIG["hidden"]), Source("file", "random"))


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (64, 48)])
def test_any_size_has_probabilities_and_a_name(namer, size):
    images = torch.rand(3, 3, *size)
    probabilities = namer.probabilities(images)
    assert probabilities.shape == (3, len(FIVE_TASKS))
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(3))
    assert namer.names(images) == [FIVE_TASKS[i] for i in probabilities.argmax(dim=1)]


def test_a_large_picture_of_the_same_texture_reads_alike(namer, generator):
    tile = torch.rand(1, 3, 64, 64, generator=generator)
    large = tile.repeat(1, 1, 4, 4)
    assert torch.allclose(namer.probabilities(tile), namer.probabilities(large), atol=0.02)


def test_nothing_of_it_is_trained_or_seen_by_its_owner(namer):
    owner = torch.nn.Module()
    owner.namer = namer
    assert not list(owner.parameters())
    assert not owner.state_dict()
    owner.train()
    assert not namer.network.training
    assert not namer.probabilities(torch.rand(1, 3, 8, 8)).requires_grad


def test_a_file_says_all_that_is_needed(namer, tmp_path):
    path = tmp_path / "namer.safetensors"
    write_weights(path, "namer", namer.network.state_dict(), CONFIG, steps=0)
    again = load_namer(path)
    images = torch.rand(2, 3, 20, 20)
    assert again.identity == namer.identity
    assert torch.equal(again.probabilities(images), namer.probabilities(images))


def test_what_is_no_namer_is_refused(namer, tmp_path):
    with pytest.raises(UsageError, match="nobody has published weights of the namer"):
        load_namer("pretrained")
    path = tmp_path / "vgg.safetensors"
    write_weights(path, "vgg", {"a": torch.zeros(1)}, {"widths": [1]})
    with pytest.raises(UsageError, match="holds a vgg network, but namer was asked for"):
        load_namer(path)
    with pytest.raises(UsageError, match="expected a batch of RGB images"):
        namer.names(torch.rand(3, 8, 8))


def test_a_picture_of_eight_bits_is_refused(namer):
    with pytest.raises(UsageError, match="Divide"):
        namer.names(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
