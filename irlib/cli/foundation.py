"""``irlib foundation``: CLIP, DINOv2, VGG and the namer; training small ones; their evidence."""

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

NAMES = ("clip", "dino", "vgg", "namer")
Model = Annotated[str, typer.Argument(help="clip, dino, vgg or namer.")]
SourceOption = Annotated[
    str, typer.Option("--source", help="pocket, pretrained, or the path of a file.")
]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch published weights that are in no cache.")
]


@app.command("list")
def list_command(
    source: SourceOption = "pocket",
    download: Download = False,
) -> None:
    """List the foundation models: which weights would be used, where they lie and what they are.

    Example: irlib foundation list --source pretrained
    """
    from irlib.errors import IrlibError

    for name in NAMES:
        try:
            model = _load(name, source, download)
        except IrlibError as error:
            typer.echo(f"{name}: {error}")
            continue
        path = model.source.path
        count = sum(p.numel() for p in model.network.parameters())
        typer.echo(
            f"{name}: {model.source}\n  file {path} ({path.stat().st_size / 1e6:.1f} MB), "
            f"{count:,} parameters, identity {model.identity}\n  {_in_words(name, model)}"
        )


@app.command()
def train(
    name: Model,
    scale: Annotated[
        str | None,
        typer.Option(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a step.")] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    scenes: Annotated[int | None, typer.Option(help="Dead-leaves scenes.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, scenes and crops.")] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run. Default: runs/foundation-MODEL-SCALE.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    workers: Annotated[int, typer.Option(help="Data-loading processes.")] = 0,
    record: Annotated[
        str | None, typer.Option(help="Write ledger records by this name, /training and /evidence.")
    ] = None,
    ship: Annotated[
        bool, typer.Option("--ship", help="Copy the weights to where 'pocket' finds them.")
    ] = False,
) -> None:
    """Train a pocket foundation model on embedded data and show what it has learned.

    Example: irlib foundation train clip --record clip-pocket --ship
    """
    import shutil

    from irlib import ledger
    from irlib.device import choose_device
    from irlib.foundation.sources import pocket_path
    from irlib.pocket.recipes import pocket_recipe

    _check_names(name, record)
    recipe = pocket_recipe(
        name, scale, steps=steps, batch=batch, rate=rate, scenes=scenes, seed=seed
    )
    folder = run or Path("runs") / f"foundation-{name}-{recipe.scale}"
    commit = ledger.commit()  # of the code that ran; shipping over old weights comes after it
    weights, minutes = _trainer(name)(
        recipe, folder, device=choose_device(device), workers=workers, progress=True
    )
    if record:
        path = _training_record(record, recipe, folder, weights, minutes, commit, device)
        typer.echo(f"Record: {path}")
    if ship:
        target = pocket_path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(weights, target)
        typer.echo(f"Shipped: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    source = "pocket" if ship else str(weights)
    _show_evidence(name, source, False, record, commit=commit, small=recipe.scale == "smoke")
    typer.echo(f"Weights: {weights}")


@app.command()
def evidence(
    name: Model,
    source: SourceOption = "pocket",
    download: Download = False,
    record: Annotated[
        str | None, typer.Option(help="Also write a ledger record, NAME/evidence.")
    ] = None,
) -> None:
    """Measure on held-out photographs what a foundation model has learned of use here.

    CLIP names degradations without training, DINO's tokens are read by a linear probe, and VGG's
    distance has to order severities. The namer names them, beside CLIP.

    Example: irlib foundation evidence clip
    """
    _check_names(name, record)
    _show_evidence(name, source, download, record)


@app.command("card")
def card_command(name: Model) -> None:
    """Write the model card beside shipped weights, from their header and the ledger.

    Example: irlib foundation card clip
    """
    from irlib.foundation.sources import pocket_path
    from irlib.viz.foundation_card import foundation_card

    _check_names(name, None)
    path = pocket_path(name).with_suffix(".md")
    text = foundation_card(name)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"Card: {path}")


def _check_names(name: str, record: str | None) -> None:
    """Refuses wrong names before the long part."""
    from irlib.errors import UsageError
    from irlib.ledger import record_path
    from irlib.registry import unknown_name

    if name not in NAMES:
        raise UsageError(unknown_name("foundation model", name, list(NAMES)))
    if record:
        record_path(f"{record}/evidence", writing=True)


def _load(name: str, source: str, download: bool):
    from irlib import foundation

    return getattr(foundation, f"load_{name}")(source, download=download)


def _trainer(name: str):
    from importlib import import_module

    return getattr(import_module(f"irlib.pocket.{name}_training"), f"train_{name}")


def _in_words(name: str, model) -> str:
    if name == "clip":
        return (
            f"{model.image_size} × {model.image_size} pixels, {model.context_length} tokens, "
            f"common space of {model.dim}, {model.activation}"
        )
    if name == "dino":
        blocks = ", ".join(map(str, model.blocks))
        return f"{model.image_size} × {model.image_size} pixels, {model.dim} wide, blocks {blocks}"
    if name == "namer":
        return f"any size, names {', '.join(model.tasks)}"
    return f"channels {', '.join(map(str, model.channels))}"


def _show_evidence(
    name: str,
    source: str,
    download: bool,
    record: str | None,
    *,
    commit: str | None = None,
    small: bool = False,
) -> None:
    """Measures, prints and, where asked, records."""
    from irlib.pocket.evidence import evidence_of

    start = time.perf_counter()
    model = _load(name, source, download)
    typer.echo(f"{name}: {model.source}, identity {model.identity}")
    values, notes = evidence_of(name, model, small=small)
    for key, value in values.items():
        typer.echo(f"  {key:<28} {value:.3f}")
    if record:
        from irlib import ledger

        path = ledger.write_record(
            ledger.Record(
                name=f"{record}/evidence",
                kind="evaluation",
                values=values,
                test_set={"name": "embedded", "count": None, "expected": None, "sha256": None},
                weights_sha256=ledger.sha256_of_file(model.source.path),
                versions=_versions(),
                device=ledger.device_in_words(model.device),
                minutes=(time.perf_counter() - start) / 60,
                commit=commit or ledger.commit(),
                command=ledger.command_typed(),
                notes=f"{model.source.kind} weights, identity {model.identity}; {notes}",
            )
        )
        typer.echo(f"Record: {path}")


def _training_record(
    record: str,
    recipe,
    folder: Path,
    weights: Path,
    minutes: float,
    commit: str | None,
    device: str,
) -> Path:
    """Writes what the training was and cost to the ledger."""
    from irlib import ledger
    from irlib.device import choose_device
    from irlib.training.logs import read_log

    log = read_log(folder / "metrics.csv")
    return ledger.write_record(
        ledger.Record(
            name=f"{record}/training",
            kind="training",
            values={
                "first_loss": log[0]["loss"],
                "loss": log[-1]["loss"],
                "images_per_s": recipe.batch * recipe.steps / (60 * minutes),
                "megabytes": weights.stat().st_size / 1e6,
            },
            recipe=recipe.as_dict(),
            recipe_hash=recipe.hash(),
            scale=recipe.scale,
            steps=recipe.steps,
            weights_sha256=ledger.sha256_of_file(weights),
            versions=_versions(),
            device=ledger.device_in_words(choose_device(device)),
            minutes=minutes,
            commit=commit,
            command=ledger.command_typed(),
            notes="the losses are means over the first and the last logged steps",
        )
    )


def _versions() -> dict[str, str]:
    """Of the libraries that built the networks, besides those of every record."""
    from importlib.metadata import version

    from irlib import ledger

    return ledger.library_versions() | {name: version(name) for name in ("timm", "open-clip-torch")}
