"""How fast networks restore and train beside their plain transcriptions, in turns, in 32 bits."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from irlib.bench.subjects import Subject, subject
from irlib.bench.turns import in_turns
from irlib.errors import IrlibError

_MATRIX = 1024  # rows and columns of the product that gives the machine's rate


@dataclass(frozen=True)
class Plan:
    """What to measure of one network.

    Attributes:
        name: One of :data:`~irlib.bench.subjects.SUBJECTS`.
        preset: "paper", "pocket" or "smoke".
        size: Side of the one image of a forward pass, in pixels.
        patch: Side of the patches of a training step, in pixels.
        batch: Patches of a training step.
        threads: Threads of PyTorch.
        rounds: Rounds of each way.
    """

    name: str
    preset: str = "pocket"
    size: int = 256
    patch: int = 64
    batch: int = 8
    threads: int = 1
    rounds: int = 5


def measure_model(plan: Plan) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Measures one network beside its transcription.

    With one thread the seconds are those the core spent, so that other programs do not count; with
    several they are those of the clock. Memory is what a pass adds to a fresh process that has run
    a small one before.

    Returns:
        Values: for "forward" and "step" (forward, backward and AdamW) the ratio (plain by ours) and
        the seconds of both, ``memory_ratio`` (ours by plain, largest first) and the bytes of both,
        and the ``share`` of the machine's matrix-product rate that ours and plain reach; and, by
        the names of ratios of time, the ratio of every round.
    """
    found = subject(plan.name, plan.preset)
    clock = time.process_time if plan.threads == 1 else time.perf_counter
    before = torch.get_num_threads()
    torch.set_num_threads(plan.threads)
    values: dict[str, float] = {}
    rounds: dict[str, list[float]] = {}
    try:
        rate = matrix_rate(clock)
        for kind in ("forward", "step"):
            ours, plain = (action(found, way, kind, plan) for way in ("ours", "plain"))
            operations = count_operations(found, kind, plan)
            seconds = in_turns(
                plan.rounds, lambda _, run=ours: run(), lambda _, run=plain: run(), clock
            )
            rounds[f"{kind}_ratio"] = [theirs / mine for mine, theirs in seconds]
            values[f"{kind}_ratio"] = median(rounds[f"{kind}_ratio"])
            for column, way in enumerate(("ours", "plain")):
                middle = median(s[column] for s in seconds)
                values[f"{kind}_seconds_{way}"] = middle
                values[f"{kind}_share_{way}"] = operations / middle / rate
    finally:
        torch.set_num_threads(before)
    for kind in ("forward", "step"):
        ours, plain = (peak_bytes(plan, way, kind) for way in ("ours", "plain"))
        values |= {f"{kind}_bytes_ours": ours, f"{kind}_bytes_plain": plain}
        values[f"{kind}_memory_ratio"] = ours / plain
    return values, rounds


def action(found: Subject, way: str, kind: str, plan: Plan) -> Callable[[], Tensor]:
    """Returns what is timed: one forward pass or one training step of one of the two ways.

    Args:
        found: The network and its transcription.
        way: "ours" or "plain".
        kind: "forward" or "step".
        plan: Sizes.
    """
    network: nn.Module = getattr(found, way)
    if way == "ours":
        network.to(memory_format=torch.channels_last)  # as training and restoring do
    if kind == "forward":
        given = found.inputs(1, plan.size)

        def forward() -> Tensor:
            with torch.inference_mode():
                return network(*given)

        return forward
    given = found.inputs(plan.batch, plan.patch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> Tensor:
        loss = (network(*given) - given[0]).abs().mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.detach()

    return step


def count_operations(found: Subject, kind: str, plan: Plan) -> int:
    """Floating-point operations of convolutions and matrix products as the specification has them.

    A training step counts as three forward passes: PyTorch's counter takes gradients of depth-wise
    convolutions for those of dense ones.

    Args:
        found: The network and its transcription.
        kind: "forward" or "step".
        plan: Sizes.
    """
    one_pass = kind == "forward"
    sizes = (1, plan.size) if one_pass else (plan.batch, plan.patch)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        found.plain(*found.inputs(*sizes))
    return counter.get_total_flops() * (1 if one_pass else 3)


def matrix_rate(clock: Callable[[], float], repeats: int = 5) -> float:
    """Floating-point operations a second of a large 32-bit matrix product, the best of some."""
    a, b = torch.rand(2, _MATRIX, _MATRIX, generator=torch.Generator().manual_seed(0))
    best = float("inf")
    for _ in range(repeats):
        started = clock()
        a @ b
        best = min(best, clock() - started)
    return 2 * _MATRIX**3 / best


def peak_bytes(plan: Plan, way: str, kind: str) -> int:
    """Bytes that one pass adds at its peak, in a fresh process.

    Raises:
        IrlibError: The process failed; the message ends with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "irlib.bench.peak_memory", json.dumps([asdict(plan), way, kind])],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise IrlibError(
            f"the memory of {plan.name} could not be measured: its process ended with status "
            f"{done.returncode}. Choose a smaller --size, --patch or --batch. It said: "
            f"{done.stderr.strip()[-300:]}"
        )
    return int(done.stdout)
