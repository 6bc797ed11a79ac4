"""Recipes of DPPD as we read it: three tasks, five tasks, and mixtures. Taught in chapter 13.

Its authors published neither code nor settings. Everything here is PromptIR's recipe, on whose
network they build, with the life of the prototypes that our reading needs.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

from irlib import models
from irlib.data.mixing import NOISE_LEVELS, REPETITION
from irlib.degradations import COMPOSITE_TASKS
from irlib.errors import UsageError
from irlib.models.dppd import ALTERNATIVES
from irlib.scale import by_scale
from irlib.training.paper_recipes import ALL_IN_ONE_SETS, THREE_TASKS, epoch_steps
from irlib.training.recipes import Recipe, laptop_recipe, paper_recipe

MODEL = "dppd"
Tasks = tuple[str, ...] | None

EPOCHS, WARM_UP_EPOCHS = 120, 15


@dataclass(frozen=True)
class DppdRecipe(Recipe):
    """A recipe with prototypes, which live besides the optimiser.

    Other tasks come with as many prototypes, one a degradation family, unless ``config`` says
    otherwise.

    Attributes:
        prototypes_from: Share of the steps after which K-means finds the prototypes.
        prototypes_until: Share of the steps after which they rest.
        queue: Embeddings, the last ones, that K-means gets.
        per_prototype: Embeddings a prototype that it waits for.
        pull: Share of the way a prototype moves towards its members, each step.
        patience: Steps that a prototype may go without members.
        anchoring: Weight of the distance between embedding and prototype; 0 leaves it out.
        variance_prior: Weight of :func:`irlib.nn.prompt_distribution.variance_prior`; 0 likewise.
        labels: Weight of the cross-entropy between shares and tasks, for prototypes that are not
            found by K-means; 0 likewise. The authors name labels as a drawback of others.
    """

    prototypes_from: float = 0.05
    prototypes_until: float = 0.7
    queue: int = 2048
    per_prototype: int = 64
    pull: float = 0.02
    patience: int = 500
    anchoring: float = 0.0
    variance_prior: float = 0.0
    labels: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """As for every recipe, but says nothing of alternatives that are not taken.

        So that records of our reading still name it.
        """
        whole = super().as_dict()
        if not self.labels:
            del whole["labels"]
        for name, usual in ALTERNATIVES.items():
            if whole["config"].get(name) == usual:
                del whole["config"][name]
        return whole

    def with_changes(self, **changes: Any) -> "DppdRecipe":
        for name in ("anchoring", "variance_prior", "labels"):
            if (changes.get(name) or 0) < 0:
                raise UsageError(f"{name} is {changes[name]}; expected 0 or more.")
        changed = super().with_changes(**changes)
        if changes.get("tasks") is None or changes.get("config") is not None:
            return changed
        return replace(changed, config={**changed.config, "num_prototypes": len(changed.tasks)})


@laptop_recipe(MODEL)
def _small(base: Recipe) -> DppdRecipe:
    """The small recipe that its rivals have too: same data, steps, rates and batch."""
    common = {part.name: getattr(base, part.name) for part in fields(Recipe)}
    waits_for = by_scale(smoke=2, pocket=64, paper=0, scale=base.scale)
    return DppdRecipe(**common, per_prototype=waits_for)


@paper_recipe(MODEL, "released")
def dppd_released(tasks: Tasks) -> DppdRecipe:
    """Our reading, since nothing was released: PromptIR's 120 epochs of batches of 32.

    Warm-up and cosine are laid out for the run itself, so no epoch passes at rate 0. With five
    tasks noise is of level 25 alone and blur and darkness have the factors of AdaIR's code on the
    same base.
    """
    tasks = tasks or THREE_TASKS
    mixtures = any(task in COMPOSITE_TASKS for task in tasks)
    noise = NOISE_LEVELS if len(tasks) <= 3 else (25.0,)
    counted = THREE_TASKS if mixtures else tasks
    levels = len(NOISE_LEVELS) if mixtures else len(noise)
    epoch = epoch_steps(counted, REPETITION, batch=32, levels=levels)
    return DppdRecipe(
        model=MODEL,
        config=_with_prototypes("released", tasks),
        scale="paper",
        tasks=tasks,
        data="benchmarks",
        sets=ALL_IN_ONE_SETS,
        turns=REPETITION,
        noise=noise,
        augment="turned",
        patch=128,
        batch=32,
        steps=EPOCHS * epoch,
        steps_per_epoch=epoch,
        rate=2e-4,
        warmup=WARM_UP_EPOCHS * epoch,
        weight_decay=0.01,
        clip_norm=0.0,
        ema=0.0,
        precision="32-true",
    )


@paper_recipe(MODEL, "paper")
def dppd_paper(tasks: Tasks) -> DppdRecipe:
    """The same: the material says no more of training than that the loss is L_rec."""
    return replace(dppd_released(tasks), config=_with_prototypes("paper", tasks or THREE_TASKS))


@paper_recipe(MODEL, "composite")
def dppd_composite(tasks: Tasks) -> DppdRecipe:
    """The eleven mixtures of CDD-11, a prototype each, for as many steps as the three tasks get."""
    return dppd_released(tasks or COMPOSITE_TASKS)


@paper_recipe(MODEL, "composite-soft")
def dppd_composite_soft(tasks: Tasks) -> DppdRecipe:
    """The mixtures with four prototypes, one for each thing that is mixed, and soft shares."""
    soft = models.preset(MODEL, "composite-soft")
    return replace(dppd_composite(tasks), config=soft)


def _with_prototypes(preset: str, tasks: tuple[str, ...]) -> dict[str, Any]:
    return {**models.preset(MODEL, preset), "num_prototypes": len(tasks)}
