"""``irlib ledger``: the records of measured numbers, each verified as it is read."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)

Results = Annotated[
    Path | None, typer.Option(help="Folder of records. Default: book/results of the checkout.")
]


def _existing(results: Path | None) -> Path | None:
    """Refuses a folder that is not there: a name typed wrongly would pass for an empty ledger."""
    from irlib.errors import UsageError

    if results is not None and not results.is_dir():
        raise UsageError(f"--results {results}: there is no such folder; check the path.")
    return results


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="A record; without it, all of them.")] = None,
    results: Results = None,
    per_image: Annotated[
        bool, typer.Option("--per-image", help="Show the values of each image as well.")
    ] = False,
) -> None:
    """Show one record, or the values of all; an edited record is an error (exit status 1).

    Example: irlib ledger show promptir-pocket/cbsd68-sigma25
    """
    from irlib.ledger import read_record, records

    _existing(results)
    if name is None:
        shown = 0
        for record in records(results):
            shown += 1
            # Means come before their parts (``derain/psnr``).
            main = sorted(record.values.items(), key=lambda item: ("/" in item[0], item[0]))[:4]
            typer.echo(f"{record.name}: " + ", ".join(f"{k} {v:.4g}" for k, v in main))
        typer.echo(f"{shown} records, each as it was written.")
        return
    record = read_record(name, results)
    for key, measured in record.values.items():
        interval = record.spread.get(key, {})
        around = ""
        if "low" in interval:
            around = f" ({interval['low']:.4f} to {interval['high']:.4f}, {interval['method']})"
        typer.echo(f"{key}: {measured:.4f}{around}")
    for key in ("kind", "protocol", "noise", "test_set", "scale", "steps", "recipe_hash"):
        typer.echo(f"{key}: {getattr(record, key)}")
    for key in ("weights_sha256", "versions", "device", "minutes", "commit", "command", "notes"):
        typer.echo(f"{key}: {getattr(record, key)}")
    if per_image:
        for row in record.per_image:
            words = (f"{k} {v:.4f}" if isinstance(v, float) else f"{v}" for k, v in row.items())
            typer.echo("  " + "  ".join(words))


@app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(help="With --rerun: the record; without it, one by chance.")
    ] = None,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Also measure one record again and compare.")
    ] = False,
    results: Results = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the benchmarks. Default: IRLIB_DATA.")
    ] = None,
) -> None:
    """Check every record: none was edited, and inputs agree (exit status 1 if one fails).

    Example: irlib ledger verify --rerun equal-budget/nafnet/seed-0/embedded
    """
    from irlib.errors import IrlibError, UsageError
    from irlib.ledger import records
    from irlib.ledger.inputs import wrong_inputs

    if name is not None and not rerun:
        raise UsageError("all records are verified; add --rerun to measure this one again.")
    found = {record.name: record for record in records(_existing(results))}
    wrong = wrong_inputs(found.values())
    if wrong:
        raise IrlibError("\n".join([f"{len(wrong)} inputs do not agree:", *wrong]))
    typer.echo(f"{len(found)} records, each as it was written, measured on the weights it names.")
    if rerun:
        _rerun(name, found, results, data)


@app.command()
def tables(results: Results = None) -> None:
    """Count what became of the papers' numbers, table by table, as the book's pages do.

    Example: irlib ledger tables
    """
    from irlib.viz.tables_summary import compare_all

    for name, compared in compare_all(_existing(results)).items():
        counted = [f"{number} {status}" for status, number in compared.statuses.items() if number]
        typer.echo(f"{name}: {', '.join(counted) or 'nothing is asked'}")


@app.command()
def costs(results: Results = None) -> None:
    """Estimate the GPU-hours of every table's rows at scale paper, for the pages (minutes).

    Example: irlib ledger costs
    """
    from irlib.ledger import write_record
    from irlib.reproduce.costs import record_of_costs

    typer.echo(f"Record: {write_record(record_of_costs(), results)}")


def _rerun(name: str | None, found: dict, results: Path | None, data: Path | None) -> None:
    import os
    import random
    import tempfile

    from irlib.cli import run
    from irlib.errors import IrlibError, UsageError
    from irlib.ledger import read_record
    from irlib.ledger.rerun import arguments_again, differences, largest_change

    folder = data or os.environ.get("IRLIB_DATA") or None
    if name is None:
        able = []
        for record in found.values():
            try:
                able.append((record, arguments_again(record, folder)))
            except UsageError:
                continue
        if not able:
            raise UsageError("the inputs of no record are here, so none can be measured again.")
        stored, words = random.choice(able)
    else:
        stored = read_record(name, results)
        words = arguments_again(stored, folder)
    took = "" if stored.minutes is None else f"; it took {stored.minutes:.1f} minutes then"
    typer.echo(f"Measuring {stored.name} again{took}")
    with tempfile.TemporaryDirectory() as temporary:
        status = run([*words, "--record", stored.name, "--results", temporary])
        if status:
            raise IrlibError(f"the command of {stored.name} failed; see above.")
        fresh = read_record(stored.name, temporary)
    changed = differences(stored, fresh)
    if changed:
        lines = [f"{stored.name} could not be repeated:", *changed[:10]]
        raise IrlibError("\n".join(lines + [f"and {len(changed) - 10} more"] * (len(changed) > 10)))
    largest = largest_change(stored, fresh)
    how = f"within rounding (largest change {largest:.2g})" if largest else "to the last digit"
    typer.echo(f"{stored.name}: the same {how}.")
