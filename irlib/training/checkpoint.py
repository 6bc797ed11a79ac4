"""Checkpoints that a crash cannot spoil, and that can never run code when they are read."""

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from irlib.errors import IrlibError, UsageError

FILE = "checkpoint.pt"


def check_finite(network: nn.Module, step: int, advice: str) -> None:
    """Refuses weights that a gradient made NaN or infinite while its loss was finite.

    Saved, they would take the place of the last good ones.

    Args:
        network: About to be saved.
        step: Optimiser steps done.
        advice: What is saved, and how to go on.

    Raises:
        IrlibError: Weights that are not finite; the message names the first.
    """
    for name, weights in network.state_dict().items():
        if weights.is_floating_point() and not weights.isfinite().all():
            raise IrlibError(
                f"the weights {name} are not finite after step {step}, though its loss was: a "
                f"gradient was not. Lower --rate, or train with --precision 32-true. {advice}"
            )


def save_checkpoint(run_dir: Path, state: dict[str, Any]) -> None:
    """Writes ``state`` (tensors and plain values only) so that the file is whole or the old one.

    Raises:
        IrlibError: The disk is full or the folder cannot be written.
    """
    path = run_dir / FILE
    partial = path.with_suffix(f".partial-{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        raise IrlibError(
            f"the checkpoint {path} could not be written ({error}). The checkpoint before it is "
            "untouched: free some space and run the same command again to go on from there."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(run_dir: Path, recipe: dict[str, Any]) -> dict[str, Any] | None:
    """Reads the checkpoint of ``run_dir``, or returns ``None`` where there is none.

    Args:
        run_dir: Folder of the run.
        recipe: The recipe that wants to go on, as plain values.

    Raises:
        IrlibError: The file is damaged.
        UsageError: It belongs to another recipe; the message names the fields that differ.
    """
    path = run_dir / FILE
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise IrlibError(
            f"the checkpoint {path} cannot be read ({type(error).__name__}). Delete it, or give "
            "--restart, to begin this run anew."
        ) from error
    stored = state["recipe"]
    differing = sorted(k for k in stored.keys() | recipe.keys() if stored.get(k) != recipe.get(k))
    if differing:
        detail = ", ".join(
            f"{k}: {stored.get(k)!r} there, {recipe.get(k)!r} now" for k in differing
        )
        raise UsageError(
            f"{run_dir} holds a run of another recipe ({detail}). Choose another --run folder, or "
            "give --restart to begin anew there."
        )
    return state
