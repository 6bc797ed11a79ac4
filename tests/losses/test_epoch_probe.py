"""The probe looks at the network without disturbing it."""

import warnings

import pytest
import torch
from torch import nn

from irlib.errors import UsageError
from irlib.losses import choose_probe, patch_psnr, probe_psnr


def sample(task: int, error: float, **more) -> dict:
    target = torch.full((3, 8, 8), 0.5)
    return {"degraded": target + error, "target": target, "task": torch.tensor(task), **more}


class Restless(nn.Module):
    """Uses random numbers, and behaves otherwise in training."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Sequential(nn.Dropout(0.5)).eval()
        self.dropout = nn.Dropout(0.5)
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        torch.rand(3)
        return self.dropout(images) * self.weight


PROBE = [sample(0, 0.1), sample(0, 0.01), sample(1, 0.1)]


def test_it_is_the_mean_psnr_in_evaluation_mode():
    found = probe_psnr(Restless(), Restless().eval(), PROBE, batch=2)
    assert found.mean == pytest.approx((20 + 40 + 20) / 3, abs=1e-3)
    assert found.by_task == pytest.approx({0: 30, 1: 20}, abs=1e-3)
    assert found.of(torch.tensor([1, 0, 7])).tolist() == pytest.approx(
        [20, 30, found.mean], abs=1e-3
    )


@pytest.mark.parametrize("training", [True, False])
def test_modes_and_random_numbers_stay_as_they_were(training):
    network = Restless().train(training)
    network.frozen.eval()
    modes = [module.training for module in network.modules()]
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    probe_psnr(network, network, PROBE)
    assert torch.equal(torch.rand(4), expected)
    assert [module.training for module in network.modules()] == modes
    assert network.weight.grad is None
    assert network.weight.requires_grad


def test_modes_and_random_numbers_survive_a_failure():
    network = Restless().train()

    def fail(images):
        torch.rand(3)
        raise RuntimeError("no memory")

    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="no memory"):
        probe_psnr(network, fail, PROBE)
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)


def test_noise_is_shared_by_levels_and_other_tasks_spread_over_quality():
    noisy = [sample(0, 0.1, sigma=s) for s in (15.0, 25.0, 50.0) for _ in range(20)]
    rainy = [sample(1, 0.002 * (i + 1)) for i in range(100)]
    chosen = choose_probe(noisy + rainy, per_task=24)
    assert len(chosen) == 48
    levels = [s["sigma"] for s in chosen if "sigma" in s]
    assert {level: levels.count(level) for level in levels} == {15: 8, 25: 8, 50: 8}
    quality = [float(patch_psnr(s["degraded"], s["target"])) for s in chosen[24:]]
    everything = [float(patch_psnr(s["degraded"], s["target"])) for s in rainy]
    assert quality == sorted(quality)
    assert quality[12] == pytest.approx(sorted(everything)[50], abs=0.5)


def test_a_scene_is_probed_once():
    hazy = [sample(1, 0.01 * (i + 1), scene=f"street {i % 3}") for i in range(12)]
    scenes = [s["scene"] for s in choose_probe(hazy, per_task=24)]
    assert sorted(scenes) == ["street 0", "street 1", "street 2"]


def test_an_empty_probe_is_refused():
    with pytest.raises(UsageError, match="0 candidates"):
        choose_probe([])


def test_other_gpus_are_left_alone(monkeypatch):
    # PyTorch warns where random numbers are kept on several GPUs that nobody named.
    monkeypatch.setattr("torch.cuda.device_count", lambda: 8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe_psnr(nn.Identity(), lambda image: image, [sample(0, 0.1)])
