"""The moving average: of weights, and of the statistics that batch norms keep."""

import pytest
import torch
from torch import nn

from irlib.training.average import MovingAverage


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.register_buffer("table", torch.arange(3.0))

    def forward(self, x):
        return self.norm(self.conv(x))


def moved(network, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
    network(torch.randn(5, 3, 4, 4, generator=generator) + seed)
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_weights_and_running_statistics_are_averaged_with_one_decay():
    torch.manual_seed(0)
    network = Network()
    expected = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    average = MovingAverage(network, 0.3)
    for step in (1, 2, 3):
        current = moved(network, step)
        average.update(network)
        decay = min(0.3, (1 + step) / (10 + step))
        expected = {
            name: decay * tensor + (1 - decay) * current[name] for name, tensor in expected.items()
        }
    names = {"conv.weight", "conv.bias", "norm.weight", "norm.bias", "norm.running_mean",
             "norm.running_var"}  # fmt: skip
    assert set(average.weights) == names, "tables and counters are no weights"
    for name in names:
        torch.testing.assert_close(average.weights[name], expected[name])
    assert (average.weights["norm.running_mean"] - network.norm.running_mean).abs().max() > 0.01


def test_it_is_loaded_by_name_and_leaves_the_rest():
    network = Network()
    average = MovingAverage(network, 0.9)
    moved(network, 1)
    average.update(network)
    loaded = network.load_state_dict(average.weights, strict=False)
    assert loaded.unexpected_keys == []
    assert loaded.missing_keys == ["table"]
    assert network.norm.num_batches_tracked == 1
    assert all(torch.equal(network.state_dict()[k], v) for k, v in average.weights.items())


def test_a_checkpoint_restores_it():
    network = Network()
    average = MovingAverage(network, 0.9)
    moved(network, 1)
    average.update(network)
    other = MovingAverage(Network(), 0.9)
    other.load_state_dict(average.state_dict())
    assert other.step == 1
    assert all(torch.equal(other.weights[k], v) for k, v in average.weights.items())


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(2, track_running_stats=False), nn.BatchNorm1d(2)])
def test_norms_at_the_top_and_without_statistics(norm):
    names = set(MovingAverage(norm, 0.5).weights)
    kept = {"running_mean", "running_var"} if norm.track_running_stats else set()
    assert names == {"weight", "bias"} | kept
