"""Image features for stage 1: computed once for fixed cuts, or anew at every step.

The image side of CLIP is frozen and the prompts cannot change it, so with fixed cuts a feature is
needed only once: a step then costs no more than the text encoder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from irlib.data.seeding import generator_for
from irlib.errors import IrlibError
from irlib.foundation.checkpoints import read_header, read_state, write_weights
from irlib.perceiver.recipes import PromptRecipe
from irlib.perceiver.triplets import Triplets
from irlib.training.interrupt import begin_worker

if TYPE_CHECKING:
    from irlib.foundation import Clip

KIND = "clip-features"
_IMAGES_AT_ONCE = 192


@dataclass(frozen=True)
class FeatureBank:
    """Features of fixed cuts.

    Attributes:
        features: (N, C, K, D): samples, cuts, tiers; L2-normalised.
        tasks: (N,), the task of each sample, by its number in the source.
    """

    features: Tensor
    tasks: Tensor


def feature_bank(
    clip: "Clip",
    triplets: Triplets,
    cuts: int,
    *,
    cache: Path | None = None,
    key: dict[str, Any] | None = None,
    progress: bool = True,
) -> FeatureBank:
    """Encodes ``cuts`` fixed cuts of every sample in every tier.

    Args:
        clip: On the device to compute on.
        triplets: What to encode.
        cuts: Cuts a sample.
        cache: A file to read the features from and to keep them in.
        key: What besides CLIP, samples, tiers and cuts decides them (the medium networks): a cache
            made with another key is made anew.
        progress: Shows a progress bar.
    """
    from tqdm import tqdm

    source = triplets.source
    key = {
        "encoder": clip.identity,
        "source": source.hash(),
        "tiers": triplets.tiers,
        "size": triplets.size,
        "cuts": cuts,
        **(key or {}),
    }
    tasks = task_numbers(triplets)
    if cache is not None and (kept := _cached(cache, key)) is not None:
        return FeatureBank(kept, tasks)
    pending: list[Tensor] = []
    found: list[Tensor] = []

    def encode() -> None:
        if pending:
            images = torch.cat([cut.flatten(0, 1) for cut in pending]).to(clip.device)
            with torch.no_grad():
                features = clip.encode_image(images)
            found.append(features.float().cpu().view(len(pending), cuts, triplets.tiers, -1))
            pending.clear()

    hide = None if progress else True
    for index in tqdm(range(len(source)), unit="triplet", desc="image features", disable=hide):
        pending.append(triplets.fixed_cuts(index, cuts))
        if len(pending) * cuts * triplets.tiers >= _IMAGES_AT_ONCE:
            encode()
    encode()
    features = torch.cat(found)
    if cache is not None:
        write_weights(cache, KIND, {"features": features}, key)
    return FeatureBank(features, tasks)


def cached_batches(bank: FeatureBank, recipe: PromptRecipe, start: int) -> Iterator[Tensor]:
    """Batches (B, K, D) of kept features, from optimiser step ``start`` on."""
    by_task = samples_by_task(bank.tasks)
    for step in range(start, recipe.steps):
        generator = generator_for("prompt batch", recipe.seed, step)
        index = draw_samples(by_task, recipe.batch, step, generator)
        shape = (recipe.batch,)
        cut = torch.randint(bank.features.shape[1], shape, generator=generator)
        yield bank.features[index, cut]


def live_batches(
    clip: "Clip", triplets: Triplets, recipe: PromptRecipe, start: int, workers: int = 0
) -> Iterator[Tensor]:
    """Batches (B, K, D) of new cuts, encoded as they are needed."""
    loader = DataLoader(
        _LiveCuts(triplets, recipe.seed),
        batch_sampler=_LiveOrder(samples_by_task(task_numbers(triplets)), recipe, start),
        num_workers=workers,
        worker_init_fn=begin_worker,
    )
    for cuts in loader:
        with torch.no_grad():
            features = clip.encode_image(cuts.flatten(0, 1).to(clip.device))
        yield features.float().view(*cuts.shape[:2], -1)


def draw_samples(
    by_task: list[Tensor], batch: int, step: int, generator: torch.Generator
) -> Tensor:
    """(B,) sample numbers: tasks in turn, so that every batch is balanced, samples at random.

    Where the batch is no multiple of the number of tasks, the tasks that get one more rotate.
    """
    order = [(step * batch + place) % len(by_task) for place in range(batch)]
    draw = torch.rand(batch, generator=generator, dtype=torch.float64).tolist()
    return torch.stack(
        [by_task[task][int(d * len(by_task[task]))] for task, d in zip(order, draw, strict=True)]
    )


def samples_by_task(tasks: Tensor) -> list[Tensor]:
    """Sample numbers of each task that has any."""
    return [torch.nonzero(tasks == task).flatten() for task in tasks.unique()]


def task_numbers(triplets: Triplets) -> Tensor:
    """(N,), the number of each sample's task in its source."""
    source = triplets.source
    return torch.tensor([source.tasks.index(sample.task) for sample in source.samples])


class _LiveCuts(Dataset):
    def __init__(self, triplets: Triplets, seed: int) -> None:
        self.triplets, self.seed = triplets, seed

    def __getitem__(self, which: tuple[int, int]) -> Tensor:
        index, position = which
        return self.triplets.cut(index, generator_for("prompt cut", self.seed, position))


class _LiveOrder:
    def __init__(self, by_task: list[Tensor], recipe: PromptRecipe, start: int) -> None:
        self.by_task, self.recipe, self.start = by_task, recipe, start

    def __len__(self) -> int:
        return self.recipe.steps - self.start

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step in range(self.start, self.recipe.steps):
            generator = generator_for("prompt batch", self.recipe.seed, step)
            indices = draw_samples(self.by_task, self.recipe.batch, step, generator).tolist()
            first = step * self.recipe.batch
            yield [(index, first + place) for place, index in enumerate(indices)]


def _cached(cache: Path, key: dict[str, Any]) -> Tensor | None:
    if not cache.is_file():
        return None
    try:
        header = read_header(cache)
        if header.get("model") == KIND and header["config"] == key:
            return read_state(cache)["features"]
    except IrlibError:
        pass  # a damaged cache is made anew
    return None
