"""Learning the prompts: the whole of stage 1's optimisation, read from top to bottom.

Everything is frozen but the prompts. A step compares the features of a batch of triplets with what
CLIP's text encoder makes of the prompts, and moves the prompts. Taught in chapter 7.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from irlib.errors import IrlibError
from irlib.losses import tier_cross_entropy
from irlib.perceiver.prompts import PromptSet
from irlib.perceiver.recipes import PromptRecipe
from irlib.training.checkpoint import load_checkpoint, save_checkpoint
from irlib.training.interrupt import Interrupt
from irlib.training.logs import StepLog

if TYPE_CHECKING:
    from irlib.foundation import Clip

#: Gives batches (B, K, D) of image features from an optimiser step on.
Batches = Callable[[int], Iterator[Tensor]]


class PromptsStopped(KeyboardInterrupt):
    """Ctrl-C ended the learning between two steps, after a checkpoint."""


def train_prompts(
    recipe: PromptRecipe,
    clip: "Clip",
    batches: Batches,
    run_dir: str | Path,
    *,
    data: str = "",
    resume: bool = True,
    checkpoint_every: int = 500,
    log_every: int = 25,
    progress: bool = True,
) -> PromptSet:
    """Learns the prompts of a recipe; a run found in ``run_dir`` goes on.

    Args:
        recipe: What to compute.
        clip: Frozen, on the device to compute on.
        batches: Called with the first step; yields L2-normalised features (B, K, D), K tiers of B
            scenes, worst first. Must depend on nothing but the step.
        run_dir: Folder of checkpoint and logs.
        data: Names what ``batches`` holds, so that a run on other data is not gone on with.
        resume: ``False`` ignores a run found there.
        checkpoint_every: Steps between checkpoints.
        log_every: Steps between rows of ``metrics.csv``.
        progress: Shows a progress bar with the loss.

    Returns:
        The prompts, frozen.

    Raises:
        UsageError: Words, tokens or a folder that do not fit: see
            :class:`irlib.perceiver.PromptSet`.
        IrlibError: A loss that is not finite, or no space left.
        PromptsStopped: Ctrl-C was pressed; the step under way was finished and saved first.
    """
    from tqdm import tqdm

    prompts = PromptSet(
        clip,
        recipe.words,
        tokens=recipe.tokens,
        init=recipe.init,
        single_token=recipe.single_token,
        seed=recipe.seed,
    )
    if prompts.context is None or recipe.steps == 0:
        return prompts.requires_grad_(False)
    run_dir = Path(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    identity = {**recipe.as_dict(), "encoder": clip.identity, "features": data}
    descent = torch.optim.AdamW(
        prompts.parameters(), recipe.rate, betas=(0.9, 0.999), weight_decay=recipe.weight_decay
    )
    start = 0
    if resume and (state := load_checkpoint(run_dir, identity)) is not None:
        prompts.load_state_dict(state["prompts"])
        descent.load_state_dict(state["descent"])
        start = state["step"]

    def checkpoint(step: int) -> None:
        state = {"prompts": prompts.state_dict(), "descent": descent.state_dict()}
        save_checkpoint(run_dir, {"step": step, "recipe": identity, **state})

    tiers = torch.arange(prompts.tiers, device=clip.device).repeat_interleave(recipe.batch)
    hide = None if progress else True
    bar = tqdm(total=recipe.steps, initial=start, unit="step", desc="prompts", disable=hide)
    recent, clock = [], time.perf_counter()
    stream = batches(start)
    with Interrupt() as interrupt, bar, StepLog(run_dir, start) as log:
        for step in range(start, recipe.steps):
            rate = recipe.learning_rate(step)
            descent.param_groups[0]["lr"] = rate
            # Low, then medium, then high: the order of the labels.
            features = next(stream).to(clip.device).transpose(0, 1).flatten(0, 1)
            text = prompts.encode(clip)
            loss = tier_cross_entropy(features, text, tiers, recipe.logit_scale)
            descent.zero_grad()
            loss.backward()
            descent.step()
            recent.append(loss.detach())
            done = step + 1
            bar.update(1)
            if done % log_every == 0 or done == recipe.steps:
                value = float(torch.stack(recent).mean())
                if value != value or abs(value) == float("inf"):
                    raise IrlibError(
                        f"the loss of the steps before {done} is not finite (learning rate "
                        f"{rate:.2e}). The last checkpoint is intact; lower --rate and run again."
                    )
                now = time.perf_counter()
                speed = len(recent) * len(tiers) / (now - clock)
                log.write(step=done, loss=value, lr=rate, images_per_s=speed, seconds=now - clock)
                bar.set_postfix(loss=f"{value:.4f}")
                recent, clock = [], now
            if done % checkpoint_every == 0 or done == recipe.steps or interrupt.asked:
                checkpoint(done)
            if interrupt.asked and done < recipe.steps:
                raise PromptsStopped(
                    f"stopped after step {done} of {recipe.steps}, saved in {run_dir}; "
                    "run the same command again to go on"
                )
    return prompts.requires_grad_(False)
