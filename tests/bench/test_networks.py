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
    weight = found.plain.output.weight
    start = weight.detach().clone()
    action(found, "plain", "forward", PLAN)()
    assert torch.equal(weight, start)
    action(found, "plain", "step", PLAN)()
    assert not torch.equal(weight, start)


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
