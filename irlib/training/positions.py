"""Which samples each device sees at each step: a plain function of the recipe."""

import math
from collections.abc import Iterator

from irlib.errors import UsageError
from irlib.training.recipes import Recipe
from irlib.training.stages import Stage


class Positions:
    """What one device asks of the data, from a step on; nothing in it is random.

    The samples of a run are numbered: its first step sees positions 0 to ``batch - 1``, the next
    goes on from there. Which position belongs to which step does not depend on the number of
    devices, so the samples of a run do not depend on where it runs.

    Iterating gives the micro-batches in order, each a list of pairs (position, side of the patch).

    Args:
        recipe: Gives stages, accumulation and steps.
        start: First optimiser step.
        rank: This device.
        world: Number of devices.

    Raises:
        UsageError: The devices cannot share the batch of a stage evenly.
    """

    def __init__(self, recipe: Recipe, start: int, rank: int, world: int) -> None:
        self.recipe, self.start, self.rank, self.world = recipe, start, rank, world
        # Every stage is looked at now: a run must not end after days, at its first odd batch.
        self.micro_batch = {
            stage: _micro_batch(recipe, stage, world)
            for stage in recipe.stages
            if stage.start < recipe.steps
        }

    def __len__(self) -> int:
        return (self.recipe.steps - self.start) * self.recipe.accumulate

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step in range(self.start, self.recipe.steps):
            stage = self.recipe.stage(step)
            size = self.micro_batch[stage]
            for micro in range(self.recipe.accumulate):
                first = self.recipe.images_before(step) + (micro * self.world + self.rank) * size
                yield [(position, stage.patch) for position in range(first, first + size)]


def _micro_batch(recipe: Recipe, stage: Stage, world: int) -> int:
    """Samples in one forward pass of one device."""
    parts = world * recipe.accumulate
    if stage.batch % parts == 0:
        return stage.batch // parts
    shared = f"evenly by {world} device(s) with {recipe.accumulate} micro-batch(es) each"
    if not recipe.growth:
        raise UsageError(
            f"a batch of {stage.batch} cannot be shared {shared}; choose --batch as a multiple of "
            f"{parts}."
        )
    divisor = math.gcd(*(stage.batch for stage in recipe.stages))
    raise UsageError(
        f"the batch of {stage.batch} from step {stage.start} on cannot be shared {shared}; choose "
        f"--devices, --nodes and --accumulate so that their product divides {divisor}, or set one "
        "--batch and --patch for the whole run."
    )
