"""The five-task table on photographs that ship with scikit-image: no download, same everywhere.

Any other degradation can be measured on the same photographs: stronger noise, water, CDD-11's
mixtures. Taught in chapters 5 and 22.
"""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from irlib.data.photos import test_photos
from irlib.data.seeding import generator_for
from irlib.degradations import (
    COMPOSITE_TASKS,
    FIVE_TASKS,
    degrade,
    gaussian_noise,
    list_degradations,
)
from irlib.degradations.presets import TASK_OF
from irlib.errors import UsageError
from irlib.evaluation.scoring import Restorer, as_function, centre_crop, mean_of, score
from irlib.metrics import Protocol, get_protocol
from irlib.models import tell

DEGRADATION_OF_TASK = {
    "denoise": "noise25",
    "dehaze": "haze",
    "derain": "rain",
    "deblur": "blur",
    "lowlight": "lowlight",
}
"""The named degradation each task is evaluated on."""
ALL_MIXTURES = "cdd11"
_NOISE = re.compile(r"noise(\d+(?:\.\d+)?)")


def evaluate_embedded(
    model: Restorer,
    tasks: Sequence[str] = FIVE_TASKS,
    crop: int | None = None,
    *,
    seed: int = 0,
    severity: str = "medium",
    protocol: Protocol | str = "all-in-one",
    tile: str | int | None = None,
    device: str | torch.device | None = None,
) -> list[dict[str, Any]]:
    """Scores on the held-out embedded photographs, one row a task.

    Each photograph is degraded by a generator of its own, seeded by (seed, degradation, name): the
    same images in every run, whatever the tasks asked for.

    Args:
        model: A network, or a function from (3, H, W) to (3, H, W). One that must be told the
            degradation is told each row's task, of ``noise60`` that it is noise.
        tasks: See :func:`embedded_tasks`.
        crop: Side of a centre crop that keeps a run short; None takes whole photographs.
        seed: Seed of the degradations.
        severity: Preset of the degradations.
        protocol: How scores are computed.
        tile: Tiling of networks; None restores whole images.
        device: Where a network runs.

    Returns:
        Per task ``task``, ``degradation``, ``severity``, the means ``psnr``, ``ssim``,
        ``input_psnr`` and ``input_ssim``, and ``per_image`` with the same for each photograph.

    Raises:
        UsageError: An unknown task, or a crop that leaves nothing to measure.
    """
    protocol = get_protocol(protocol)
    restore = as_function(model, tile, device)
    rows = []
    for task in embedded_tasks(tasks):
        per_image = []
        tell(model, *_true_task(task))
        for name, clean, degraded in embedded_pairs(task, crop, seed, severity, protocol):
            scores, _ = score(restore, degraded, clean, protocol)
            per_image.append({"name": name, **scores})
        rows.append(
            {
                "task": task,
                "degradation": DEGRADATION_OF_TASK.get(task, task),
                "severity": severity,
                **mean_of(per_image),
                "per_image": per_image,
            }
        )
    return rows


def embedded_tasks(names: Sequence[str]) -> tuple[str, ...]:
    """What can be measured on the embedded photographs, with ``cdd11`` spelt out.

    Args:
        names: Of ``denoise``, ``dehaze``, ``derain``, ``deblur``, ``lowlight``; ``noise60`` or
            another level of the 0-255 scale; any name of
            :func:`irlib.degradations.list_degradations`; ``cdd11`` for all eleven mixtures.

    Raises:
        UsageError: No name, or an unknown one.
    """
    if not names:
        raise UsageError(
            f"no task was given; expected one or more of {', '.join(DEGRADATION_OF_TASK)}."
        )
    spelt = ((COMPOSITE_TASKS if name == ALL_MIXTURES else (name,)) for name in names)
    tasks = tuple(dict.fromkeys(name for some in spelt for name in some))
    for task in tasks:
        if task in DEGRADATION_OF_TASK or _NOISE.fullmatch(task) or task in list_degradations():
            continue
        raise UsageError(
            f"unknown task {task!r}; the embedded evaluation knows "
            f"{', '.join(DEGRADATION_OF_TASK)}, noise60 (any level), {ALL_MIXTURES} (all its "
            "mixtures) and every degradation of `irlib degrade`."
        )
    return tasks


def embedded_pairs(
    task: str,
    crop: int | None = None,
    seed: int = 0,
    severity: str = "medium",
    protocol: Protocol | str = "all-in-one",
) -> list[tuple[str, Tensor, Tensor]]:
    """(name, clean, degraded) of every held-out photograph, both (3, H, W) in [0, 1]."""
    protocol = get_protocol(protocol)
    degradation = DEGRADATION_OF_TASK.get(task, task)
    pairs = []
    for name, photo in test_photos().items():
        clean = centre_crop(_centre(photo, crop), protocol)
        generator = generator_for("embedded evaluation", seed, degradation, severity, name)
        level = _NOISE.fullmatch(degradation)
        if level:
            degraded = gaussian_noise(
                clean, float(level[1]), generator=generator, quantise=True
            ).image
        else:
            degraded = degrade(clean, degradation, severity=severity, generator=generator).image
        pairs.append((name, clean, degraded.clamp(0, 1)))
    return pairs


def _true_task(task: str) -> tuple[str, float | None]:
    """What an oracle is told: the task, and of a named level of noise the level."""
    level = _NOISE.fullmatch(task)
    return ("denoise", float(level[1])) if level else (TASK_OF.get(task, task), None)


def _centre(image: Tensor, crop: int | None) -> Tensor:
    if crop is None:
        return image
    if crop < 1:
        raise UsageError(f"crop is {crop}; expected a side of at least 1 pixel, or None.")
    height, width = image.shape[-2:]
    tall, wide = min(crop, height), min(crop, width)
    top, left = (height - tall) // 2, (width - wide) // 2
    return image[..., top : top + tall, left : left + wide]
