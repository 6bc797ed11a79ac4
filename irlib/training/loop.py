"""The training loop: one function, read from top to bottom, from a laptop to many nodes.

Lightning Fabric places the network and the batches (CPU, one GPU, many GPUs, many nodes) and casts
to the chosen precision. Everything random is a function of the recipe's seed and of the position of
a sample, so a run that is killed and resumed ends with the same weights. Taught in chapter 5.
"""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from irlib import models
from irlib.data.by_position import PatchesByPosition
from irlib.errors import IrlibError, UsageError
from irlib.training.average import MovingAverage
from irlib.training.checkpoint import check_finite, load_checkpoint, save_checkpoint
from irlib.training.companions import Companions
from irlib.training.interrupt import Interrupt, begin_worker
from irlib.training.logs import StepLog
from irlib.training.mixup import mixed
from irlib.training.objectives import Objective, open_objective
from irlib.training.placement import fast_precision, open_fabric
from irlib.training.positions import Positions
from irlib.training.recipes import Recipe
from irlib.training.sole_run import sole_run

if TYPE_CHECKING:
    from lightning.fabric import Fabric

WEIGHTS = "weights.safetensors"


class Stopped(KeyboardInterrupt):
    """Ctrl-C ended the run between two steps, after a checkpoint."""


def train(
    recipe: Recipe,
    run_dir: str | Path,
    data: PatchesByPosition,
    *,
    objective: Objective | None = None,
    init: nn.Module | None = None,
    resume: bool = True,
    devices: int | str = "auto",
    accelerator: str = "auto",
    nodes: int = 1,
    workers: int = 0,
    backend: str | None = None,
    checkpoint_every: int = 200,
    log_every: int = 10,
    progress: bool = True,
) -> Path:
    """Trains ``recipe`` in ``run_dir`` and returns the file of the final weights.

    Args:
        recipe: What to compute.
        run_dir: Folder for checkpoint, logs and weights; a run found there is resumed.
        data: Samples ``data[position, patch]``: dicts with ``degraded`` and ``target``, (3, P, P).
        objective: What a step minimises; by default what the recipe's model asks for, for most the
            recipe's loss between output and target.
        init: A network whose weights to start from (fine-tuning); same model and config.
        resume: ``False`` ignores and replaces a run found in ``run_dir``.
        devices: Number of devices a node, or "auto". Under torchrun, fabric run or SLURM's srun
            both numbers are the launcher's.
        accelerator: "auto", "cpu", "gpu".
        nodes: Number of machines; start the same command on each.
        workers: Data-loading processes a device; they cannot change a sample.
        backend: Of ``torch.compile``, such as "inductor"; by default nothing is compiled. Weights
            differ in their last digits, and checkpoints fit either way.
        checkpoint_every: Optimiser steps between checkpoints.
        log_every: Optimiser steps between rows of ``metrics.csv`` and TensorBoard points.
        progress: Shows a progress bar with loss, images a second and time left.

    Raises:
        UsageError: Devices, a precision or a compiler that this machine lacks, a batch that the
            devices cannot share, a patch that the network cannot take, or a folder in use.
        IrlibError: A loss that is not finite (the batch is saved first), weights that are not, or
            no space left.
        Stopped: Ctrl-C was pressed; the step under way was finished and saved first (with several
            devices, the steps up to the next row of the log: they stop together).
    """
    from lightning.fabric import seed_everything

    objective = open_objective(recipe, data) if objective is None else objective
    precision = fast_precision(recipe.precision, accelerator)
    fabric = open_fabric(accelerator, devices, nodes, precision, objective.partial)
    run_dir = Path(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)

    seed_everything(recipe.seed, verbose=False)
    network = models.create(recipe.model, **recipe.config).train()
    if init is not None:
        # A copy: the network that was given stays as it is.
        network.load_state_dict(init.state_dict())
    _check_patches(recipe, network)
    # Convolutions here are memory-bound; channels-last spares norms and 1x1 convolutions copies.
    network.to(memory_format=torch.channels_last)
    if backend is not None:
        models.compile_network(network, fabric.device, backend)
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[recipe.optimiser]
    optimiser = kind(
        network.parameters(), recipe.rate, betas=recipe.betas, weight_decay=recipe.weight_decay
    )
    model, optimiser = fabric.setup(network, optimiser)
    average = MovingAverage(network, recipe.ema) if recipe.ema else None
    objective.to(fabric.device)

    start = 0
    if resume and (state := load_checkpoint(run_dir, recipe.as_dict())) is not None:
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        if average is not None:
            average.load_state_dict(state["average"])
        objective.load_state_dict(state.get("objective", {}))
        start = state["step"]
    _begin_alike(fabric, start, run_dir)
    objective.start(network)
    saved = start

    def advice() -> str:
        """What to do when another device is lost."""
        there = f"A checkpoint of step {saved} is in {run_dir}" if saved else "Nothing is saved yet"
        return f"{there}; run the same command again to go on."

    def checkpoint(step: int) -> None:
        nonlocal saved
        check_finite(network, step, advice())
        if fabric.is_global_zero:
            state = {
                "step": step,
                "recipe": recipe.as_dict(),
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "average": average.state_dict() if average is not None else {},
                "objective": objective.state_dict(),
            }
            with companions.writing:
                save_checkpoint(run_dir, state)
        fabric.barrier()
        saved = step

    rank, world = fabric.global_rank, fabric.world_size
    host = os.environ.get("MASTER_ADDR", "localhost")
    companions = Companions(rank, world, fabric.broadcast, host, advice)
    batches = DataLoader(
        data,
        batch_sampler=Positions(recipe, start, rank, world),
        num_workers=workers,
        pin_memory=fabric.device.type == "cuda",
        persistent_workers=workers > 0,
        worker_init_fn=begin_worker,
    )
    stream = iter(fabric.setup_dataloaders(batches, use_distributed_sampler=False))

    bar = tqdm(
        total=recipe.steps,
        initial=start,
        unit="step",
        desc=f"train {recipe.model}",
        disable=not (progress and fabric.is_global_zero),
    )
    recent, seen, clock = [], 0, time.perf_counter()
    with (
        Interrupt() as interrupt,
        sole_run(run_dir, rank, fabric.broadcast),
        companions,
        bar,
        StepLog(run_dir, start, objective.columns, enabled=fabric.is_global_zero) as log,
    ):
        for step in range(start, recipe.steps):
            rate = recipe.learning_rate(step)
            for group in optimiser.param_groups:
                group["lr"] = rate
            objective.before_step(step, network)
            row = 0.0
            for micro in range(recipe.accumulate):
                batch = next(stream)
                if recipe.mixup:
                    part = micro * world + rank
                    batch["degraded"], batch["target"] = mixed(
                        batch["degraded"], batch["target"], recipe.mixup, recipe.seed, step, part
                    )
                for name in ("degraded", "positive"):
                    if name in batch:
                        batch[name] = batch[name].contiguous(memory_format=torch.channels_last)
                last = micro + 1 == recipe.accumulate
                with fabric.no_backward_sync(model, enabled=not last):
                    loss, parts = objective(model, batch, step)
                    if not torch.isfinite(loss):
                        raise _not_finite(run_dir, step, batch, rate, rank)
                    fabric.backward(loss / recipe.accumulate)
                logged = [loss, *(parts[name] for name in objective.columns)]
                row += torch.stack([value.detach() for value in logged]) / recipe.accumulate
            if recipe.clip_norm:
                fabric.clip_gradients(
                    model, optimiser, max_norm=recipe.clip_norm, error_if_nonfinite=False
                )
            optimiser.step()
            optimiser.zero_grad()
            if average is not None:
                average.update(network)
            objective.after_step(step, network)
            recent.append(row)
            done = step + 1
            seen += recipe.stage(step).batch
            bar.update(1)
            asked = interrupt.asked and world == 1
            if done % log_every == 0 or done == recipe.steps:
                # One batch is a noisy witness: a row holds the mean since the row before. The last
                # number says whether any device was asked to stop: they must stop together.
                means = torch.stack(recent).mean(dim=0)
                means = torch.cat([means, means.new_tensor([interrupt.asked])])
                value, *rest, asking = fabric.all_reduce(means, reduce_op="mean").tolist()
                asked = asking > 0
                parts = dict(zip(objective.columns, rest, strict=True))
                now = time.perf_counter()
                speed = seen / (now - clock)
                timing = {"lr": rate, "images_per_s": speed, "seconds": now - clock}
                log.write(step=done, loss=value, **parts, **timing)
                bar.set_postfix(loss=f"{value:.4f}", images_per_s=f"{speed:.0f}")
                recent, seen, clock = [], 0, now
            if done % checkpoint_every == 0 or done == recipe.steps or asked:
                checkpoint(done)
            if asked:
                raise Stopped(
                    f"stopped after step {done} of {recipe.steps}, saved in {run_dir}; "
                    "run the same command again to go on"
                )

    if fabric.is_global_zero:
        if average is not None:
            network.load_state_dict(average.weights, strict=False)
        facts = {
            "steps": recipe.steps,
            "seed": recipe.seed,
            "recipe": recipe.as_dict(),
            "recipe_hash": recipe.hash(),
            **objective.facts,
        }
        # A run that had ended before keeps its file: records name its hash.
        if start < recipe.steps or not _holds(run_dir / WEIGHTS, network, facts):
            models.save_weights(network, run_dir / WEIGHTS, **facts)
    fabric.barrier()
    return run_dir / WEIGHTS


