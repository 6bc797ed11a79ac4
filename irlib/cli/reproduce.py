"""``irlib reproduce``: the runs behind a printed table, without those that are there already."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Option = typer.Option


def reproduce(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tables such as perceive-ir/table-06, several if you like; all for every one; "
            "equal-budget for the book's own comparison of all systems, rounding for how far the "
            "same seed moves, losses for Perceive-IR without each of its losses.",
            metavar="TABLE...",
        ),
    ] = None,
    scale: Annotated[
        str | None, Option(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket.")
    ] = None,
    seeds: Annotated[int, Option(help="How many seeds, from 0 up.")] = 3,
    only: Annotated[
        list[str] | None, Option(help="Rows of the table, several after one another.")
    ] = None,
    list_tables: Annotated[
        bool, Option("--list", help="List the tables and how much of each is there.")
    ] = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Only print the commands that are left, and their cost.")
    ] = False,
    again: Annotated[
        bool, Option("--again", help="Run everything, whatever the records answer.")
    ] = False,
    data: Annotated[
        Path | None, Option(help="Folder of the benchmarks. Default: IRLIB_DATA.")
    ] = None,
    results: Annotated[
        Path | None, Option(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Train and measure what a printed table needs; run the same command again to go on.

    What a record answers is skipped, a begun training goes on, a failure does not stop the rest.
    Each command is printed before it runs; you could type it yourself.

    Example: irlib reproduce perceive-ir/table-06 --dry-run
    """
    from irlib.errors import IrlibError, UsageError
    from irlib.reproduce import comparisons_of_our_own, reproduction, reproductions
    from irlib.reproduce.run import in_words, run_jobs
    from irlib.reproduce.work import Planner
    from irlib.scale import checked_scale, current_scale

    if seeds < 1:
        raise UsageError(f"--seeds is {seeds}; expected a whole number from 1 up.")
    scale = current_scale() if scale is None else checked_scale(scale)
    planner = Planner(results, data, again)
    if list_tables:
        names = tables or [*comparisons_of_our_own(), *reproductions()]
        _list([reproduction(name, scale) for name in names], planner, seeds)
        return
    if not tables:
        raise UsageError("name a table, such as perceive-ir/table-06; --list shows all of them.")
    names = reproductions() if tables == ["all"] else tables
    declared = [reproduction(name, scale) for name in names]
    rows = {row for table in declared for row in (*table.rows, *table.absent)}
    for row in only or ():
        if row not in rows:
            raise UsageError(f"--only {row}: no such row; there are {', '.join(sorted(rows))}.")
    for table in declared:
        _say_nothing_answers(table, only or ())
    work = planner.work(declared, range(seeds), only or ())
    typer.echo(
        f"{', '.join(names)} at scale {scale}, seeds 0 to {seeds - 1}: {len(work.answered)} "
        f"records are there, {len(work.jobs)} are left ({_cost(work.minutes, scale)})."
    )
    if dry_run:
        for job in work.possible:
            typer.echo(f"  {in_words(job.command)}")
        _say_obstacles([(job, job.obstacle) for job in work.jobs if job.obstacle])
        return
    options = [] if results is None else ["--results", str(results)]
    left = run_jobs(
        work.jobs,
        lambda command: _execute([*command, *options, *_data_option(command, data)]),
        typer.echo,
    )
    _say_obstacles([(job, reason) for job, reason in left if job.obstacle])
    failed = [(job, reason) for job, reason in left if not job.obstacle]
    for job, reason in failed:
        typer.echo(f"failed ({reason}): {in_words(job.command)}", err=True)
    if failed:
        raise IrlibError(
            f"{len(failed)} commands failed or waited for one that did; run the same command again "
            "to go on."
        )


def _execute(command: Sequence[str]) -> int:
    """Runs one command in a process of its own, which leaves nothing behind in this one.

    Ctrl-C reaches that process too: it is given the time to finish its step and save it.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; at a second one the process is ended at once.
    """
    start = "from irlib.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", start, *command]) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            try:
                process.wait()
            finally:
                process.kill()
            raise


def _data_option(command: Sequence[str], data: Path | None) -> list[str]:
    reads = "--benchmark" in command or ("paper" in command and command[0] != "evaluate")
    return ["--data", str(data)] if data is not None and reads else []


def _cost(minutes: float, scale: str) -> str:
    if scale == "paper":
        return f"about {minutes / 60:.0f} hours of one H200"
    return f"about {minutes:.0f} minutes"


def _say_nothing_answers(table, only: Sequence[str]) -> None:
    if not table.cells:
        typer.echo(f"{table.table}: {table.note}")
    for row in only:
        if row in table.absent:
            typer.echo(f"{table.table}, row {row}: {table.absent[row]}.")


def _say_obstacles(left: Sequence) -> None:
    """Says what cannot be measured on this machine, once for each reason."""
    for reason in dict.fromkeys(reason for _, reason in left):
        count = sum(1 for _, other in left if other == reason)
        typer.echo(f"{count} measurements cannot run here: {reason}")


def _list(declared: Sequence, planner, seeds: int) -> None:
    width = max(len(table.table) for table in declared)
    typer.echo(f"{'table':<{width}}  trainings  records  of all")
    for table in declared:
        work = planner.work([table], range(seeds))
        total = len(work.answered) + len(work.jobs)
        typer.echo(
            f"{table.table:<{width}}  {len(table.trainings):9}  {len(work.answered):7}  {total:6}"
        )
