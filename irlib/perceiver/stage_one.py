"""Stage 1 from end to end: medium networks, medium images, features, prompts, gate, file."""

import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from irlib.data.benchmarks import data_root
from irlib.losses import tier_logits
from irlib.perceiver.features import cached_batches, feature_bank, live_batches, task_numbers
from irlib.perceiver.gate import GateReport, acceptance
from irlib.perceiver.medium import (
    load_medium,
    medium_folder,
    medium_recipe,
    render_medium,
    train_medium,
)
from irlib.perceiver.prompt_files import save_prompts
from irlib.perceiver.prompts import PromptSet
from irlib.perceiver.recipes import PromptRecipe
from irlib.perceiver.sources import TEST_SETS, BenchmarkSource, EmbeddedSource, TierSource
from irlib.perceiver.training import train_prompts
from irlib.perceiver.triplets import Triplets

if TYPE_CHECKING:
    from irlib.foundation import Clip

PROMPTS = "prompts.safetensors"
GATE_CUTS = 5


@dataclass(frozen=True)
class StageOne:
    """What stage 1 leaves.

    Attributes:
        path: The file of prompts.
        prompts: The prompts, frozen.
        gate: The report on held-out images.
        seconds: Wall-clock time of this call.
    """

    path: Path
    prompts: PromptSet
    gate: GateReport
    seconds: float


def run_stage_one(
    recipe: PromptRecipe,
    clip: "Clip",
    run_dir: str | Path,
    *,
    medium_dir: str | Path | None = None,
    data: str | Path | None = None,
    resume: bool = True,
    workers: int = 0,
    progress: bool = True,
) -> StageOne:
    """Learns prompts and judges them; every part that is finished already is kept.

    The acceptance gate is reported, not enforced: at small scales it may be missed.

    Args:
        recipe: What to compute.
        clip: Frozen, on the device to compute on.
        run_dir: Gets ``prompts.safetensors``, logs and features.
        medium_dir: Where the medium networks and images are; several runs may share them. By
            default ``medium`` in ``run_dir``.
        data: Root of the benchmarks, for recipes that learn from them; by default ``IRLIB_DATA``.
        resume: ``False`` begins anew, the medium networks excepted.
        workers: Data-loading processes, where new cuts are drawn at every step.
        progress: Shows progress bars.

    Raises:
        UsageError: Words that CLIP cannot take, or data that are not there.
        IrlibError: Training failed, or files cannot be written.
    """
    began = time.perf_counter()
    run_dir = Path(run_dir)
    medium_dir = run_dir / "medium" if medium_dir is None else Path(medium_dir)
    # What is wrong with the words shows now and not after the medium networks.
    PromptSet(
        clip,
        recipe.words,
        tokens=recipe.tokens,
        init=recipe.init,
        single_token=recipe.single_token,
    )
    source, held_out = open_sources(recipe, clip.image_size, data)
    tiers, networks, key = len(recipe.words), [], {}
    if tiers > 2:
        networks = medium_networks(recipe, source, medium_dir, clip.device, progress)
        key = {"medium": medium_folder("", source, networks).name}
    open_triplets = partial(
        _triplets, networks=networks, folder=medium_dir, tiers=tiers, progress=progress
    )
    triplets = open_triplets(source, size=clip.image_size)
    if recipe.init == "fixed" or recipe.steps == 0:
        batches = None
    elif recipe.cuts:
        bank = feature_bank(
            clip,
            triplets,
            recipe.cuts,
            cache=run_dir / f"features-{tiers}-tiers.safetensors",
            key=key,
            progress=progress,
        )
        batches = partial(cached_batches, bank, recipe)
    else:
        batches = partial(live_batches, clip, triplets, recipe, workers=workers)
    named = f"{source.hash()} {key.get('medium', '')}".strip()
    prompts = train_prompts(
        recipe, clip, batches, run_dir, data=named, resume=resume, progress=progress
    )
    gate = judge(clip, prompts, open_triplets(held_out, size=clip.image_size), recipe, progress)
    path = save_prompts(
        prompts,
        run_dir / PROMPTS,
        recipe=recipe.as_dict(),
        recipe_hash=recipe.hash(),
        logit_scale=recipe.logit_scale,
        steps=recipe.steps,
        seed=recipe.seed,
        data=named,
        gate=asdict(gate),
    )
    return StageOne(path, prompts, gate, time.perf_counter() - began)


def open_sources(
    recipe: PromptRecipe, least_side: int, data: str | Path | None = None
) -> tuple[TierSource, TierSource]:
    """The samples to learn from and the held-out ones.

    Raises:
        UsageError: No data root, or a benchmark is not under it.
    """
    if recipe.data == "benchmarks":
        root = data_root(data)
        return BenchmarkSource(root, recipe.tasks), BenchmarkSource(root, recipe.tasks, TEST_SETS)
    side = max(recipe.side, least_side)
    source = EmbeddedSource(
        recipe.tasks,
        side=side,
        cuts=recipe.cuts_per_photograph,
        scenes=recipe.scenes,
        seed=recipe.seed,
        photographs=recipe.photographs,
    )
    held_out = EmbeddedSource(
        recipe.tasks,
        side=side,
        cuts=2 * recipe.cuts_per_photograph,
        seed=recipe.seed,
        held_out=True,
    )
    return source, held_out


def medium_networks(
    recipe: PromptRecipe,
    source: TierSource,
    folder: Path,
    device: torch.device | str,
    progress: bool = True,
) -> list[torch.nn.Module]:
    """The two networks of the medium tier, trained where they are not there yet."""
    own = medium_recipe(
        recipe.scale,
        recipe.tasks,
        recipe.medium_model,
        steps=recipe.medium_steps,
        seed=recipe.seed,
    )
    on_cpu = torch.device(device).type == "cpu"
    accelerator = "cpu" if on_cpu else "auto"
    train_medium(source, folder, own, accelerator=accelerator, progress=progress)
    return load_medium(folder, device)


@torch.no_grad()
def judge(
    clip: "Clip",
    prompts: PromptSet,
    triplets: Triplets,
    recipe: PromptRecipe,
    progress: bool = True,
) -> GateReport:
    """Puts held-out triplets before the prompts, five cuts each, and reports."""
    bank = feature_bank(clip, triplets, GATE_CUTS, progress=progress)
    text = prompts.encode(clip).float().cpu()
    logits = tier_logits(bank.features, text, recipe.logit_scale).mean(dim=1)
    return acceptance(logits, task_numbers(triplets), triplets.source.tasks)


def _triplets(
    source: TierSource,
    *,
    size: int,
    networks: list[torch.nn.Module],
    folder: Path,
    tiers: int,
    progress: bool,
) -> Triplets:
    if not networks:
        return Triplets(source, (), tiers=tiers, size=size)
    files = render_medium(
        source, networks, medium_folder(folder, source, networks), progress=progress
    )
    return Triplets(source, files, tiers=tiers, size=size)
