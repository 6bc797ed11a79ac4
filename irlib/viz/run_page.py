"""The page "Your run": what the training on this machine gave, as one page fragment.

Curve, table and pictures stand inside the fragment, so that it is one file to write and none to
forget; `book/your-run.md` includes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irlib.viz.figures import plot_curve
from irlib.viz.pages import raw, write_page
from irlib.viz.slider import slider_html
from irlib.viz.tables import table

PAGE_NAME = "your-run.md"
LOSS_IN_WORDS = {"l1": "mean absolute error", "psnr": "minus the PSNR of the patches, dB"}

_NO_RUN = """\
:::{admonition} No run on this machine yet
:class: note

This copy of the book was built without a training run. In the folder of the repository, type

```
make book
```

A pocket PromptIR is then trained on this machine, evaluated on photographs it has never seen, and
this page shows its loss curve, its scores and its pictures. How long that takes is said in
[](how-to-use.md).
:::
"""


@dataclass(frozen=True)
class RunReport:
    """What the page shows about one training run.

    Attributes:
        scale: "smoke", "pocket" or "paper".
        device: the device, in words.
        steps: training steps done.
        seconds: wall-clock seconds of the training.
        seed: seed of the run.
        curve: (step, loss) pairs, in order.
        scores: one mapping a row of the score table, the same columns in each.
        examples: (task, degraded, restored, target or None); images (3, H, W) in [0, 1].
        record: name of the ledger record of this run.
        loss: name of the loss, as in the recipe.
        facts: further facts to list, name -> text.
    """

    scale: str
    device: str
    steps: int
    seconds: float
    seed: int
    curve: Sequence[tuple[int, float]]
    scores: Sequence[Mapping[str, Any]]
    examples: Sequence[tuple[str, Any, Any, Any | None]]
    record: str
    loss: str = "l1"
    facts: Mapping[str, str] = field(default_factory=dict)


def write_run_page(folder: str | Path, report: RunReport | None = None) -> Path:
    """Write the fragment of "Your run".

    Args:
        folder: where pages made by commands lie, `book/_generated`; made if missing.
        report: the run; None writes the text that says how to make one.

    Returns:
        The path of the fragment.
    """
    return write_page(Path(folder) / PAGE_NAME, _NO_RUN if report is None else _page(report))


def _page(report: RunReport) -> str:
    minutes, seconds = divmod(round(report.seconds), 60)
    facts = {
        "Scale": report.scale,
        "Device": report.device,
        "Steps": str(report.steps),
        "Training time": f"{minutes} min {seconds} s",
        "Seed": str(report.seed),
        "Ledger record": f"`{report.record}`",
        **report.facts,
    }
    parts = ["".join(f"- {name}: {value}\n" for name, value in facts.items())]
    parts += ["## The loss, step by step", _curve(report), "## Scores on held-out photographs"]
    parts.append(raw(table(report.scores, "Mean over the held-out photographs, per task.").html))
    parts.append("## Before and after")
    parts.append("Drag the bar, or focus it and press the arrow keys.")
    for task, degraded, restored, target in report.examples:
        parts += [f"### {task}", _example(task, degraded, restored)]
        if target is not None:
            parts.append(_example(task, restored, target, ("restored", "target")))
    return "\n\n".join(parts) + "\n"


def _curve(report: RunReport) -> str:
    steps, losses = zip(*report.curve, strict=True) if report.curve else ((), ())
    if not steps:
        return "The run left no loss values."
    alt = (
        f"Training loss against step: from {losses[0]:.3f} at step {steps[0]} "
        f"to {losses[-1]:.3f} at step {steps[-1]}."
    )
    curve = plot_curve(
        {"loss": (steps, losses)},
        xlabel="step",
        ylabel=LOSS_IN_WORDS.get(report.loss, f"loss: {report.loss}"),
        alt=alt,
        log_y=min(losses) > 0,
    )
    return raw(curve.html)


def _example(
    task: str, left: Any, right: Any, labels: tuple[str, str] = ("degraded", "restored")
) -> str:
    alt = f"A held-out photograph, task {task}"
    return raw(slider_html(left, right, alt=alt, labels=labels))
