"""Is the judge good enough to teach a network? The released tools ask five questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

#: Least values, from the released code; the paper has no such gate.
THRESHOLDS = {
    "accuracy": 0.85,
    "worst_accuracy": 0.75,
    "all_right": 0.70,
    "ordered": 0.90,
    "worst_ordered": 0.80,
}
WORDS = {
    "accuracy": "images in their own tier, mean of tasks",
    "worst_accuracy": "images in their own tier, worst task",
    "all_right": "scenes with all tiers right, mean of tasks",
    "ordered": "scenes whose expected quality rises with the tier",
    "worst_ordered": "the same, worst task",
}


@dataclass(frozen=True)
class GateReport:
    """Shares in [0, 1], on images that were not learned from.

    Attributes:
        accuracy: Images in their own tier, mean over tasks.
        worst_accuracy: The same of the worst task.
        all_right: Scenes of which every quality is in its own tier, mean over tasks.
        ordered: Scenes whose expected quality rises strictly from tier to tier, over all scenes.
        worst_ordered: The same of the worst task.
        by_task: Accuracy, all_right and ordered of each task.
    """

    accuracy: float
    worst_accuracy: float
    all_right: float
    ordered: float
    worst_ordered: float
    by_task: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """Names of the thresholds that are missed."""
        return [name for name, least in THRESHOLDS.items() if getattr(self, name) < least]

    @property
    def passed(self) -> bool:
        """Whether every threshold is reached."""
        return not self.failures

    def lines(self) -> list[str]:
        """The report in words, one line a question."""
        rows = []
        for name, least in THRESHOLDS.items():
            found = getattr(self, name)
            verdict = "ok" if found >= least else "MISSED"
            rows.append(f"{found:6.3f} (at least {least:.2f}) {verdict:<6} {WORDS[name]}")
        return rows


def acceptance(logits: Tensor, tasks: Tensor, names: Sequence[str]) -> GateReport:
    """Judges the judge.

    Args:
        logits: (N, K, K) scaled similarities of N scenes, averaged over cuts: the image of quality
            i against the prompt of tier j at ``[n, i, j]``, worst first.
        tasks: (N,), the number of each scene's task.
        names: The names of the tasks.
    """
    tiers = logits.shape[-1]
    right = logits.argmax(-1) == torch.arange(tiers, device=logits.device)
    quality = expected_quality(logits)
    ordered = (quality.diff(dim=1) > 0).all(dim=1)
    by_task = {}
    for number in tasks.unique().tolist():
        own = tasks == number
        by_task[names[number]] = {
            "accuracy": float(right[own].float().mean()),
            "all_right": float(right[own].all(dim=1).float().mean()),
            "ordered": float(ordered[own].float().mean()),
        }

    def column(name: str) -> list[float]:
        return [row[name] for row in by_task.values()]

    return GateReport(
        accuracy=sum(column("accuracy")) / len(by_task),
        worst_accuracy=min(column("accuracy")),
        all_right=sum(column("all_right")) / len(by_task),
        ordered=float(ordered.float().mean()),
        worst_ordered=min(column("ordered")),
        by_task=by_task,
    )


def expected_quality(logits: Tensor) -> Tensor:
    """Tier numbers 0 to K - 1 weighted by their probabilities: (..., K) -> (...)."""
    numbers = torch.arange(logits.shape[-1], dtype=torch.float32, device=logits.device)
    return torch.softmax(logits.float(), dim=-1) @ numbers
