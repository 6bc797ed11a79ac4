"""How long a recipe would train, on what, and what that costs. Taught in chapter 23."""

import math
from dataclasses import dataclass

from irlib.errors import UsageError
from irlib.planning.assumptions import Assumptions
from irlib.planning.devices import Device, get_device
from irlib.planning.step import Step, step_of
from irlib.training.recipes import Recipe
from irlib.training.stages import Stage

#: Bytes of a number that learns: itself, its gradient and Adam's two moments, in 32 bits.
PER_PARAMETER = 16
PER_FROZEN = 4


@dataclass(frozen=True)
class StagePlan:
    """A stretch of a training with one patch and batch.

    Attributes:
        stage: Its start, patch and batch.
        steps: Optimiser steps.
        micro_batch: Images that a card takes at once.
        micro_steps: Times that it does so in a step.
        seconds: Of a step.
        bound: What decides the seconds: "arithmetic", "memory traffic", "starts" or "the measured
            speed".
        memory: Bytes a card has to hold.
    """

    stage: Stage
    steps: int
    micro_batch: int
    micro_steps: int
    seconds: float
    bound: str
    memory: float


@dataclass(frozen=True)
class Plan:
    """An estimate. Every figure follows from the recipe, the counted step and the assumptions.

    Attributes:
        recipe: What would be trained.
        device: The card.
        gpus: Cards that are there.
        used: Cards that can share the batches evenly.
        assumptions: What was assumed.
        step: Parameters and work of one image, at the recipe's first patch.
        stages: The stretches of the training.
        operations: Floating-point operations of the whole training.
    """

    recipe: Recipe
    device: Device
    gpus: int
    used: int
    assumptions: Assumptions
    step: Step
    stages: tuple[StagePlan, ...]
    operations: float

    @property
    def seconds(self) -> float:
        """Of the whole training."""
        return sum(part.steps * part.seconds for part in self.stages)

    @property
    def days(self) -> float:
        """Of the whole training."""
        return self.seconds / 86_400

    @property
    def gpu_hours(self) -> float:
        """Hours of all cards that are used."""
        return self.used * self.seconds / 3600

    @property
    def kwh(self) -> float:
        """Energy at the wall, in kilowatt-hours."""
        watts = self.device.watts * self.assumptions.load * self.assumptions.overhead
        return self.gpu_hours * watts / 1000

    @property
    def electricity(self) -> float:
        """Price of the energy."""
        return self.kwh * self.assumptions.per_kwh

    @property
    def rent(self) -> float:
        """Price of the cards, where they are rented."""
        return self.gpu_hours * self.assumptions.per_hour

    @property
    def memory(self) -> float:
        """Bytes that a card has to hold in the stage that needs most."""
        return max(part.memory for part in self.stages)

    @property
    def fits(self) -> bool:
        """Whether a card's memory holds every stage, if need be in micro-batches."""
        return self.memory <= self.device.memory


def plan(
    recipe: Recipe,
    gpus: int = 1,
    device: str = "h200",
    assumptions: Assumptions | None = None,
) -> Plan:
    """Estimates what a recipe costs.

    A step takes as long as the slowest of three things: its arithmetic at a share of the card's
    rate, its memory traffic at a share of the card's bandwidth, or starting its operations one
    after another, which a small batch cannot hide. A measured speed replaces all; it is that of the
    first patch, and larger patches take longer in proportion to their pixels.

    A batch is shared evenly or not at all, so no more cards are used than divide the batch of every
    stage. Where a card cannot hold its share, it takes the share in several micro-batches.

    Args:
        recipe: What would be trained.
        gpus: Cards that are there.
        device: A name in :data:`irlib.planning.devices.DEVICES`.
        assumptions: By default those of :class:`Assumptions`.

    Raises:
        UsageError: An unknown device, or no card.
    """
    if gpus < 1:
        raise UsageError(f"gpus is {gpus}; expected a whole number from 1 up.")
    card, assumed = get_device(device), assumptions or Assumptions()
    stages = [stage for stage in recipe.stages if stage.start < recipe.steps]
    shared = math.gcd(*(stage.batch for stage in stages))
    used = max(n for n in range(1, min(gpus, shared) + 1) if shared % n == 0)
    ends = [stage.start for stage in stages[1:]] + [recipe.steps]
    planned, operations = [], 0.0
    for stage, end in zip(stages, ends, strict=True):
        step = step_of(recipe, stage.patch)
        steps = end - stage.start
        operations += steps * stage.batch * step.work.operations
        planned.append(_planned(recipe, stage, steps, step, used, card, assumed))
    first = step_of(recipe, stages[0].patch)
    return Plan(recipe, card, gpus, used, assumed, first, tuple(planned), operations)


def _planned(
    recipe: Recipe,
    stage: Stage,
    steps: int,
    step: Step,
    used: int,
    card: Device,
    assumed: Assumptions,
) -> StagePlan:
    half = recipe.precision != "32-true"
    share = stage.batch // used
    micro, memory = _micro_batch(step, share, card, assumed, half)
    seconds, bound = _seconds(recipe, stage, step, (micro, share // micro), card, assumed, half)
    if used > 1:
        seconds /= assumed.parallel if assumed.images_per_s is None else 1.0
    return StagePlan(stage, steps, micro, share // micro, seconds, bound, memory)


def _seconds(
    recipe: Recipe,
    stage: Stage,
    step: Step,
    micro: tuple[int, int],
    card: Device,
    assumed: Assumptions,
    half: bool,
) -> tuple[float, str]:
    images, times = micro
    if assumed.images_per_s is not None:
        larger = (stage.patch / recipe.patch) ** 2
        return times * images * larger / assumed.images_per_s, "the measured speed"
    work = step.work
    moved = images * work.traffic * (assumed.half if half else 1.0)
    bounds = {
        "arithmetic": images
        * work.operations
        / (card.half if half else card.single)
        / assumed.arithmetic,
        "memory traffic": moved / card.bandwidth / assumed.bandwidth,
        "starts": work.starts * assumed.start,
    }
    slowest = max(bounds, key=bounds.__getitem__)
    return times * bounds[slowest], slowest


def _micro_batch(
    step: Step, share: int, card: Device, assumed: Assumptions, half: bool
) -> tuple[int, float]:
    """The largest part of a card's share that fits into its memory, and the bytes that it takes."""
    fixed = PER_PARAMETER * step.parameters + PER_FROZEN * step.frozen
    each = step.work.kept * (assumed.half if half else 1.0)
    for parts in range(1, share + 1):
        memory = (fixed + each * share / parts) * (1 + assumed.reserve)
        if share % parts == 0 and (memory <= card.memory or parts == share):
            return share // parts, memory
    raise AssertionError("a share is at least one image")  # pragma: no cover
