"""The prompts of a training of stage 2: its own, some that are there already, or learned first."""

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irlib.data.benchmarks import data_root
from irlib.errors import IrlibError, UsageError
from irlib.perceiver.gate import GateReport
from irlib.perceiver.prompt_files import fitting_prompts, read_prompts_header
from irlib.perceiver.recipes import PromptRecipe, prompt_recipe
from irlib.perceiver.sources import BenchmarkSource
from irlib.perceiver.stage_one import PROMPTS, run_stage_one
from irlib.training.placement import launched

if TYPE_CHECKING:
    from irlib.foundation import Clip

FOLDER = "stage-1"
Say = Callable[[str], Any]


def prompts_of_run(
    run_dir: str | Path,
    clip: "Clip",
    scale: str,
    tasks: Sequence[str],
    *,
    data: str | Path | None = None,
    restart: bool = False,
    machines: int = 1,
    say: Say = print,
) -> Path:
    """The prompts that a training takes where none are named; they are kept in its folder.

    In turn: those that the folder holds already, an own run of ``irlib prompts train``, the shipped
    ones, each only if it was learned for this CLIP. Where there are none, stage 1 runs here, the
    same as ``irlib prompts train`` at this scale, in ``stage-1`` of the folder.

    Args:
        run_dir: Folder of the training.
        clip: On the device to compute on.
        scale: Of the training: "smoke", "pocket" or "paper".
        tasks: Of the training. Stage 1 learns from all five at any rate, as the released code does,
            unless their benchmarks are not all there.
        data: Root of the benchmarks, for scale paper.
        restart: Look for prompts anew, whatever the folder holds.
        machines: That train together. Only one may learn prompts, so with more they must be there.
        say: Is told what is taken, and how the acceptance gate judges it.

    Returns:
        The file, inside ``run_dir``.

    Raises:
        UsageError: No data to learn from, or several processes that would all learn prompts.
        IrlibError: Stage 1 failed.
    """
    file = Path(run_dir) / FOLDER / PROMPTS
    first = int(os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", 0))) == 0
    if not first:
        # Lightning starts one process a device, after the first has come this far.
        restart, say = False, _silent
    found = fitting_prompts(clip, scale, () if restart else (file,))
    if found is None:
        _require_one_process(machines)
        found = _learned(file.parent, clip, scale, tasks, data, restart, say)
    elif found != file:
        say(f"Stage 1: prompts of {found}, learned for this CLIP ({clip.identity}).")
        _keep(found, file)
    else:
        say(f"Stage 1: the prompts that this run has in {file}.")
    _tell_gate(found, say)
    return file


def _learned(
    folder: Path,
    clip: "Clip",
    scale: str,
    tasks: Sequence[str],
    data: str | Path | None,
    restart: bool,
    say: Say,
) -> Path:
    """Runs stage 1 and returns its file of prompts."""
    recipe = prompt_recipe(scale)
    if recipe.data == "benchmarks":
        recipe, data = _on_benchmarks(recipe, tasks, data)
    say(
        f"Stage 1: no prompts are there for this CLIP ({clip.identity}); learning some now, from "
        f"{', '.join(recipe.tasks)}, in {folder}."
    )
    done = run_stage_one(recipe, clip, folder, data=data, resume=not restart)
    say(f"Stage 1: done. Other trainings can share these prompts: --prompts {done.path}")
    return done.path


def _on_benchmarks(
    recipe: PromptRecipe, tasks: Sequence[str], data: str | Path | None
) -> tuple[PromptRecipe, Path]:
    """The recipe for the benchmarks that are there, and their root."""
    try:
        root = data_root(data)
    except UsageError as error:
        raise UsageError(
            f"stage 1 learns its prompts from benchmarks at scale {recipe.scale}: {error} Or give "
            "prompts that you have (--prompts FILE), or train --without prompts."
        ) from error
    try:
        BenchmarkSource(root, recipe.tasks)
    except IrlibError:
        recipe = recipe.with_changes(tasks=tuple(tasks))
    return recipe, root


def _require_one_process(machines: int) -> None:
    """Refuses to learn prompts in several processes at once, where no one of them comes first."""
    devices, nodes = launched() or (1, 1)
    together = max(machines, devices * nodes, int(os.environ.get("WORLD_SIZE", 1)))
    if together > 1:
        raise UsageError(
            f"{together} processes were started together and no prompts are there; each would "
            "learn its own. Run `irlib prompts train` once, then give its file by --prompts."
        )


def _keep(source: Path, file: Path) -> None:
    """Copies prompts into the folder of a run, so that it goes on with them whatever comes."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Under a launcher every process copies them, and none may read what is half written.
        partial = file.with_suffix(f".partial-{secrets.token_hex(4)}")
        shutil.copyfile(source, partial)
        os.replace(partial, file)
    except OSError as error:
        raise IrlibError(f"cannot copy {source} to {file}: {error.strerror or error}.") from error


def _tell_gate(file: Path, say: Say) -> None:
    """Says how the acceptance gate judged prompts, and what to do if they missed it."""
    noted = read_prompts_header(file)["facts"].get("gate")
    if noted is None:
        say("Stage 1: these prompts were never put before the acceptance gate.")
        return
    gate = GateReport(**noted)
    if gate.passed:
        say("Stage 1: acceptance gate passed.")
        return
    for line in gate.lines():
        say(f"  {line}")
    say(
        f"Stage 1: warning: acceptance gate missed ({', '.join(gate.failures)}). Such a judge "
        "mixes tiers up, and L_clip may push the wrong way. Learn longer with `irlib prompts train "
        "--steps N` and give the file by --prompts, or train --without prompts."
    )


def _silent(text: str) -> None:
    """Says nothing: one process of several is enough to speak."""
