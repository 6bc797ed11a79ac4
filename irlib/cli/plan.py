"""``irlib plan``: what a training of the papers' size would take."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

Assume = partial(typer.Option, rich_help_panel="Assumptions: what cannot be counted")


def plan(
    recipes: Annotated[
        list[str], typer.Argument(help="MODEL or MODEL:RECIPE, several after one another.")
    ],
    gpus: Annotated[int, typer.Option(help="Graphics cards.")] = 8,
    device: Annotated[
        str, typer.Option(help="h200, h100, a100, v100, rtx4090 or rtx3090.")
    ] = "h200",
    tasks: Annotated[
        list[str] | None, typer.Option(help="Tasks, several after one another.")
    ] = None,
    images_per_second: Annotated[
        float | None, Assume(help="Measured: patches that one card trains on in a second.")
    ] = None,
    record: Annotated[
        str | None, Assume(help="The same from a record of `irlib bench models --preset paper`.")
    ] = None,
    arithmetic: Annotated[float | None, Assume(help="Share of a card's rate reached.")] = None,
    bandwidth: Annotated[float | None, Assume(help="Share of its bandwidth reached.")] = None,
    start: Annotated[
        float | None, Assume(help="Microseconds from one operation's start to the next.")
    ] = None,
    parallel: Annotated[float | None, Assume(help="Speed of N cards by N times one's.")] = None,
    per_kwh: Annotated[float | None, Assume(help="Price of a kilowatt-hour.")] = None,
    per_hour: Annotated[float | None, Assume(help="Price of a rented card for an hour.")] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Estimate memory, time, energy and money of recipes of scale paper; nothing is trained.

    Parameters, operations and memory are counted on networks made of shapes. Time follows from
    them and from assumptions, all of which are printed. Seconds on a CPU.

    Example: irlib plan perceive-ir:paper promptir --gpus 8 --device h200
    """
    from irlib import ledger, training
    from irlib.errors import UsageError
    from irlib.planning import Assumptions
    from irlib.planning import plan as planned
    from irlib.planning.measured import images_per_second as measured
    from irlib.planning.words import assumed, summary

    if images_per_second is not None and record is not None:
        raise UsageError("--images-per-second and --record were both given; one is enough.")
    changes = {
        "arithmetic": arithmetic,
        "bandwidth": bandwidth,
        "start": start and start / 1e6,
        "parallel": parallel,
        "per_kwh": per_kwh,
        "per_hour": per_hour,
        "images_per_s": images_per_second,
    }
    notes: dict[str, None] = {}
    for word in recipes:
        model, _, name = word.partition(":")
        asked = training.recipe(model, "paper", name or None, tasks=tasks)
        assumptions = Assumptions().with_changes(**changes)
        if record is not None:
            found = ledger.read_record(record, results)
            assumptions = assumptions.with_changes(
                images_per_s=measured(found, asked),
                measured=f"record {found.name}, {found.device}, whatever --device says",
            )
        result = planned(asked, gpus, device, assumptions)
        name = name or training.recipe_names(model)[0]
        typer.echo("\n".join(summary(result, f"{model}, recipe {name}")))
        notes |= dict.fromkeys(assumed(result))
    typer.echo("assumed:")
    for note in notes:
        typer.echo(f"  - {note}")
