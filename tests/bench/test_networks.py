"""A network beside its transcription: ratios in turns, memory in a fresh process."""

import subprocess
import time
from dataclasses import replace

import pytest
import torch

from irlib.bench import networks
from irlib.bench.networks import (
    Plan,
    action,
    count_operations,
    matrix_rate,
    measure_model,
    peak_bytes,
)
from irlib.bench.subjects import subject
from irlib.errors import IrlibError

PLAN = Plan("restormer", "smoke", size=64, patch=32, batch=1, rounds=2)


def test_everything_is_measured(monkeypatch):
    sizes = {"ours": 3, "plain": 4}
    monkeypatch.setattr(networks, "peak_bytes", lambda _, way, kind: sizes[way])
    before = torch.get_num_threads()
    values, rounds = measure_model(PLAN)
    assert torch.get_num_threads() == before
    assert {len(each) for each in rounds.values()} == {2}
    for kind in ("forward", "step"):
        assert min(rounds[f"{kind}_ratio"]) <= values[f"{kind}_ratio"]
        assert 0 < values[f"{kind}_share_ours"] < 1
        assert values[f"{kind}_memory_ratio"] == 0.75


def test_a_step_moves_the_weights_and_a_forward_pass_does_not():
    found = subject("restormer", "smoke")
    start = found.plain.output.weight.detach().clone()
    forward, step = (action(found, "plain", kind, PLAN) for kind in ("forward", "step"))
    assert torch.equal(forward(), forward())
    assert step() > step()
    assert torch.equal(found.plain.output.weight, start), "each way has weights of its own"


def test_variants_stand_beside_ours_and_plain(monkeypatch):
    monkeypatch.setattr("irlib.bench.ways.BACKEND", "eager")  # kernels would take minutes
    asked = []
    monkeypatch.setattr(networks, "peak_bytes", lambda _, way, kind: asked.append(way) or 5)
    names = ("plain-channels-last", "bf16", "compiled")
    plan = replace(PLAN, name="nafnet", size=32, rounds=1, variants=names)
    values, rounds = measure_model(plan)
    both = ("seconds", "share", "bytes")
    assert {key for key in values if "/" not in key} == {
        f"{kind}_{word}" for kind in ("forward", "step") for word in ("ratio", "memory_ratio")
    } | {
        f"{kind}_{word}_{way}"
        for kind in ("forward", "step")
        for word in both
        for way in ("ours", "plain")
    }, "the fields of every record, as they ever were"
    for name in names:
        for kind in ("forward", "step"):
            key = f"{name}/{kind}"
            assert values[f"{key}_gain"] == rounds[f"{key}_gain"][0] > 0
            assert values[f"{key}_ratio"] == pytest.approx(
                values[f"{kind}_seconds_plain"] / values[f"{key}_seconds"]
            )
            assert values[f"{key}_share"] > 0
            assert (f"{key}_bytes" in values) == ("compiled" not in name)
    assert "compiled" not in asked
    assert values["plain-channels-last/forward_difference"] < 1e-5
    assert values["compiled/forward_difference"] < 1e-5
    assert 1e-5 < values["bf16/forward_difference"] < 0.2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_gpu_is_measured_too():
    plan = replace(PLAN, device="cuda", rounds=1, variants=("bf16",))
    values, _ = measure_model(plan)
    assert all(value > 0 for key, value in values.items() if "difference" not in key)


def test_a_step_counts_as_three_passes():
    found = subject("nafnet", "smoke")
    same = replace(PLAN, size=64, patch=64)
    once, thrice = (count_operations(found, kind, same) for kind in ("forward", "step"))
    assert thrice == 3 * once > 0


def test_a_machine_multiplies_matrices():
    assert matrix_rate(time.perf_counter, repeats=1) > 1e6


def test_memory_is_what_a_pass_adds():
    added = peak_bytes(replace(PLAN, size=256), "ours", "forward")
    # A feature map of the first level is the least; a process with PyTorch holds far more anyway.
    assert 8 * 4 * 256**2 < added < 3e8


def test_a_failed_process_is_told(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "not enough memory")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(IrlibError, match=r"smaller --size.*not enough memory"):
        peak_bytes(PLAN, "ours", "forward")
