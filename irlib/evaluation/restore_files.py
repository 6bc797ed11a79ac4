"""Restoring many files: a bad one is reported and the rest goes on.

Taught in chapter 24.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from irlib.data.images import NoSpaceError, Picture, read_image, write_image
from irlib.errors import IrlibError, UsageError
from irlib.evaluation.restore import Progress, restore_image
from irlib.evaluation.restore_plan import Job

_GAP = 8  # white pixels between the two halves of a comparison


@dataclass(frozen=True)
class Outcome:
    """What became of one job.

    Attributes:
        job: The job.
        status: ``restored``, ``kept`` (the result was there already) or ``failed``.
        reason: Why it failed, else empty.
        seconds: How long it took, reading and writing included.
    """

    job: Job
    status: str
    reason: str = ""
    seconds: float = 0.0


def restore_files(
    model: nn.Module,
    jobs: Iterable[Job],
    *,
    tile: str | int | None = "auto",
    overlap: int = 32,
    device: str | torch.device | None = None,
    overwrite: bool = False,
    progress: Callable[[Job], Progress] | None = None,
) -> Iterator[Outcome]:
    """Restores files one after another and yields what became of each.

    Args:
        model: As for :func:`irlib.evaluation.restore.restore_image`, as are tile, overlap, device.
        jobs: From :func:`irlib.evaluation.restore_plan.plan`.
        overwrite: Whether results that are there already are made anew.
        progress: Called with each job; returns what is called with (tiles done, tiles in all).

    Raises:
        NoSpaceError: The disk is full, so that the rest would fail too.
        UsageError: The tile or the overlap cannot be used.
    """
    for job in jobs:
        started = time.perf_counter()
        if not overwrite and job.target.exists():
            yield Outcome(job, "kept")
            continue
        report = progress(job) if progress is not None else None
        try:
            picture = read_image(job.source)
            image = picture.rgb()
            restored = restore_image(model, image, tile, overlap, device, report)
            _write(job, picture, image, restored)
        except (NoSpaceError, UsageError):
            raise
        except IrlibError as error:
            yield Outcome(job, "failed", str(error), time.perf_counter() - started)
        else:
            yield Outcome(job, "restored", "", time.perf_counter() - started)


def _write(job: Job, picture: Picture, image: Tensor, restored: Tensor) -> None:
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IrlibError(
            f"cannot make the folder {job.target.parent}: {error.strerror}."
        ) from error
    if job.comparison is not None:
        white = image.new_ones(3, image.shape[1], _GAP)
        write_image(job.comparison, torch.cat((image, white, restored), dim=2))
    # Last, since the result's presence tells a later run that the job is done.
    write_image(job.target, restored, picture)