def _begin_alike(fabric: "Fabric", start: int, run_dir: Path) -> None:
    """Refuses devices that found different checkpoints: their sums would mean nothing."""
    starts = fabric.all_gather(torch.tensor(start, device=fabric.device)).reshape(-1).tolist()
    if len(set(starts)) > 1:
        raise UsageError(
            f"the devices found checkpoints of different steps in {run_dir}: {starts}. Choose a "
            "--run folder on a disk that all machines share."
        )


def _holds(path: Path, network: nn.Module, facts: dict[str, Any]) -> bool:
    """Tells whether a weights file is there with just these weights and facts."""
    if not path.is_file():
        return False
    try:
        kept, noted = models.load_weights(path).state_dict(), models.read_header(path)["facts"]
    except IrlibError:  # damaged, or of another network
        return False
    own = network.state_dict()
    alike = kept.keys() == own.keys() and noted == json.loads(json.dumps(facts))
    return alike and all(torch.equal(kept[key], own[key].cpu()) for key in own)


def _check_patches(recipe: Recipe, network: nn.Module) -> None:
    """Refuses a patch that the network cannot take now, not at the step that first meets it."""
    multiple = network.multiple
    for stage in recipe.stages:
        if stage.patch % multiple:
            raise UsageError(
                f"the patch from step {stage.start} on is {stage.patch} pixels wide; "
                f"{recipe.model} takes multiples of {multiple}. Choose such a --patch."
            )


def _not_finite(run_dir: Path, step: int, batch: dict, rate: float, rank: int) -> IrlibError:
    """Saves the batch that broke the run and words the error."""
    from safetensors.torch import save_file

    device = f"-device-{rank}" if rank else ""
    path = run_dir / f"not-finite-step-{step}{device}.safetensors"
    save_file({k: v.detach().cpu().contiguous() for k, v in batch.items()}, path)
    return IrlibError(
        f"the loss of step {step} is not finite (learning rate {rate:.2e}). Its batch is saved in "
        f"{path}; the last checkpoint is intact. Look at the batch, then lower --rate, set "
        "--clip-norm, or train with --precision 32-true."
    )
