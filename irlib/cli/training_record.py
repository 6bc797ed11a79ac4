"""The ledger record of a training: what it was, what it left, what it cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from irlib import ledger
from irlib.models.weights import weights_path
from irlib.training import Recipe
from irlib.training.logs import read_log
from irlib.training.placement import fast_precision, processes


def write_training_record(
    name: str,
    recipe: Recipe,
    folder: Path,
    weights: Path,
    init: str | None = None,
    results: Path | None = None,
    accelerator: str = "auto",
) -> Path:
    """Writes what a training was and cost to the ledger.

    Args:
        name: Of the record.
        recipe: What was trained.
        folder: Of the run, with its log.
        weights: Which the training left.
        init: Weights that it started from, a file or a shipped name.
        results: Folder of records; the checkout's when None.
        accelerator: What the run was told to use: auto, cpu or gpu.

    Returns:
        The file written.
    """
    begun = ""
    if init:
        begun = f"; begun from weights with SHA-256 {ledger.sha256_of_file(weights_path(init))}"
    together = f", {processes()} devices" if processes() > 1 else ""
    log = read_log(folder / "metrics.csv")
    seconds = sum(row["seconds"] for row in log)
    images = recipe.images_before(recipe.steps)
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
            device=ledger.device_in_words(_device(accelerator)),
            minutes=seconds / 60,
            commit=ledger.commit(),
            command=ledger.command_typed(),
            notes=f"precision {fast_precision(recipe.precision, accelerator)}{together}; the loss "
            f"is the mean of the last logged steps{begun}",
        ),
        root=results,
    )


def write_average_record(
    name: str,
    weights: Path,
    facts: Mapping[str, Any],
    minutes: float,
    results: Path | None = None,
) -> Path:
    """Writes to the ledger which weights an average was made of.

    Args:
        name: Of the record.
        weights: The file of the average.
        facts: What :func:`irlib.models.average_weights` returned beside the network.
        minutes: What it took.
        results: Folder of records; the checkout's when None.

    Returns:
        The file written.
    """
    parts = [f"{part['share']:.3g} of {part['sha256']}" for part in facts["average_of"]]
    recipe = facts.get("recipe")
    return ledger.write_record(
        ledger.Record(
            name=name,
            kind="training",
            values={"megabytes": weights.stat().st_size / 1e6},
            recipe=recipe,
            scale=recipe.get("scale") if recipe else None,
            weights_sha256=ledger.sha256_of_file(weights),
            versions=ledger.library_versions(),
            device=ledger.device_in_words("cpu"),
            minutes=minutes,
            commit=ledger.commit(),
            command=ledger.command_typed(),
            notes=f"the mean of weights with SHA-256: {', '.join(parts)}; the recipe is what their "
            "trainings had in common",
        ),
        root=results,
    )


def _device(accelerator: str) -> str:
    return "cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu"
