"""``irlib models``: what there is to build, and what a weights file holds."""

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("list")
def list_command(
    record: Annotated[
        str | None, typer.Option(help="Also write the counts to the ledger under this name.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder of records; the checkout's book/results.")
    ] = None,
) -> None:
    """List the models with their presets and parameter counts.

    Example: irlib models list
    """
    from irlib import models
    from irlib.reproduce.counted import count_all, record_of_counts

    line = "{:<12} {:<13} {:>12}  {}"
    typer.echo(line.format("model", "preset", "parameters", "what it is"))
    for key, count in count_all().items():
        name, _, preset = key.partition("/")
        text = (models.MODELS.get(name).presets[preset].__doc__ or "").splitlines()[0]
        typer.echo(line.format(name, preset, f"{count:,}", text))
    if record is not None:
        from irlib.ledger import write_record

        typer.echo(f"Record: {write_record(record_of_counts(record), results)}")


@app.command("show")
def show_command(
    weights: Annotated[str, typer.Argument(help="A weights file or a shipped name.")],
) -> None:
    """Show what a weights file says of itself: model, configuration and how it was trained.

    Example: irlib models show promptir-pocket
    """
    from irlib.models.weights import read_header, weights_path

    path = weights_path(weights)
    header = read_header(path)
    typer.echo(
        f"{path} ({path.stat().st_size / 1e6:.1f} MB), {header['model']}, written by irlib "
        f"{header['irlib']}"
    )
    for title in ("config", "facts"):
        typer.echo(f"{title}:")
        for key, value in header[title].items():
            typer.echo(f"  {key:<24} {value}")


@app.command("average")
def average_command(
    weights: Annotated[
        list[str], typer.Argument(help="Weights files or shipped names, two or more.")
    ],
    out: Annotated[Path, typer.Option(help="The weights file to write.")],
    shares: Annotated[
        list[float] | None,
        typer.Option(help="How much each counts, one number a file: 0.7 0.3. Default: alike."),
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Also write what was averaged to the ledger, by this name.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder of records; the checkout's book/results.")
    ] = None,
) -> None:
    """Average the weights of networks that were fine-tuned from common weights.

    Example: irlib models average a.safetensors b.safetensors --shares 0.7 0.3 --out c.safetensors
    """
    from irlib.cli.training_record import write_average_record
    from irlib.ledger import record_path
    from irlib.models import average_weights, save_weights

    if record is not None:
        record_path(record, results, writing=True)
    start = time.monotonic()
    network, facts = average_weights(weights, shares)
    typer.echo(f"Weights: {save_weights(network, out, **facts)}")
    if record is not None:
        minutes = (time.monotonic() - start) / 60
        typer.echo(f"Record: {write_average_record(record, out, facts, minutes, results)}")


@app.command("card")
def card_command(
    name: Annotated[str, typer.Argument(help="A shipped name, such as promptir-pocket.")],
    picture: Annotated[
        Path | None, typer.Option(help="Also write a before/after picture to this file.")
    ] = None,
) -> None:
    """Write the model card beside shipped weights, from their header and the ledger.

    Example: irlib models card promptir-pocket
    """
    from irlib.models.weights import weights_path
    from irlib.viz.model_card import before_and_after, model_card

    card = weights_path(name).with_suffix(".md")
    card.write_text(model_card(name), encoding="utf-8")
    typer.echo(f"Card: {card}")
    if picture is not None:
        typer.echo(f"Picture: {before_and_after(name, picture)}")
