"""The loop that trains a pocket foundation model: short enough to need no resuming."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from irlib.errors import IrlibError
from irlib.pocket.recipes import PocketRecipe
from irlib.training.interrupt import Interrupt
from irlib.training.logs import StepLog
from irlib.training.placement import fast_precision
from irlib.training.schedules import warmup_cosine

LOG_EVERY = 20


def fit(
    recipe: PocketRecipe,
    network: nn.Module,
    data: Dataset,
    loss_of: Callable[[list[Tensor], int], Tensor],
    run_dir: Path,
    *,
    after_step: Callable[[int], None] | None = None,
    device: str | torch.device = "cpu",
    workers: int = 0,
    progress: bool = True,
) -> float:
    """Minimises a loss over ``recipe.steps`` batches.

    Args:
        recipe: Steps, batch, rate and the rest.
        network: What is trained; its parameters are changed in place.
        data: Samples by position, tuples of tensors and numbers.
        loss_of: From a batch (on the device) and the step to a scalar.
        run_dir: Gets ``metrics.csv`` and TensorBoard files.
        after_step: Called with the step after each update.
        device: Where the network lies.
        workers: Data-loading processes; they cannot change a sample.
        progress: Shows a progress bar with the loss and the time left.

    Returns:
        Minutes it took.

    Raises:
        IrlibError: The loss is not finite.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    device = torch.device(device)
    precision = "32-true"  # on Apple's GPUs
    if device.type in ("cpu", "cuda"):
        precision = fast_precision(recipe.precision, "auto" if device.type == "cuda" else "cpu")
    batches = DataLoader(
        data,
        batch_size=recipe.batch,
        sampler=range(recipe.steps * recipe.batch),
        num_workers=workers,
        worker_init_fn=lambda _: torch.set_num_threads(1),
    )
    optimiser = torch.optim.AdamW(
        _groups(network, recipe.weight_decay), recipe.rate, betas=(0.9, 0.98)
    )
    log = StepLog(run_dir, 0)
    bar = tqdm(total=recipe.steps, unit="step", desc=f"train {recipe.name}", disable=not progress)
    start = clock = time.perf_counter()
    recent: list[Tensor] = []
    network.train()
    with Interrupt() as interrupt, bar, log:
        for step, batch in enumerate(batches):
            rate = warmup_cosine(
                step, steps=recipe.steps, rate=recipe.rate, warmup=recipe.warmup, floor=1e-6
            )
            for group in optimiser.param_groups:
                group["lr"] = rate
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
                loss = loss_of([part.to(device) for part in batch], step)
            if not torch.isfinite(loss):
                raise IrlibError(
                    f"the loss of step {step} is not finite (learning rate {rate:.2e}); train "
                    "with a lower --rate."
                )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            if after_step is not None:
                after_step(step)
            recent.append(loss.detach())
            bar.update(1)
            done = step + 1
            if done % LOG_EVERY == 0 or done == recipe.steps:
                now = time.perf_counter()
                value, seconds = float(torch.stack(recent).mean()), now - clock
                speed = len(recent) * recipe.batch / seconds
                log.write(step=done, loss=value, lr=rate, images_per_s=speed, seconds=seconds)
                bar.set_postfix(loss=f"{value:.4f}", images_per_s=f"{speed:.0f}")
                recent, clock = [], now
            if interrupt.asked:
                raise KeyboardInterrupt(
                    f"stopped after step {done}; so short a training keeps nothing"
                )
    return (time.perf_counter() - start) / 60


def _groups(network: nn.Module, decay: float) -> Iterable[dict]:
    """Decays matrices and kernels; biases, norms, embeddings of positions and scalars are left."""
    matrices, rest = [], []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            plain = parameter.ndim < 2 or "positional" in name or "pos_embed" in name
            (rest if plain else matrices).append(parameter)
    return [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
