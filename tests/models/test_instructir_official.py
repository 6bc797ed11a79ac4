"""The authors' two files, put together."""

import pytest
import torch
from torch.nn import functional as F

from irlib import models
from irlib.errors import UsageError
from irlib.foundation.sources import Source
from irlib.models.instructir_official import load_published
from irlib.models.official_names import official_name


class Lengths:
    """A sentence encoder."""

    dim, identity, source = 64, "lengths", Source("file", "lengths")

    def encode(self, sentences):
        rows = [[float(len(s) % (n + 2)) for n in range(self.dim)] for s in sentences]
        return F.normalize(torch.tensor(rows), dim=1)


@pytest.fixture
def published(tmp_path):
    """A small network in two files, as the authors publish theirs, and the network itself."""
    torch.manual_seed(0)
    network = models.create("instructir", preset_name="smoke", intents=7).eval()
    parts = {True: {}, False: {}}
    for name, tensor in network.state_dict().items():
        parts[name.startswith("head.")][official_name("instructir", name)] = tensor
    torch.save(
        {f"module.{name}": tensor for name, tensor in parts[False].items()}, tmp_path / "im.pt"
    )
    torch.save(parts[True], tmp_path / "lm.pt")
    return network, tmp_path / "im.pt", tmp_path / "lm.pt"


def test_two_files_and_an_encoder_make_a_network(published, tmp_path):
    network, image, head = published
    loaded = load_published(image, head, Lengths())
    assert loaded.intent_names[-1] == "enhance"
    expected = network.state_dict()
    assert all(torch.equal(loaded.state_dict()[name], expected[name]) for name in expected)
    told = loaded.told(["derain"])
    assert torch.equal(told, loaded.instructed("remove the rain"))
    again = models.load_weights(models.save_weights(loaded, tmp_path / "one.safetensors"))
    assert torch.equal(again.told(["derain"]), told)


def test_without_an_encoder_it_is_deaf(published):
    _, image, head = published
    with pytest.raises(UsageError, match="hear"):
        load_published(image, head).told(["derain"])


def test_missing_and_wrong_files_are_named(published, tmp_path):
    _, image, head = published
    with pytest.raises(UsageError, match=r"no checkpoint at .*nothing\.pt"):
        load_published(image, tmp_path / "nothing.pt")
    with pytest.raises(UsageError, match="holds no text head"):
        load_published(image, image)
    with pytest.raises(UsageError, match="is not a checkpoint of instructir"):
        load_published(head, head)
