"""What the commands of ``irlib bench`` share: their options, their table and their record."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

Help = typer.Option
Rounds = Annotated[int, Help(help="Rounds of each way; the median is reported.")]
AsJson = Annotated[bool, Help("--json", help="Print JSON instead of a table.")]
RecordName = Annotated[str | None, Help(help="Write a ledger record of this name.")]
Results = Annotated[
    Path | None, Help(help="Folder of records. Default: book/results of the checkout.")
]


def start(record: str | None, results: Path | None, numbers: dict[str, int]) -> float:
    """Finds wrong use before the long part; returns the time of the start."""
    from irlib import ledger
    from irlib.errors import UsageError

    if min(numbers.values(), default=1) < 1:
        given = " ".join(f"{option} {number}" for option, number in numbers.items())
        raise UsageError(f"{given} were given; expected whole numbers from 1 up.")
    if record is not None:
        ledger.record_path(record, results, writing=True)
    return time.perf_counter()


def finish(
    values: dict[str, float],
    spread: dict[str, dict],
    table: list[str],
    rounds: int,
    as_json: bool,
    record: str | None,
    results: Path | None,
    started: float,
    command: str,
    notes: str,
    where: str = "cpu",
) -> None:
    """Prints what was found and, where asked, records it."""
    from irlib import ledger

    device = ledger.device_in_words(where)
    if as_json:
        found = {"device": device, "rounds": rounds, "values": values, "spread": spread}
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo("\n".join([f"{device}; medians of {rounds} rounds in turns", *table]))
    if record is None:
        return
    path = ledger.write_record(
        ledger.Record(
            name=record,
            kind="timing",
            values=values,
            spread=spread,
            device=device,
            minutes=(time.perf_counter() - started) / 60,
            versions=ledger.library_versions(),
            commit=ledger.commit(),
            command=f"{command} --record {record}",
            notes=notes,
        ),
        results,
    )
    typer.echo(f"Record: {path}", err=True)
