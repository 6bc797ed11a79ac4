"""Running what is left: one command after another, and on after a failure."""

import shlex
from collections.abc import Callable, Sequence

from irlib.reproduce.work import Job

INTERRUPTED = 130


def in_words(command: Sequence[str]) -> str:
    """A command as a person would type it."""
    return shlex.join(["irlib", *command])


def run_jobs(
    jobs: Sequence[Job],
    execute: Callable[[tuple[str, ...]], int],
    say: Callable[[str], None] = print,
) -> list[tuple[Job, str]]:
    """Runs commands in order; what depends on a failed one is left out, the rest goes on.

    Args:
        jobs: From :meth:`irlib.reproduce.work.Planner.work`.
        execute: Runs what is typed after ``irlib`` and returns the exit status.
        say: Is told each command before it runs.

    Returns:
        What did not run or did not succeed, each with the reason.

    Raises:
        KeyboardInterrupt: A command was interrupted. What ran is kept; the next call goes on.
    """
    left: dict[str, tuple[Job, str]] = {}
    total = sum(job.minutes for job in jobs if not job.obstacle)
    spent = 0.0
    for job in jobs:
        failed = [name for name in job.after if name in left]
        if job.obstacle:
            left[job.record] = (job, job.obstacle)
        elif failed:
            left[job.record] = (job, f"{failed[0]} is missing")
        else:
            say(f"[{spent:.0f} of about {total:.0f} min] {in_words(job.command)}")
            try:
                status = execute(job.command)
            except KeyboardInterrupt:
                status = INTERRUPTED
            if status == INTERRUPTED:
                raise KeyboardInterrupt(
                    "stopped; what is recorded is kept, run the same command again to go on"
                )
            spent += job.minutes
            if status:
                left[job.record] = (job, f"exit status {status}")
    return list(left.values())
