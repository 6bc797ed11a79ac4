"""Timing two ways of doing one thing in rounds that alternate.

What is compared runs in turns, a round of the one and then a round of the other, so that whatever
else the machine does falls on both; a median of rounds is reported. Rates belong to a device;
ratios travel better.
"""

import time
from collections.abc import Callable
from typing import Any


def in_turns(
    rounds: int,
    first: Callable[[int], Any],
    second: Callable[[int], Any],
    clock: Callable[[], float] = time.perf_counter,
) -> list[tuple[float, float]]:
    """Seconds that each of two functions takes in each round, after one round that is not counted.

    Which of the two comes first alternates, so that neither always meets a warm cache.

    Args:
        rounds: How many rounds are timed.
        first: Called with the number of the round.
        second: Likewise.
        clock: Tells the seconds.
    """
    both, found = (first, second), []
    for number in range(rounds + 1):
        seconds = [0.0, 0.0]
        for which in (0, 1) if number % 2 else (1, 0):
            started = clock()
            both[which](number)
            seconds[which] = clock() - started
        found.append((seconds[0], seconds[1]))
    return found[1:]
