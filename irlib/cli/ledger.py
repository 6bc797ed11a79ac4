"""``irlib ledger``: the records of measured numbers, each verified as it is read."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)

Results = Annotated[
    Path | None, typer.Option(help="Folder of records. Default: book/results of the checkout.")
]


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
def verify(results: Results = None) -> None:
    """Read every record and check that none was edited by hand (exit status 1 if one was)."""
    from irlib.ledger import records

    count = sum(1 for _ in records(results))
    typer.echo(f"{count} records, each as it was written.")
