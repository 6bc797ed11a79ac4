"""What an estimate has to assume, each with a word on where it comes from, each replaceable."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any

from irlib.errors import UsageError


@dataclass(frozen=True)
class Assumptions:
    """Numbers between what can be counted and what a training takes.

    Attributes:
        arithmetic: Share of a card's rate in 32 bits, or of that of 16-bit products, that layers
            reach at best.
        bandwidth: Share of a card's memory bandwidth that they reach. What PromptIR's published
            cost comes to (:func:`irlib.planning.published.shares`).
        start: Seconds between one operation's start and the next, where the card would be faster.
        half: Bytes in 16-bit training beside those in 32: norms, weights and the optimiser keep 32.
        parallel: Speed of several cards beside as many times that of one.
        images_per_s: Measured training speed of one card on the recipe's first patch; it takes the
            place of all above.
        measured: Where that was measured, in words.
        reserve: Memory beside what is counted: workspaces and gaps.
        load: Share of a board's power drawn while it trains.
        overhead: Watts at the wall for a watt of the boards: the rest of the machine, and cooling.
        per_kwh: Price of a kilowatt-hour, in a currency of yours.
        per_hour: Price of a rented card for an hour, likewise.
    """

    arithmetic: float = 0.4
    bandwidth: float = 0.5
    start: float = 8e-6
    half: float = 0.6
    parallel: float = 0.9
    images_per_s: float | None = None
    measured: str = ""
    reserve: float = 0.15
    load: float = 0.9
    overhead: float = 1.5
    per_kwh: float = 0.3
    per_hour: float = 3.0

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name == "measured" or value is None:
                continue
            free = part.name in ("reserve", "per_kwh", "per_hour")
            if not (0 < value < math.inf or (value == 0 and free)):
                raise UsageError(f"{part.name} is {value}; expected a number above 0.")
            if part.name in ("arithmetic", "bandwidth", "parallel", "load") and value > 1:
                raise UsageError(f"{part.name} is {value}; expected a share, at most 1.")

    def with_changes(self, **changes: Any) -> "Assumptions":
        """A copy with some of them replaced; ``None`` means unchanged.

        Raises:
            UsageError: A number that cannot be.
        """
        return replace(
            self, **{name: value for name, value in changes.items() if value is not None}
        )
