"""``irlib train``: any recipe at any scale, on embedded data, benchmarks or one's own folder."""

from pathlib import Path
from typing import Annotated

import typer

Help = typer.Option


def train(
    model: Annotated[str, typer.Argument(help="Model to train; see `irlib models list`.")],
    scale: Annotated[
        str | None, Help(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket.")
    ] = None,
    tasks: Annotated[
        list[str] | None,
        Help(help="Tasks to learn, several after one another. Default: those of the recipe."),
    ] = None,
    run: Annotated[Path | None, Help(help="Folder of the run. Default: runs/MODEL-SCALE.")] = None,
    restart: Annotated[bool, Help(help="Ignore a run found in the folder.")] = False,
    init: Annotated[
        str | None, Help(help="Weights to start from: a file or a shipped name (fine-tuning).")
    ] = None,
    pairs: Annotated[
        Path | None, Help(help="Train on your own folder with input/ and target/ images.")
    ] = None,
    clean: Annotated[
        Path | None, Help(help="Train on your own folder of clean images, degraded on the fly.")
    ] = None,
    data: Annotated[
        Path | None, Help(help="Folder of the benchmarks (scale paper). Default: IRLIB_DATA.")
    ] = None,
    steps: Annotated[int | None, Help(help="Optimiser steps.")] = None,
    batch: Annotated[int | None, Help(help="Samples a step, over all devices.")] = None,
    accumulate: Annotated[int | None, Help(help="Micro-batches a step and device.")] = None,
    patch: Annotated[int | None, Help(help="Side of a training patch in pixels.")] = None,
    rate: Annotated[float | None, Help(help="Highest learning rate.")] = None,
    warmup: Annotated[int | None, Help(help="Warm-up steps of the cosine schedule.")] = None,
    scenes: Annotated[int | None, Help(help="Dead-leaves scenes of the embedded data.")] = None,
    loss: Annotated[str | None, Help(help="l1 or psnr.")] = None,
    clip_norm: Annotated[float | None, Help(help="Largest gradient norm; 0 switches off.")] = None,
    ema: Annotated[float | None, Help(help="Decay of the weights' moving average.")] = None,
    seed: Annotated[int | None, Help(help="Seed of weights, crops and degradations.")] = None,
    precision: Annotated[
        str | None, Help(help="auto, 32-true or bf16-mixed (Lightning Fabric's names).")
    ] = None,
    accelerator: Annotated[str, Help(help="auto, cpu or gpu.")] = "auto",
    devices: Annotated[str, Help(help="Devices a node: a number or auto.")] = "auto",
    nodes: Annotated[int, Help(help="Machines; start the same command on each.")] = 1,
    workers: Annotated[int, Help(help="Data-loading processes a device.")] = 0,
    checkpoint_every: Annotated[int, Help(help="Steps between checkpoints.")] = 200,
    record: Annotated[
        str | None, Help(help="Also write a ledger record of the training, by this name.")
    ] = None,
) -> None:
    """Train a model; run the same command again to go on after a stop or a crash.

    Example: irlib train promptir --scale pocket --tasks derain dehaze
    """
    from irlib import models, training
    from irlib.training.loop import train as run_training
    from irlib.training.sources import open_source

    _check_numbers(devices, nodes=nodes, checkpoint_every=checkpoint_every, workers=workers)
    if record:
        from irlib.ledger import record_path

        record_path(record)  # a wrong name is found before the long part
    network = models.load_weights(init) if init else None
    changes = {
        "tasks": tuple(tasks) if tasks else None,
        "config": network.config if network is not None else None,
        "steps": steps,
        "batch": batch,
        "accumulate": accumulate,
        "patch": patch,
        "rate": rate,
        "warmup": warmup,
        "scenes": scenes,
        "loss": loss,
        "clip_norm": clip_norm,
        "ema": ema,
        "seed": seed,
        "precision": precision,
    }
    recipe = training.recipe(model, scale, **changes)
    if network is not None:
        models.require(network, model, init)
    recipe, samples = open_source(recipe, pairs=pairs, clean=clean, data=data)
    folder = run or Path("runs") / f"{model}-{recipe.scale}"
    weights = run_training(
        recipe,
        folder,
        samples,
        init=network,
        resume=not restart,
        devices=devices if devices == "auto" else int(devices),
        accelerator=accelerator,
        nodes=nodes,
        workers=workers,
        checkpoint_every=checkpoint_every,
    )
    if record:
        typer.echo(f"Record: {_write_record(record, recipe, folder, weights)}")
    typer.echo(f"Weights: {weights}\nRestore with them: irlib restore PHOTO --weights {weights}")


def _check_numbers(devices: str, **numbers: int) -> None:
    """Refuses what cannot be counted, before data are read."""
    from irlib.errors import UsageError

    if devices != "auto" and not (devices.isdecimal() and int(devices) > 0):
        raise UsageError(f"--devices is {devices!r}; expected auto or a number from 1 up.")
    for name, number in numbers.items():
        least = 0 if name == "workers" else 1
        if number < least:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is {number}; expected a whole number from {least} up.")


def _write_record(name: str, recipe, folder: Path, weights: Path) -> Path:
    """Writes what the training was and cost to the ledger."""
    import sys

    from irlib import ledger
    from irlib.training.logs import read_log
    from irlib.training.loop import fast_precision

    log = read_log(folder / "metrics.csv")
    seconds = sum(row["seconds"] for row in log)
    images = recipe.batch * recipe.steps
    return ledger.write_record(
        ledger.Record(
            name=name,
            kind="training",
            values={
                "loss": sum(row["loss"] for row in log[-20:]) / len(log[-20:]),
                "images_per_s": images / seconds,
                "megabytes": weights.stat().st_size / 1e6,
            },
            recipe=recipe.as_dict(),
            recipe_hash=recipe.hash(),
            scale=recipe.scale,
            steps=recipe.steps,
            weights_sha256=ledger.sha256_of_file(weights),
            versions=ledger.library_versions(),
            device=ledger.device_in_words(_device()),
            minutes=seconds / 60,
            commit=ledger.commit(),
            command="irlib " + " ".join(sys.argv[1:]),
            notes=f"precision {fast_precision(recipe.precision)}; the loss is the mean of the last "
            "logged steps",
        )
    )


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
