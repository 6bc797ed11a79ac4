"""Prints the bytes that one pass of a network adds to a fresh process: ``irlib bench models``."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from irlib.bench.networks import Plan, action
from irlib.bench.subjects import subject

_SMALL = 32


def main() -> None:
    """Runs the pass that the first argument describes: JSON of the plan, the way and the kind."""
    described, way, kind = json.loads(sys.argv[1])
    plan = Plan(**described)
    torch.set_num_threads(plan.threads)
    found = subject(plan.name, plan.preset)
    # The libraries make their kernels, and the optimiser its state, in a small pass.
    action(found, way, kind, replace(plan, size=_SMALL, patch=_SMALL, batch=1))()
    run = action(found, way, kind, plan)
    before = _resident()
    run()
    print(max(high_water() - before, 1))


def _resident() -> int:
    import psutil

    return psutil.Process().memory_info().rss


def high_water() -> int:
    """Largest resident size so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage on Linux would start from the size of the parent process
        words = next(w for w in status.read_text().splitlines() if w.startswith("VmHWM"))
        return int(words.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
