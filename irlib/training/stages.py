"""Progressive learning: patches that grow and batches that shrink at given steps.

Large patches show a network, whose attention takes statistics of the whole picture, what it will
meet in use; small ones are cheap. Restormer's training begins with many small patches and ends with
few large ones, so that a step costs about the same throughout.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from irlib.errors import UsageError


@dataclass(frozen=True)
class Stage:
    """A stretch of a training with one size of patch and batch.

    Attributes:
        start: First optimiser step, counted from 0.
        patch: Side of a training patch in pixels.
        batch: Samples an optimiser step sees, over all devices and accumulated micro-batches.
    """

    start: int
    patch: int
    batch: int


def stage_at(stages: Iterable[Stage], step: int) -> Stage:
    """The stage that optimiser step ``step`` belongs to; ``stages`` in order, the first at 0."""
    return [stage for stage in stages if stage.start <= step][-1]


def images_before(stages: tuple[Stage, ...], step: int) -> int:
    """How many samples the steps before ``step`` see: the position of its first sample."""
    ends = [stage.start for stage in stages[1:]] + [step]
    return sum(
        max(0, min(step, end) - stage.start) * stage.batch
        for stage, end in zip(stages, ends, strict=True)
    )


def checked_growth(growth: Iterable[Stage]) -> tuple[Stage, ...]:
    """Returns the later stages of a recipe as a tuple.

    Raises:
        UsageError: Starts that do not rise from 1 up, or an empty patch or batch.
    """
    growth = tuple(growth)
    before = 0
    for stage in growth:
        if stage.start <= before or stage.patch < 1 or stage.batch < 1:
            raise UsageError(
                f"growth holds {stage}; expected stages whose starts rise from 1 up, with patch "
                "and batch from 1 up. How training begins is said by the recipe's own patch and "
                "batch."
            )
        before = stage.start
    return growth
