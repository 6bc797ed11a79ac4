"""``irlib train``: any recipe at any scale, on embedded data, benchmarks or one's own folder."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

Recipe = partial(typer.Option, rich_help_panel="Recipe: what is computed")
Perceive = partial(typer.Option, rich_help_panel="Perceive-IR: its parts, losses and judges")
Data = partial(typer.Option, rich_help_panel="Data: what is learned from")
Run = partial(typer.Option, rich_help_panel="Run: where it runs and what it leaves")


def train(
    model: Annotated[str, typer.Argument(help="Model to train; see `irlib models list`.")],
    scale: Annotated[
        str | None, Recipe(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket.")
    ] = None,
    recipe: Annotated[
        str | None,
        Recipe(
            help="Which recipe of scale paper: released (the authors' code; the default), paper "
            "(their text), or another that the model has."
        ),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        Recipe(
            help="Tasks to learn, several after one another; cdd11 for all its mixtures. Default: "
            "those of the recipe."
        ),
    ] = None,
    turns: Annotated[
        list[str] | None,
        Recipe(
            metavar="TASK=N", help="How often tasks take their turn: --turns denoise=3 dehaze=2."
        ),
    ] = None,
    init: Annotated[
        str | None,
        Recipe(
            help="Weights to start from (fine-tuning): a file, also the authors' .pth or .ckpt, or "
            "a shipped name. perceive-ir starts from a plain restormer too, or, --without pgca, "
            "from a nafnet."
        ),
    ] = None,
    steps: Annotated[int | None, Recipe(help="Optimiser steps.")] = None,
    batch: Annotated[
        int | None, Recipe(help="Samples a step, over all devices; the same throughout.")
    ] = None,
    accumulate: Annotated[int | None, Recipe(help="Micro-batches a step and device.")] = None,
    patch: Annotated[
        int | None, Recipe(help="Side of a training patch in pixels; the same throughout.")
    ] = None,
    rate: Annotated[float | None, Recipe(help="Highest learning rate.")] = None,
    warmup: Annotated[int | None, Recipe(help="Warm-up steps of the cosine schedule.")] = None,
    loss: Annotated[str | None, Recipe(help="l1, psnr or charbonnier-fft.")] = None,
    clip_norm: Annotated[
        float | None, Recipe(help="Largest gradient norm; 0 switches off.")
    ] = None,
    ema: Annotated[float | None, Recipe(help="Decay of the weights' moving average.")] = None,
    seed: Annotated[int | None, Recipe(help="Seed of weights, crops and degradations.")] = None,
    precision: Annotated[
        str | None, Recipe(help="auto, 32-true or bf16-mixed (Lightning Fabric's names).")
    ] = None,
    backbone: Annotated[str | None, Perceive(help="restormer or nafnet.")] = None,
    without: Annotated[
        list[str] | None, Perceive(help="Parts to leave out: prompts, dino, cfe, pgm, pgca.")
    ] = None,
    without_loss: Annotated[
        list[str] | None, Perceive(help="Losses to leave out: cl, clip, dpl, rec.")
    ] = None,
    loss_weights: Annotated[
        list[str] | None,
        Perceive(metavar="LOSS=X", help="Other weights: --loss-weights cl=0.1 clip=0.05 dpl=0.1."),
    ] = None,
    dpl_from: Annotated[int | None, Perceive(help="First step that L_dpl counts in.")] = None,
    prompts: Annotated[
        Path | None,
        Perceive(
            help="A file of `irlib prompts train`. Default: your own or the shipped one, whichever "
            "fits the CLIP; where neither does, stage 1 runs first."
        ),
    ] = None,
    medium: Annotated[
        list[str] | None,
        Perceive(
            metavar="FILE[=TASK,TASK]",
            help="Weights of medium networks, whose results L_dpl pushes away from; each in the "
            "tasks it has learned, or those named.",
        ),
    ] = None,
    dino: Annotated[
        str | None,
        Perceive(help="pocket, pretrained or a file. Default: pocket; pretrained at scale paper."),
    ] = None,
    clip: Annotated[
        str | None,
        Perceive(help="The same of CLIP. Default: the one that --prompts names, else as --dino."),
    ] = None,
    vgg: Annotated[str | None, Perceive(help="The same of VGG; default as for --dino.")] = None,
    download: Annotated[
        bool,
        Perceive("--download", help="Fetch published weights that are in no cache; dfpir's too."),
    ] = False,
    words: Annotated[
        str | None,
        Recipe(
            help="Who reads the words of a network told in words: for dfpir at scale paper a CLIP, "
            "pretrained or its file; for instructir the folder of its sentence encoder."
        ),
    ] = None,
    scenes: Annotated[int | None, Data(help="Dead-leaves scenes of the embedded data.")] = None,
    faded: Annotated[
        float | None,
        Data(help="Share of clean embedded patches drawn towards a grey, lest grey mean haze."),
    ] = None,
    twigs: Annotated[
        float | None,
        Data(help="Share of clean embedded patches crossed by twigs, lest lines mean rain."),
    ] = None,
    glare: Annotated[
        float | None,
        Data(help="Share of clean embedded patches with a bright sky, lest brightness mean haze."),
    ] = None,
    intact: Annotated[
        float | None,
        Data(help="Share of clean embedded patches left undamaged, lest sharp pictures change."),
    ] = None,
    thinnest_haze: Annotated[
        float | None,
        Data(help="Least share of haze in hazy embedded patches, up to 0.5, lest pale mean haze."),
    ] = None,
    pairs: Annotated[
        Path | None, Data(help="Train on your own folder with input/ and target/ images.")
    ] = None,
    clean: Annotated[
        Path | None, Data(help="Train on your own folder of clean images, degraded on the fly.")
    ] = None,
    data: Annotated[
        Path | None, Data(help="Folder of the benchmarks (scale paper). Default: IRLIB_DATA.")
    ] = None,
    run: Annotated[
        Path | None, Run(help="Folder of the run. Default: runs/MODEL-SCALE[-RECIPE].")
    ] = None,
    restart: Annotated[bool, Run("--restart", help="Ignore a run found in the folder.")] = False,
    accelerator: Annotated[str, Run(help="auto, cpu or gpu.")] = "auto",
    devices: Annotated[
        str, Run(help="Devices a node: a number or auto. Under torchrun or srun: theirs.")
    ] = "auto",
    nodes: Annotated[int, Run(help="Machines; start the same command on each.")] = 1,
    workers: Annotated[int, Run(help="Data-loading processes a device.")] = 0,
    threads: Annotated[
        int | None,
        Run(
            help="CPU threads that compute; a training repeats bit for bit only with as many. "
            "Default: PyTorch's, one a core."
        ),
    ] = None,
    compile: Annotated[
        bool,
        Run("--compile", help="Let torch.compile make kernels; needs a C++ compiler or triton."),
    ] = False,
    checkpoint_every: Annotated[int, Run(help="Steps between checkpoints.")] = 200,
    record: Annotated[
        str | None, Run(help="Also write a ledger record of the training, by this name.")
    ] = None,
    results: Annotated[
        Path | None, Run(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Train a model; run the same command again to go on after a stop or a crash.

    perceive-ir learns in two stages. Where no prompts are there for its CLIP, the first runs by
    itself and stays in the folder of the run.

    Recipes of scale paper want their authors' training sets: see `irlib data list`.

    Example: irlib train promptir --scale pocket --tasks derain dehaze
    """
    import torch

    from irlib import models, training
    from irlib.cli import perceive_options, words_options
    from irlib.cli.training_record import write_training_record
    from irlib.models.starting_weights import load_start
    from irlib.training.loop import train as run_training
    from irlib.training.placement import first_process
    from irlib.training.sources import open_source

    _check_numbers(
        devices, nodes=nodes, checkpoint_every=checkpoint_every, workers=workers, threads=threads
    )
    if threads is not None:
        torch.set_num_threads(threads)
    if record:
        from irlib.ledger import record_path

        record_path(record, results, writing=True)  # a wrong name is found before the long part
    network = load_start(init, model, backbone) if init else None
    other = network is not None and network.name != model
    plain = network if other and model == "perceive-ir" else None
    changes = {
        "tasks": tuple(tasks) if tasks else None,
        "turns": _turns(turns) if turns else None,
        "config": None if network is None or plain is not None else network.config,
        "steps": steps,
        "batch": batch,
        "accumulate": accumulate,
        "patch": patch,
        "rate": rate,
        "warmup": warmup,
        "scenes": scenes,
        "faded": faded,
        "twigs": twigs,
        "glare": glare,
        "intact": intact,
        "thinnest_haze": thinnest_haze,
        "loss": loss,
        "clip_norm": clip_norm,
        "ema": ema,
        "seed": seed,
        "precision": precision,
    }
    parts = {
        "backbone": backbone or (plain and models.arguments_like(plain)["backbone"]),
        "without": without,
        "without_losses": without_loss,
        "weights": perceive_options.numbers(loss_weights) if loss_weights else None,
        "dpl_from": dpl_from,
    }
    judges = {"prompts": prompts, "medium": medium, "dino": dino, "clip": clip, "vgg": vgg}
    if model == "perceive-ir":
        parts = {name: value for name, value in parts.items() if value is not None}
        plan = training.stage_two(scale, recipe, **parts, **changes)
        plan = perceive_options.widened(plan, plain)
    else:
        perceive_options.refuse(model, **parts, **judges)
        plan = training.recipe(model, scale, recipe, **changes)
        if network is not None:
            models.require(network, model, init)
    plan, samples = open_source(plan, pairs=pairs, clean=clean, data=data)
    folder = run or Path("runs") / "-".join(filter(None, (model, plan.scale, recipe)))
    fetch = download and model != "perceive-ir"
    plan, objective = words_options.with_reader(plan, samples, words, fetch)
    if model == "perceive-ir":
        from irlib.perceiver.stage_two import open_objective

        judges["prompts"] = prompts or perceive_options.finder_of_prompts(
            plan, folder, data=data, restart=restart, nodes=nodes, accelerator=accelerator
        )
        judges["medium"] = medium or ()
        plan, objective = open_objective(plan, samples, **judges, download=download)
        network = perceive_options.started(network, plan)
    weights = run_training(
        plan,
        folder,
        samples,
        objective=objective,
        init=network,
        resume=not restart,
        devices=devices if devices == "auto" else int(devices),
        accelerator=accelerator,
        nodes=nodes,
        workers=workers,
        backend="inductor" if compile else None,
        checkpoint_every=checkpoint_every,
    )
    if not first_process():
        return
    if record:
        written = write_training_record(record, plan, folder, weights, init, results, accelerator)
        typer.echo(f"Record: {written}")
    typer.echo(f"Weights: {weights}\nRestore with them: irlib restore PHOTO --weights {weights}")


def _check_numbers(devices: str, **numbers: int | None) -> None:
    """Refuses what cannot be counted, before data are read."""
    from irlib.errors import UsageError

    if devices != "auto" and not (devices.isdecimal() and int(devices) > 0):
        raise UsageError(f"--devices is {devices!r}; expected auto or a number from 1 up.")
    for name, number in numbers.items():
        least = 0 if name == "workers" else 1
        if number is not None and number < least:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is {number}; expected a whole number from {least} up.")


def _turns(words: list[str]) -> dict[str, int]:
    """Reads ``denoise=3 dehaze=2``.

    Raises:
        UsageError: A word of another form; recipes check the tasks and numbers themselves.
    """
    from irlib.errors import UsageError

    pairs = [word.partition("=") for word in words]
    for word, (_, _, number) in zip(words, pairs, strict=True):
        if not number.isdecimal():
            raise UsageError(f"--turns was given {word!r}; expected TASK=N, such as denoise=3.")
    return {task: int(number) for task, _, number in pairs}
