"""``irlib prompts``: learn the judge of stage 1, and ask it about pictures."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)

Help = typer.Option
Learn = partial(typer.Option, rich_help_panel="Recipe: what is learned")
Data = partial(typer.Option, rich_help_panel="Data: what is learned from")
Run = partial(typer.Option, rich_help_panel="Run: where it runs and what it leaves")


@app.command()
def train(
    scale: Annotated[
        str | None, Learn(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket.")
    ] = None,
    clip: Annotated[
        str | None,
        Learn(
            help="pocket, pretrained (OpenAI's ViT-B/32) or a file of CLIP weights. Default: "
            "pocket; pretrained at scale paper."
        ),
    ] = None,
    download: Annotated[
        bool, Learn("--download", help="Fetch published weights that are in no cache.")
    ] = False,
    words: Annotated[
        list[str] | None,
        Learn(
            help="Two, three or four words or quoted phrases, worst first. "
            "Default: terrible mediocre excellent."
        ),
    ] = None,
    init: Annotated[
        str | None,
        Learn(help="partial_random (random but for the word), random, or fixed (nothing learned)."),
    ] = None,
    tokens: Annotated[int | None, Learn(help="Learned tokens a prompt. Default: 16.")] = None,
    pieces: Annotated[
        bool, Learn("--pieces", help="Accept words that CLIP breaks into several tokens.")
    ] = False,
    logit_scale: Annotated[
        float | None, Learn(help="Factor on the cosines; 1 is what the paper writes. Default: 100.")
    ] = None,
    steps: Annotated[int | None, Learn(help="Optimiser steps.")] = None,
    batch: Annotated[int | None, Learn(help="Triplets a step.")] = None,
    rate: Annotated[float | None, Learn(help="Learning rate at the start of the cosine.")] = None,
    weight_decay: Annotated[
        float | None, Learn(help="AdamW's; the released code has 0.01. Default: 0.")
    ] = None,
    seed: Annotated[int | None, Learn(help="Seed of everything random.")] = None,
    tasks: Annotated[
        list[str] | None,
        Data(help="Tasks whose images are learned from, several after one another. Default: all."),
    ] = None,
    data: Annotated[
        Path | None, Data(help="Folder of the benchmarks (scale paper). Default: IRLIB_DATA.")
    ] = None,
    scenes: Annotated[int | None, Data(help="Dead-leaves scenes of the embedded data.")] = None,
    cuts: Annotated[
        int | None,
        Data(help="Fixed cuts a triplet, encoded once; 0 draws new ones at every step."),
    ] = None,
    medium_steps: Annotated[
        int | None, Data(help="Optimiser steps of each network that makes medium images.")
    ] = None,
    medium_model: Annotated[
        str | None, Data(help="Network that makes medium images. Default: restormer.")
    ] = None,
    medium: Annotated[
        Path | None,
        Data(help="Folder of the medium networks and images. Default: runs/medium-MODEL-SCALE."),
    ] = None,
    run: Annotated[Path | None, Run(help="Folder of the run. Default: runs/prompts-SCALE.")] = None,
    restart: Annotated[bool, Run("--restart", help="Ignore prompts begun in the folder.")] = False,
    workers: Annotated[int, Run(help="Data-loading processes (with --cuts 0).")] = 0,
    device: Annotated[str, Run(help="auto, cpu or cuda.")] = "auto",
    ship: Annotated[
        bool, Run("--ship", help="Also put the prompts among the weights that irlib ships.")
    ] = False,
    record: Annotated[
        str | None, Run(help="Also write a ledger record of the training, by this name.")
    ] = None,
    results: Annotated[
        Path | None, Run(help="Folder of records. Default: book/results of the checkout.")
    ] = None,
) -> None:
    """Learn prompts that tell bad, medium and good images apart; the same command goes on.

    First two small Restormers, one a half of the data, restore the half they have not seen: the
    medium images. Then the prompts are learned in front of a frozen CLIP and judged on held-out
    images. Minutes on a laptop at scale pocket.

    Example: irlib prompts train --words bad moderate good
    """
    from irlib.data.benchmarks import data_root
    from irlib.device import choose_device
    from irlib.errors import UsageError
    from irlib.foundation import load_clip
    from irlib.perceiver import prompt_recipe, read_prompts_header, run_stage_one

    if record:
        from irlib.ledger import record_path

        record_path(record, results, writing=True)  # a wrong name is found before the long part
    if workers < 0:
        raise UsageError(f"--workers is {workers}; expected a whole number from 0 up.")
    recipe = prompt_recipe(
        scale,
        words=words or None,
        init=init,
        tokens=tokens,
        single_token=False if pieces else None,
        logit_scale=logit_scale,
        steps=steps,
        batch=batch,
        rate=rate,
        weight_decay=weight_decay,
        seed=seed,
        tasks=tuple(tasks) if tasks else None,
        scenes=scenes,
        cuts=cuts,
        medium_model=medium_model,
        medium_steps=medium_steps,
    )
    if recipe.data == "benchmarks":
        data = data_root(data)
    clip = clip or ("pretrained" if recipe.scale == "paper" else "pocket")
    encoder = load_clip(clip, download=download).to(choose_device(device))
    typer.echo(f"CLIP {encoder.identity} ({encoder.source})")
    folder = run or Path("runs") / f"prompts-{recipe.scale}"
    done = run_stage_one(
        recipe,
        encoder,
        folder,
        medium_dir=medium or Path("runs") / f"medium-{recipe.medium_model}-{recipe.scale}",
        data=data,
        resume=not restart,
        workers=workers,
    )
    typer.echo("On held-out images:")
    for line in done.gate.lines():
        typer.echo(f"  {line}")
    verdict = "passed" if done.gate.passed else f"missed: {', '.join(done.gate.failures)}"
    typer.echo(f"Acceptance gate {verdict}.")
    if record:
        typer.echo(f"Record: {_write_record(record, results, recipe, encoder, folder, done)}")
    if ship:
        from irlib.perceiver import save_prompts
        from irlib.perceiver.prompt_files import SHIPPED

        facts = read_prompts_header(done.path)["facts"]
        typer.echo(f"Shipped: {save_prompts(done.prompts, SHIPPED, **facts)}")
    typer.echo(
        f"Prompts: {done.path}\nJudge with them: irlib prompts score PHOTO --prompts {done.path}"
    )


@app.command()
def score(
    images: Annotated[
        list[Path], typer.Argument(help="Pictures, and folders of them.", metavar="IMAGE...")
    ],
    prompts: Annotated[
        Path | None,
        Help(
            help="A file that `irlib prompts train` wrote. Default: your run of scale pocket, else "
            "the shipped one."
        ),
    ] = None,
    clip: Annotated[
        str | None,
        Help(help="pocket, pretrained or a file. Default: the CLIP the prompts name."),
    ] = None,
    download: Annotated[
        bool, Help("--download", help="Fetch published weights that are in no cache.")
    ] = False,
    device: Annotated[str, Help(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Say which tier each picture belongs to, with probabilities.

    A bad file is reported and the rest goes on (exit status 1). Prompts judge what they were
    learned from: the degradations of the training tasks, not the beauty of a picture.

    Example: irlib prompts score holiday/ night.jpg
    """
    from tqdm import tqdm

    from irlib.data.images import read_image
    from irlib.data.pairing import folder_images
    from irlib.device import choose_device
    from irlib.errors import IrlibError
    from irlib.foundation import load_clip
    from irlib.perceiver import load_prompts, read_prompts_header, score_image
    from irlib.perceiver.prompt_files import clip_source, usual_prompts

    path = prompts or usual_prompts()
    header = read_prompts_header(path)
    files = [found for given in images for found in _expanded(given, folder_images)]
    encoder = load_clip(clip or clip_source(header), download=download).to(choose_device(device))
    learned = load_prompts(path, encoder)
    logit_scale = header["facts"].get("logit_scale", encoder.logit_scale)
    width = max(len(str(file)) for file in files)
    failed = 0
    for file in tqdm(files, unit="image", disable=None, leave=False):
        try:
            verdict = score_image(encoder, learned, read_image(file).rgb(), logit_scale)
        except IrlibError as error:
            failed += 1
            tqdm.write(f"irlib: failed: {error}", file=sys.stderr)
            continue
        shares = "  ".join(
            f"{word} {share:.3f}"
            for word, share in zip(verdict.words, verdict.probabilities, strict=True)
        )
        tqdm.write(f"{file!s:<{width}}  {verdict.tier:<12} {shares}", file=sys.stdout)
    if failed:
        typer.echo(f"{failed} of {len(files)} pictures could not be judged.")
        raise typer.Exit(1)


