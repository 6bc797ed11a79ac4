"""A network and its frozen encoder work as one, and stay two (property 17)."""

import pytest
import torch
from torch import nn

from irlib import foundation, models
from irlib.errors import IrlibError, UsageError
from irlib.foundation import Frozen, Source
from irlib.models import as_restorer
from irlib.models.semantics import WithSemantics, encoder_facts


class StubDino(Frozen):
    """An encoder of the interface of a DINO that sees the means of an image's colours."""

    def __init__(self, dim=7, seed=0, kind="pocket", detail="dino-pocket"):
        torch.manual_seed(seed)
        super().__init__(nn.Linear(3, 4 * dim), Source(kind, detail))
        self.dim = dim
        self.given = []

    @torch.no_grad()
    def features(self, images):
        self.given.append(images)
        return list(self.network(images.mean(dim=(2, 3))).chunk(4, dim=1))


@pytest.fixture
def network():
    torch.manual_seed(0)
    config = models.preset("perceive-ir", "smoke")
    model = models.create("perceive-ir", **{**config, "semantic_dim": 7, "pgm_zero_init": False})
    return model.eval()


def test_it_restores_from_the_image_alone(network):
    encoder, image = StubDino(), torch.rand(2, 3, 13, 18)
    padded, _ = models.pad_to_multiple(image, 8, "replicate")
    with torch.no_grad():
        restored = WithSemantics(network, encoder)(image)
        assert torch.equal(restored, network(image, StubDino().features(padded)))
    assert torch.equal(encoder.given[0], padded)  # the encoder sees the pixels the network sees


def test_property_17_nothing_of_the_encoder_is_trained_or_stored(network):
    encoder = StubDino()
    names = set(network.state_dict())
    model = WithSemantics(network, encoder).train()
    own = {parameter.data_ptr() for parameter in encoder.network.parameters()}
    assert set(network.state_dict()) == names
    assert set(model.state_dict()) == {f"network.{name}" for name in names}
    optimiser = torch.optim.AdamW(model.parameters())
    held = {p.data_ptr() for group in optimiser.param_groups for p in group["params"]}
    assert not held & own
    assert network.training
    assert not encoder.network.training
    before = [parameter.clone() for parameter in encoder.network.parameters()]
    model(torch.rand(2, 3, 16, 16)).sum().backward()
    optimiser.step()
    assert all(map(torch.equal, before, encoder.network.parameters()))


def test_property_17_moving_the_whole_moves_the_encoder(network):
    encoder = StubDino()
    WithSemantics(network, encoder).to(torch.float64)
    assert all(parameter.dtype == torch.float64 for parameter in encoder.network.parameters())


def test_property_17_a_real_vision_transformer_stays_outside(network):
    from irlib.foundation.dino import Dino, create_vit

    sizes = {"embed_dim": 24, "depth": 4, "num_heads": 2, "img_size": 28, "patch_size": 14}
    encoder = Dino(create_vit(sizes, init_values=1.0), Source("pocket", "random"))
    config = {**network.config, "semantic_dim": 24}
    model = WithSemantics(models.create("perceive-ir", **config), encoder)
    restored = model(torch.rand(1, 3, 20, 24))
    assert restored.shape == (1, 3, 20, 24)
    restored.sum().backward()
    assert not any(name.startswith("encoder") for name in model.state_dict())
    assert model.network.code.head[0].weight.grad.any()


def test_parts_are_told_of_the_whole_while_it_is_seen(network):
    encoder, whole = StubDino(), torch.rand(1, 3, 32, 32)
    model, part = WithSemantics(network, encoder), whole[..., :16, :16]
    with torch.no_grad():
        alone = model(part)
        with model.seeing(whole):
            told = model(part)
            assert torch.equal(told, network(part, encoder.features(whole)))
        assert not torch.equal(told, alone)
        assert torch.equal(model(part), alone)


def test_an_encoder_of_another_length_is_refused(network):
    with pytest.raises(UsageError, match="semantic_dim=9"):
        WithSemantics(network, StubDino(9))


def test_a_network_that_needs_nothing_is_left_alone():
    for model in (nn.Identity(), models.create("restormer", preset_name="smoke")):
        assert as_restorer(model) is model


@pytest.fixture
def load_dino(monkeypatch):
    """Stands in for the loading of a DINO; holds what it was asked for."""
    asked = []

    def load(source="pocket", download=False):
        asked.append((source, download))
        return StubDino(seed=0 if source == "pocket" else 1)

    monkeypatch.setattr(foundation, "load_dino", load)
    return asked


def test_weights_name_the_encoder_they_need(network, tmp_path, load_dino):
    path = models.save_weights(network, tmp_path / "w.safetensors", **encoder_facts(StubDino()))
    model = as_restorer(models.load_weights(path), path)
    assert load_dino == [("pocket", False)]
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(model(image), WithSemantics(network, StubDino())(image))
    facts = models.read_header(path)["facts"]
    as_restorer(network, facts, encoder=StubDino())
    assert len(load_dino) == 1  # a loaded encoder is taken as it is


def test_another_encoder_than_the_one_trained_with_is_refused(network, load_dino):
    facts = encoder_facts(StubDino())
    with pytest.raises(IrlibError, match="trained with another DINO"):
        as_restorer(network, facts, encoder="pretrained", download=True)
    assert load_dino == [("pretrained", True)]


def test_weights_that_do_not_say_where_their_encoder_is_ask(network, tmp_path):
    with pytest.raises(UsageError, match="--dino pocket"):
        as_restorer(network)
    file = encoder_facts(StubDino(kind="file", detail=str(tmp_path / "mine.pt")))
    assert file["encoder"]["detail"] == "mine.pt"  # no folder of this machine
    with pytest.raises(UsageError, match=r"mine\.pt"):
        as_restorer(network, file)
