"""``irlib live``: train a pocket PromptIR on this machine and show what came out on "Your run"."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

RUN = Path("runs/live")
PAGES = Path("book/_generated")


def live(
    scale: Annotated[
        str | None, typer.Option(help="smoke, pocket or paper. Default: IRLIB_SCALE, else pocket.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Train even if nothing changed.")] = False,
) -> None:
    """Train a pocket all-in-one PromptIR live, evaluate it, write the page "Your run".

    Run it in the folder of the repository. It stops where it was killed and goes on from there, and
    does nothing when neither irlib nor the recipe has changed since the last run.
    """
    from irlib import training
    from irlib.errors import UsageError
    from irlib.evaluation.embedded import evaluate_embedded
    from irlib.models import load_weights
    from irlib.training.loop import train
    from irlib.training.sources import open_source

    if not Path("book").is_dir():
        raise UsageError(
            f"there is no book/ folder in {Path.cwd()}; run `irlib live` in the folder of the "
            "repository."
        )
    recipe = training.recipe("promptir", scale)
    run = RUN / recipe.scale
    state = _state(recipe)
    stamp = run / "done"
    if not again and stamp.exists() and stamp.read_text() == state:
        if (PAGES / "your-run.md").exists():
            typer.echo(f"The run in {run} is up to date; --again trains anew.")
            return
    else:
        stamp.unlink(missing_ok=True)
        begun = run / "begun"
        # A run that was killed goes on, unless the code that it began with has changed since.
        resume = not again and begun.exists() and begun.read_text() == state
        run.mkdir(parents=True, exist_ok=True)
        begun.write_text(state)
        recipe, samples = open_source(recipe)
        train(recipe, run, samples, resume=resume, devices=1, nodes=1)
    weights = run / "weights.safetensors"
    typer.echo("Restoring the held-out photographs …")
    model = load_weights(weights)
    crop = 96 if recipe.scale == "smoke" else None
    rows = evaluate_embedded(model, recipe.tasks, crop=crop)
    _write_page(recipe, run, model, rows, crop)
    for row in rows:
        typer.echo(f"{row['task']:>9}: {row['input_psnr']:6.2f} dB → {row['psnr']:6.2f} dB")
    stamp.write_text(state)


def _state(recipe) -> str:
    """Hash of everything that decides the run: the recipe and irlib's own source."""
    import irlib

    digest = hashlib.sha256(recipe.hash().encode())
    for file in sorted(Path(irlib.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _write_page(recipe, run: Path, model, rows: list[dict], crop: int | None) -> None:
    """Writes this run's ledger record and the page that shows it."""
    from irlib import ledger
    from irlib.evaluation.embedded import embedded_pairs
    from irlib.evaluation.restore import restore_image
    from irlib.metrics import get_protocol
    from irlib.training.logs import read_log
    from irlib.viz.run_page import RunReport, write_run_page

    log = read_log(run / "metrics.csv")
    seconds = sum(row["seconds"] for row in log)
    device = ledger.device_in_words(next(model.parameters()).device)
    weights = run / "weights.safetensors"
    record = ledger.Record(
        name=f"live/{recipe.scale}",
        kind="evaluation",
        values={
            f"{row['task']}_{key}": float(row[key])
            for row in rows
            for key in ("psnr", "ssim", "input_psnr", "input_ssim")
        },
        per_image=[{"task": row["task"], **image} for row in rows for image in row["per_image"]],
        protocol=get_protocol("all-in-one").__dict__.copy(),
        recipe=recipe.as_dict(),
        recipe_hash=recipe.hash(),
        scale=recipe.scale,
        steps=recipe.steps,
        weights_sha256=ledger.sha256_of_file(weights),
        versions=ledger.library_versions(),
        device=device,
        minutes=seconds / 60,
        commit=ledger.commit(),
        command="irlib live",
    )
    ledger.write_record(record, root=run / "records")
    examples = []
    for task in recipe.tasks:
        _, clean, degraded = embedded_pairs(task, crop or 320)[1]
        examples.append((task, degraded, restore_image(model, degraded), clean))
    scores = [
        {
            "task": row["task"],
            "input PSNR (dB)": f"{row['input_psnr']:.2f}",
            "restored PSNR (dB)": f"{row['psnr']:.2f}",
            "input SSIM": f"{row['input_ssim']:.3f}",
            "restored SSIM": f"{row['ssim']:.3f}",
        }
        for row in rows
    ]
    report = RunReport(
        scale=recipe.scale,
        device=device,
        steps=recipe.steps,
        seconds=seconds,
        seed=recipe.seed,
        curve=[(row["step"], row["loss"]) for row in log],
        scores=scores,
        examples=examples,
        record=f"{run}/records/{record.name}.json",
        loss=recipe.loss,
    )
    write_run_page(PAGES, report)
