"""Recipes of Perceive-IR's second stage, and its tables of parts and losses as changes to them.

Taught in chapter 11.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from irlib import models
from irlib.errors import UsageError
from irlib.losses import LossWeights
from irlib.models.perceive_ir import BACKBONES
from irlib.models.perceive_ir_presets import PARTS
from irlib.models.perceive_ir_presets import without as config_without
from irlib.registry import unknown_name
from irlib.scale import by_scale
from irlib.training.paper_recipes import ALL_IN_ONE_SETS, THREE_TASKS, epoch_steps
from irlib.training.recipes import Recipe, laptop_recipe, paper_recipe, recipe

MODEL = "perceive-ir"
PROMPTS = "prompts"
Tasks = tuple[str, ...] | None

#: How often an epoch lists each file: every clean image once with each noise level, the usual
#: factors of haze and rain, and the defaults of the released data set for blur and darkness.
PAPER_TURNS = {"denoise": 1, "dehaze": 1, "derain": 120, "deblur": 5, "lowlight": 200}
#: The released configurations set their own.
RELEASED_TURNS = {"denoise": 4, "dehaze": 1, "derain": 360, "deblur": 30, "lowlight": 140}


@dataclass(frozen=True)
class PerceiveRecipe(Recipe):
    """A recipe with four losses.

    Attributes:
        weights: What each loss counts; 0 leaves it out, with all that it needs.
        negatives: Which other codes L_cl pushes away: "other_task", or "other_image", without
            which a single task has none.
        dpl_from: First optimiser step that L_dpl counts in. It is a ratio that explodes where the
            output is still the input, so without proxies it waits until that is over.
        probe: Crops a task that tell, at the start of every epoch (``steps_per_epoch``), how good
            the network is compared with the proxies.
        given: Identities of the frozen networks that it learns from, filled in when they are
            loaded: another judge makes another run.
    """

    weights: LossWeights = field(default_factory=LossWeights)
    negatives: str = "other_task"
    dpl_from: int = 0
    probe: int = 24
    given: dict[str, str] = field(default_factory=dict, hash=False)

    noise_clipped = True

    @property
    def second_crop(self) -> bool:
        """Whether L_cl needs a second crop of every degraded image."""
        return self.weights.cl > 0


@laptop_recipe(MODEL)
def _small(base: Recipe) -> PerceiveRecipe:
    """The small recipe that its rivals have too: same data, steps, rates and batch.

    The weights are not the paper's. Its L1 is minus the PSNR here, whose gradient is about a
    hundred times as large; and L_dpl, a ratio, is steepest where the output is close to the input:
    on blur, which a small network hardly changes, its gradient at the paper's weight is hundreds of
    times that of L1. With these, L_clip and L_dpl stay a minority vote on every task. Measured in
    chapter 11.
    """
    scale = base.scale
    common = {part.name: getattr(base, part.name) for part in fields(Recipe)}
    return PerceiveRecipe(
        **{**common, "steps_per_epoch": by_scale(smoke=3, pocket=200, paper=0, scale=scale)},
        weights=LossWeights(rec=1.0, cl=1.0, clip=2.0, dpl=0.01),
        dpl_from=by_scale(smoke=1, pocket=30, paper=0, scale=scale),
        probe=by_scale(smoke=1, pocket=6, paper=0, scale=scale),
    )


@paper_recipe(MODEL, "released")
def perceive_released(tasks: Tasks) -> PerceiveRecipe:
    """Perceive-IR as its released configurations train it.

    500,000 steps on patches of 256, eight of three tasks, four of five; bf16.
    """
    tasks = tasks or THREE_TASKS
    batch = 8 if len(tasks) <= 3 else 4
    return replace(
        perceive_paper(tasks),
        config=models.preset(MODEL, "released"),
        turns=RELEASED_TURNS,
        patch=256,
        batch=batch,
        steps=500_000,
        steps_per_epoch=epoch_steps(tasks, RELEASED_TURNS, batch),
        precision="bf16-mixed",
    )


@paper_recipe(MODEL, "paper")
def perceive_paper(tasks: Tasks) -> PerceiveRecipe:
    """Perceive-IR as its paper says: 400,000 steps on patches of 128, six at a time.

    The paper names no schedule, weight decay or repetition; the cosine and the decay are the
    code's, the repetition is PAPER_TURNS. Six samples do not divide by its eight GPUs, so they are
    taken for the whole batch.
    """
    tasks = tasks or THREE_TASKS
    return PerceiveRecipe(
        model=MODEL,
        config=models.preset(MODEL, "paper"),
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        turns=PAPER_TURNS,
        quantise=False,
        augment="flips",
        patch=128,
        batch=6,
        steps=400_000,
        rate=2e-4,
        warmup=0,
        floor=1e-6,
        weight_decay=1e-4,
        clip_norm=0.0,
        ema=0.0,
        loss="l1",
        precision="32-true",
        steps_per_epoch=epoch_steps(tasks, PAPER_TURNS, batch=6),
    )


def stage_two(
    scale: str | None = None,
    name: str | None = None,
    *,
    backbone: str = "restormer",
    without: Iterable[str] = (),
    without_losses: Iterable[str] = (),
    weights: dict[str, float] | None = None,
    **changes: Any,
) -> PerceiveRecipe:
    """A recipe of Perceive-IR with parts left out: a row of its Tables VI, VII or XIII, or Fig. 8.

    Without the code nothing is left to contrast, so L_cl is left out too. With one task there are
    no codes of other tasks, so L_cl pushes away those of other images.

    Args:
        scale: "smoke", "pocket" or "paper"; by default the current scale.
        name: Which recipe of scale paper.
        backbone: "restormer" or "nafnet", of which only the paper's size is known.
        without: Parts of the network, see :func:`irlib.models.perceive_ir_presets.without`; and
            "prompts", with which L_clip goes.
        without_losses: Names in :class:`irlib.losses.LossWeights`.
        weights: Other weights of losses, by name.
        **changes: Fields of :class:`PerceiveRecipe` to replace, ``tasks`` among them.

    Raises:
        UsageError: An unknown name, a negative weight, or a backbone that the recipe has not.

    Example:
        >>> stage_two("pocket", without=["cfe"], without_losses=["dpl"]).weights.dpl
        0.0
    """
    base = recipe(MODEL, scale, name, **changes)
    config = base.config
    if backbone not in BACKBONES:
        raise UsageError(unknown_name("backbone", backbone, list(BACKBONES)))
    if backbone == "nafnet" and config["backbone"] != "nafnet":
        if base.scale == "paper" and name != "paper":
            raise UsageError(
                "the authors released no Perceive-IR on NAFNet; their paper states its size. Give "
                "--recipe paper."
            )
        config = models.preset(MODEL, f"{base.scale}-nafnet")
    chosen = base.weights
    for loss, value in (weights or {}).items():
        if loss not in asdict(chosen):
            raise UsageError(unknown_name("loss", loss, list(asdict(chosen))))
        if value < 0:
            raise UsageError(f"the weight of {loss} is {value}; expected 0 or more.")
        chosen = replace(chosen, **{loss: value})
    parts = list(without)
    for part in parts:
        if part not in (PROMPTS, *PARTS):
            raise UsageError(unknown_name("part of perceive-ir", part, [PROMPTS, *PARTS]))
    config = {**config, **config_without(*(part for part in parts if part != PROMPTS))}
    # What needs the missing part goes with it.
    left_out = [*without_losses, *(["clip"] if PROMPTS in parts else [])]
    left_out += [] if config["use_code"] else ["cl"]
    return replace(
        base,
        config=config,
        weights=chosen.without(*left_out),
        negatives="other_image" if len(base.tasks) == 1 else base.negatives,
    )
