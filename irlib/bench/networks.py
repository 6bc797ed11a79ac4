"""How fast networks restore and train beside their plain transcriptions, in turns."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from irlib.bench.subjects import Subject, subject
from irlib.bench.turns import in_turns
from irlib.bench.ways import WAYS, computing, laid_out, prepared
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
        variants: Ways to measure besides ours and plain, of :data:`~irlib.bench.ways.WAYS`.
        device: "cpu" or "cuda".
    """

    name: str
    preset: str = "pocket"
    size: int = 256
    patch: int = 64
    batch: int = 8
    threads: int = 1
    rounds: int = 5
    variants: tuple[str, ...] = ()
    device: str = "cpu"


def measure_model(plan: Plan) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Measures one network beside its transcription, and its variants in the same rounds.

    On a CPU with one thread the seconds are those the core spent, so that other programs do not
    count; else they are those of the clock. Memory is what a pass adds: on a CPU to a fresh process
    that has run a small one before.

    Returns:
        Values: for "forward" and "step" (forward, backward and AdamW) the ratio (plain by ours) and
        the seconds of both, ``memory_ratio`` (ours by plain, largest first) and the bytes of both,
        and the ``share`` of the machine's matrix-product rate that ours and plain reach. The same
        of each variant in place of ours, its name in front, with ``gain`` (ours by the variant, in
        seconds) and, of the forward pass, ``difference`` (largest, from what ours returns); its
        share is of the rate in its own precision, and a compiled one's memory is measured on a GPU
        alone, since on a CPU the compiler's own would count. And, by the names of ratios and gains,
        those of every round.
    """
    found = subject(plan.name, plan.preset)
    clock = _clock(plan)
    before = torch.get_num_threads()
    torch.set_num_threads(plan.threads)
    torch.compiler.reset()  # what was compiled for another network does not count here
    values: dict[str, float] = {}
    rounds: dict[str, list[float]] = {}
    names = ("ours", "plain", *plan.variants)
    try:
        for kind in ("forward", "step"):
            actions = {name: action(found, name, kind, plan) for name in names}
            if kind == "forward":
                values |= _differences(actions, plan)
            operations = count_operations(found, kind, plan)
            turns = [lambda _, run=run: run() for run in actions.values()]
            measured = in_turns(plan.rounds, *turns, clock=clock)
            seconds = dict(zip(names, zip(*measured, strict=True), strict=True))
            for name in names:
                middle = median(seconds[name])
                rate = matrix_rate(clock, device=plan.device, bf16=WAYS[name].bf16)
                values[_key(name, kind, "seconds")] = middle
                values[_key(name, kind, "share")] = operations / middle / rate
            for name in ("ours", *plan.variants):
                beside = (
                    {"ratio": "plain"} if name == "ours" else {"ratio": "plain", "gain": "ours"}
                )
                for word, other in beside.items():
                    pairs = zip(seconds[other], seconds[name], strict=True)
                    key = _key(name, kind, word)
                    rounds[key] = [theirs / mine for theirs, mine in pairs]
                    values[key] = median(rounds[key])
            values |= _memory(plan, kind, actions)
    finally:
        torch.set_num_threads(before)
    return values, rounds


def _key(way: str, kind: str, word: str) -> str:
    """Name of a value: of ours and plain as ever, of a variant with its name in front."""
    if way not in ("ours", "plain"):
        return f"{way}/{kind}_{word}"
    return f"{kind}_{word}" + (f"_{way}" if word in ("seconds", "bytes", "share") else "")


def _clock(plan: Plan) -> Callable[[], float]:
    if plan.device == "cuda":

        def after_all_is_done() -> float:
            torch.cuda.synchronize()
            return time.perf_counter()

        return after_all_is_done
    return time.process_time if plan.threads == 1 else time.perf_counter


def _differences(actions: dict[str, Callable[[], Tensor]], plan: Plan) -> dict[str, float]:
    ours = actions["ours"]() if plan.variants else None
    return {
        f"{name}/forward_difference": (actions[name]().float() - ours).abs().max().item()
        for name in plan.variants
    }


def _memory(plan: Plan, kind: str, actions: dict[str, Callable[[], Tensor]]) -> dict[str, float]:
    on_gpu = plan.device == "cuda"
    names = [name for name in actions if on_gpu or not WAYS[name].compiled]
    found = {
        name: peak_bytes_on_gpu(actions[name]) if on_gpu else peak_bytes(plan, name, kind)
        for name in names
    }
    values = {_key(name, kind, "bytes"): number for name, number in found.items()}
    ratios = {name: found[name] / found["plain"] for name in names if name != "plain"}
    return values | {_key(name, kind, "memory_ratio"): ratio for name, ratio in ratios.items()}


def action(found: Subject, way: str, kind: str, plan: Plan) -> Callable[[], Tensor]:
    """Returns what is timed: one forward pass or one training step of one of the ways.

    Args:
        found: The network and its transcription; both are left as they are.
        way: One of :data:`~irlib.bench.ways.WAYS`.
        kind: "forward" or "step".
        plan: Sizes and device.
    """
    network = prepared(found, way, plan.device)
    sizes = (1, plan.size) if kind == "forward" else (plan.batch, plan.patch)
    given = laid_out(found.inputs(*sizes), way, plan.device)
    if kind == "forward":

        def forward() -> Tensor:
            with torch.inference_mode(), computing(way, plan.device):
                return network(*given)

        return forward
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> Tensor:
        with computing(way, plan.device):
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


def matrix_rate(
    clock: Callable[[], float], repeats: int = 5, device: str = "cpu", bf16: bool = False
) -> float:
    """Floating-point operations a second of a large matrix product, the best of some.

    Args:
        clock: Tells the seconds.
        repeats: How many products are timed.
        device: Where they are computed.
        bf16: Whether in 16 bits instead of 32.
    """
    kind = torch.bfloat16 if bf16 else torch.float32
    drawn = torch.rand(2, _MATRIX, _MATRIX, generator=torch.Generator().manual_seed(0))
    a, b = drawn.to(device, kind)
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


def peak_bytes_on_gpu(run: Callable[[], Tensor]) -> int:
    """Bytes that one pass adds at its peak to what the GPU holds already."""
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    torch.cuda.synchronize()
    return max(torch.cuda.max_memory_allocated() - before, 1)
