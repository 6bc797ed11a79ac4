"""Timing ways of doing one thing in rounds that alternate.

What is compared runs in turns, a round of each, so that whatever else the machine does falls on
all; a median of rounds is reported. Rates belong to a device; ratios travel better.
"""

import time
from collections.abc import Callable
from typing import Any


def in_turns(
    rounds: int,
    *ways: Callable[[int], Any],
    clock: Callable[[], float] = time.perf_counter,
) -> list[tuple[float, ...]]:
    """Seconds that each of some functions takes in each round, after one that is not counted.

    They run in the order given and, every other round, from the last to the first, so that none
    always meets a warm cache.

    Args:
        rounds: How many rounds are timed.
        ways: Called with the number of the round.
        clock: Tells the seconds.
    """
    found = []
    for number in range(rounds + 1):
        seconds = [0.0] * len(ways)
        for which in range(len(ways)) if number % 2 else reversed(range(len(ways))):
            started = clock()
            ways[which](number)
            seconds[which] = clock() - started
        found.append(tuple(seconds))
    return found[1:]
