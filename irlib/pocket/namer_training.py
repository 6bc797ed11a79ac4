"""A namer: which of the five degradations a picture suffers from, learned on training patches."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from irlib.data.embedded import EmbeddedPairs
from irlib.degradations import FIVE_TASKS
from irlib.foundation.checkpoints import write_weights
from irlib.foundation.namer import NamerNetwork
from irlib.pocket.fitting import fit
from irlib.pocket.recipes import PocketRecipe

HIDDEN = 32
PATCHES = (64, 96, 128, 160)
"""Sides of the patches, in turn from batch to batch."""
TWIGS = 0.2
"""Share of clean patches that lines cross which are not rain."""


class Named(NamedTuple):
    """A degraded patch (3, S, S) in [0, 1] and the number of its task in ``FIVE_TASKS``."""

    image: Tensor
    task: int


class NamedPatches(Dataset):
    """The patches that restoration networks train on, at their own resolution, with their task.

    Sample ``position`` is a pure function of (seed, position); all samples of a batch have one
    side, since ``position`` says which batch it falls in.

    Args:
        scenes: Dead-leaves scenes beside the photographs.
        seed: Seed of scenes, crops and degradations.
        batch: Samples of a batch.
        length: Samples that ``len`` reports.
    """

    def __init__(self, scenes: int, seed: int, batch: int, length: int) -> None:
        self.batch, self.length = batch, length
        self.pairs = EmbeddedPairs(FIVE_TASKS, scenes=scenes, seed=seed, crossed=TWIGS)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: int) -> Named:
        patch = PATCHES[position // self.batch % len(PATCHES)]
        sample = self.pairs.sample(position, patch)
        return Named(sample["degraded"], int(sample["task"]))


def train_namer(recipe: PocketRecipe, run_dir: Path, **options: Any) -> tuple[Path, float]:
    """Trains a namer by cross entropy; weak noise and short blur can hardly be named, and count.

    Args:
        recipe: See :func:`irlib.pocket.recipes.pocket_recipe`.
        run_dir: Folder of the run.
        **options: Of :func:`irlib.pocket.fitting.fit`.

    Returns:
        The weights file and the minutes it took.
    """
    torch.manual_seed(recipe.seed)
    device = torch.device(options.get("device", "cpu"))
    network = NamerNetwork(recipe.widths, HIDDEN).to(device, memory_format=torch.channels_last)

    def loss_of(batch: list[Tensor], step: int) -> Tensor:
        images, tasks = batch
        return F.cross_entropy(network(images), tasks)

    data = NamedPatches(recipe.scenes, recipe.seed, recipe.batch, recipe.steps * recipe.batch)
    minutes = fit(recipe, network, data, loss_of, run_dir, **options)
    path = run_dir / "namer-pocket.safetensors"
    config = {"widths": recipe.widths, "hidden": HIDDEN, "names": FIVE_TASKS}
    facts = {"steps": recipe.steps, "seed": recipe.seed, "minutes": minutes}
    facts |= {"recipe": recipe.as_dict(), "recipe_hash": recipe.hash()}
    return write_weights(path, "namer", network.state_dict(), config, **facts), minutes
