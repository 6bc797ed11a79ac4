"""How good the network is at the start of an epoch: the threshold between hard and very hard.

A fixed set of training crops is restored before the first step of every epoch, the first included.
Looking must not disturb: the network's modes and the random numbers of training stay as they were.
Taught in chapter 10.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.losses.difficulty_aware import patch_psnr


@dataclass(frozen=True)
class Reference:
    """What the probe found.

    Attributes:
        mean: PSNR in dB, the mean over all crops of the probe.
        by_task: PSNR in dB by task index, for thresholds of their own.
    """

    mean: float
    by_task: dict[int, float] = field(default_factory=dict)

    def of(self, task: Tensor) -> Tensor:
        """(B,) thresholds of the tasks ``task`` (B,); the mean for a task that was not probed."""
        values = [self.by_task.get(which, self.mean) for which in task.tolist()]
        return torch.tensor(values, device=task.device)


def probe_psnr(
    network: nn.Module,
    restore: Callable[[Tensor], Tensor],
    probe: Sequence[Mapping[str, Any]],
    *,
    batch: int = 8,
    device: torch.device | str | None = None,
) -> Reference:
    """PSNR of the network's restorations of the probe.

    Args:
        network: What ``restore`` runs; it computes in evaluation mode, and the mode of each of its
            modules is put back.
        restore: Maps degraded images (B, 3, P, P) to restored ones, semantics included.
        probe: Samples of :func:`choose_probe`, of one size.
        batch: Crops restored at once.
        device: Where to compute; by default where the network is.
    """
    if device is None:
        device = next((p.device for p in network.parameters()), torch.device("cpu"))
    device = torch.device(device)
    # Named, or on a machine of several GPUs PyTorch would copy the state of all, and warn of it.
    drawing = [device] if device.type == "cuda" else []
    modes = [(module, module.training) for module in network.modules()]
    found: list[Tensor] = []
    network.eval()
    try:
        with torch.random.fork_rng(devices=drawing), torch.no_grad():
            for start in range(0, len(probe), batch):
                part = probe[start : start + batch]
                degraded, target = (
                    torch.stack([sample[key] for sample in part]).to(device)
                    for key in ("degraded", "target")
                )
                found.append(patch_psnr(restore(degraded), target).cpu())
    finally:
        for module, training in modes:
            module.training = training
    values = torch.cat(found).double()
    tasks = torch.tensor([int(sample["task"]) for sample in probe])
    by_task = {which: float(values[tasks == which].mean()) for which in tasks.unique().tolist()}
    return Reference(float(values.mean()), by_task)


def choose_probe(
    candidates: Sequence[Mapping[str, Any]], per_task: int = 24
) -> list[Mapping[str, Any]]:
    """Picks the probe: a fixed number of crops a task, spread over difficulties and scenes.

    A task whose candidates carry a ``sigma`` is shared evenly by its levels. The others are
    picked at even quantiles of their input PSNR, one candidate a ``scene`` where scenes are named.

    Args:
        candidates: Mappings with ``degraded`` and ``target`` (3, P, P), ``task`` (whole number),
            and if known ``sigma`` and ``scene``. Made once, from fixed crops and fixed noise.
        per_task: Crops a task; all of them where a task has fewer.

    Raises:
        UsageError: No candidate, or a number below 1.
    """
    if not candidates or per_task < 1:
        raise UsageError(
            f"{len(candidates)} candidates and {per_task} crops a task were given; expected at "
            "least one of each."
        )
    chosen = []
    for task in sorted({int(sample["task"]) for sample in candidates}):
        own = [sample for sample in candidates if int(sample["task"]) == task]
        levels = sorted({float(sample["sigma"]) for sample in own if "sigma" in sample})
        if not levels:
            chosen += _at_quantiles(own, per_task)
            continue
        for number, level in enumerate(levels):
            share = per_task * (number + 1) // len(levels) - per_task * number // len(levels)
            of_level = [s for s in own if "sigma" in s and float(s["sigma"]) == level]
            chosen += _one_a_scene(of_level)[:share]
    return chosen


def _at_quantiles(samples: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    samples = _one_a_scene(samples)
    if len(samples) <= count:
        return samples
    quality = [float(patch_psnr(sample["degraded"], sample["target"])) for sample in samples]
    order = sorted(range(len(samples)), key=quality.__getitem__)
    # The middle of each of `count` equal parts.
    places = [int((i + 0.5) * len(samples) / count) for i in range(count)]
    return [samples[order[place]] for place in places]


def _one_a_scene(samples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    seen: set[Any] = set()
    kept = []
    for number, sample in enumerate(samples):
        scene = sample.get("scene", ("sample", number))
        if scene not in seen:
            seen.add(scene)
            kept.append(sample)
    return kept
