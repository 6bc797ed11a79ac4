"""``irlib speed``: how fast this machine makes training pairs, restores and trains.

Rates belong to a device; ratios, measured in turns, travel better.
"""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

Help = typer.Option


def speed(
    rounds: Annotated[int, Help(help="Rounds of each; the median is reported.")] = 5,
    pairs: Annotated[int, Help(help="Training pairs made in a round.")] = 200,
    quick: Annotated[
        bool, Help("--quick", help="A few pairs and the smallest network: does it work at all?")
    ] = False,
    as_json: Annotated[bool, Help("--json", help="Print JSON instead of a table.")] = False,
    record: Annotated[str | None, Help(help="Write a ledger record of this name.")] = None,
    results: Annotated[
        Path | None, Help(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Measure pairs a second beside the authors' way of loading, and images a second of PromptIR.

    About a minute on two CPU cores.

    Example: irlib speed --quick
    """
    from irlib import ledger, models
    from irlib.errors import UsageError
    from irlib.evaluation.timing import measure_network, measure_pairs
    from irlib.training import recipe

    if rounds < 1 or pairs < 1:
        raise UsageError(
            f"--rounds {rounds} --pairs {pairs} were given; expected whole numbers from 1 up."
        )
    if record is not None:
        ledger.record_path(record, results)  # a wrong name is found before the long part
    if quick:
        rounds, pairs = min(rounds, 2), min(pairs, 10)
    started = time.perf_counter()
    plan = recipe("promptir", "smoke" if quick else "pocket")
    model = models.create("promptir", **plan.config)
    values = measure_pairs(rounds, pairs)
    values |= measure_network(model, rounds, batch=plan.batch, patch=plan.patch)
    device = ledger.device_in_words("cpu")
    if as_json:
        typer.echo(json.dumps({"device": device, "rounds": rounds, "values": values}, indent=2))
    else:
        typer.echo(_table(values, device, rounds))
    if record is None:
        return
    path = ledger.write_record(
        ledger.Record(
            name=record,
            kind="timing",
            values=values,
            scale=plan.scale,
            device=device,
            minutes=(time.perf_counter() - started) / 60,
            versions=ledger.library_versions(),
            commit=ledger.commit(),
            command=f"irlib speed --rounds {rounds} --pairs {pairs}"
            f"{' --quick' if quick else ''} --record {record}",
            notes="pairs/s count the seconds of one core; rates belong to this device; the "
            "ratios are of rounds run in turns",
        ),
        results,
    )
    typer.echo(f"Record: {path}", err=True)


def _table(values: dict[str, float], device: str, rounds: int) -> str:
    rows = [
        ("training pairs, images in memory", f"{values['pairs_per_s']:.0f} pairs/s of one core"),
        ("the authors' way, files", f"{values['file_pairs_per_s']:.0f} pairs/s of one core"),
        ("  ratio", f"{values['pairs_ratio']:.2f}"),
        ("PromptIR, restoring", f"{values['forward_images_per_s']:.1f} images/s"),
        ("PromptIR, training", f"{values['training_images_per_s']:.1f} images/s"),
        ("  a step costs so many forward passes", f"{values['training_ratio']:.2f}"),
    ]
    lines = [f"{name:<40} {value}" for name, value in rows]
    return "\n".join([f"{device}; medians of {rounds} rounds in turns", *lines])