def _expanded(given: Path, folder_images) -> list[Path]:
    """A folder's images, or the file itself."""
    from irlib.errors import UsageError

    if given.is_dir():
        return folder_images(given)
    if not given.exists():
        raise UsageError(f"{given} does not exist; give pictures, or folders of them.")
    return [given]


def _write_record(name: str, results: Path | None, recipe, encoder, folder: Path, done) -> Path:
    """Writes what the training gave and cost to the ledger."""
    from irlib import ledger
    from irlib.training.logs import read_log

    log = read_log(folder / "metrics.csv")
    gate = done.gate
    values = {
        "accuracy": gate.accuracy,
        "worst_accuracy": gate.worst_accuracy,
        "all_right": gate.all_right,
        "ordered": gate.ordered,
        "worst_ordered": gate.worst_ordered,
        "passed": float(gate.passed),
    }
    for task, row in gate.by_task.items():
        values |= {f"{task}/{key}": value for key, value in row.items()}
    if log and recipe.init != "fixed":
        values["loss"] = log[-1]["loss"]
    return ledger.write_record(
        ledger.Record(
            name=name,
            kind="training",
            values=values,
            recipe={**recipe.as_dict(), "encoder": encoder.identity, "clip": str(encoder.source)},
            recipe_hash=recipe.hash(),
            scale=recipe.scale,
            steps=recipe.steps,
            weights_sha256=ledger.sha256_of_file(done.path),
            versions=ledger.library_versions(),
            device=ledger.device_in_words(encoder.device),
            minutes=done.seconds / 60,
            commit=ledger.commit(),
            command=ledger.command_typed(),
            notes="shares of held-out images, five cuts each; minutes do not include medium "
            "networks that were there already",
        ),
        root=results,
    )
