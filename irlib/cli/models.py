"""``irlib models``: what there is to build, and what a weights file holds."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("list")
def list_command() -> None:
    """List the models with their presets and parameter counts.

    Example: irlib models list
    """
    import torch

    from irlib import models

    line = "{:<12} {:<13} {:>12}  {}"
    typer.echo(line.format("model", "preset", "parameters", "what it is"))
    for name in models.list_models():
        for preset_name, preset in models.MODELS.get(name).presets.items():
            with torch.device("meta"):  # shapes without numbers: counting needs no memory
                count = models.create(name, preset_name=preset_name).count_parameters()
            text = (preset.__doc__ or "").splitlines()[0]
            typer.echo(line.format(name, preset_name, f"{count:,}", text))


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
