"""Frozen networks: out of sight of their owner, within reach of .to(), deaf to .train()."""

import copy

import pytest
import torch
from torch import nn

from irlib.errors import UsageError
from irlib.foundation.frozen import Frozen, check_images
from irlib.foundation.sources import Source


class Owner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.own = nn.Linear(2, 2)
        inner = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))
        self.judge = Frozen(inner, Source("file", "a.pt"))


def test_the_owner_has_only_its_own_weights():
    owner = Owner()
    assert set(owner.state_dict()) == {"own.weight", "own.bias"}
    assert sum(p.numel() for p in owner.parameters()) == 6
    assert not any("judge" in name for name, _ in owner.named_parameters())
    optimiser = torch.optim.AdamW(owner.parameters())
    held = {id(p) for group in optimiser.param_groups for p in group["params"]}
    assert not held & {id(p) for p in owner.judge.network.parameters()}
    owner.load_state_dict(owner.state_dict())  # strict, and nothing is missing


def test_evaluation_mode_survives_train():
    owner = Owner().train()
    assert owner.training
    assert not owner.judge.training
    assert not any(module.training for module in owner.judge.network.modules())
    owner.judge.train(True)
    x = torch.rand(1, 3)
    assert torch.equal(owner.judge.network(x), owner.judge.network(x))  # dropout is off


def test_no_parameter_takes_a_gradient_but_inputs_do():
    judge = Owner().judge
    assert not any(p.requires_grad for p in judge.network.parameters())
    x = torch.rand(1, 3, requires_grad=True)
    judge.network(x).sum().backward()
    assert x.grad.abs().sum() > 0


def test_moving_the_owner_moves_the_network():
    owner = Owner().double()
    assert owner.judge.network[0].weight.dtype == torch.float64
    assert owner.to("meta").judge.device.type == "meta"


def test_identity_is_that_of_the_weights():
    owner = Owner()
    twin = copy.deepcopy(owner)
    assert twin.judge.identity == owner.judge.identity
    assert len(owner.judge.identity) == 16
    other = Frozen(copy.deepcopy(owner.judge.network), Source("pocket"))
    other.network[0].bias.data[0] += 1e-3
    assert other.identity != owner.judge.identity
    assert Frozen(owner.judge.network, Source("pocket"), "GELU").identity != owner.judge.identity


@pytest.mark.parametrize("wrong", [torch.rand(3, 8, 8), torch.rand(1, 1, 8, 8), "a picture"])
def test_anything_but_a_batch_of_pictures_is_refused(wrong):
    with pytest.raises(UsageError, match=r"expected a batch of RGB images \(B, 3, H, W\)"):
        check_images(wrong, "it")


def test_integers_are_refused():
    with pytest.raises(UsageError, match="Divide 8-bit images by 255"):
        check_images(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "it")
