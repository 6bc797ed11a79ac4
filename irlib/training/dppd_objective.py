"""What DPPD, as we read it, minimises, and the life of its prototypes. Taught in chapter 13.

Prototypes are no parameters: no gradient finds them. They begin as random points; after a warm-up
K-means finds them among the last embeddings; then each follows its members slowly, and one without
members gets another place; towards the end they rest. All of this happens after the optimiser's
step, on the embeddings of the whole step: with several devices every one gets those of all.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F

from irlib.data.by_position import PatchesByPosition
from irlib.data.seeding import generator_for
from irlib.errors import UsageError
from irlib.losses import losses
from irlib.metrics.prompt_use import (
    active_prototypes,
    assignment_table,
    attention_entropy,
    purity,
)
from irlib.nn.dynamic_prompt import PromptUse
from irlib.nn.k_means import k_means
from irlib.nn.prompt_distribution import variance_prior
from irlib.training.dppd_recipes import MODEL, DppdRecipe
from irlib.training.objectives import Batch, Objective, objective_of

MEASURES = ("spread", "active", "purity", "entropy")
WINDOW = 256  # images that purity and active prototypes are counted over, on each device


class DppdObjective(Objective):
    """The reconstruction loss alone, or with the three options of the recipe.

    Noise is drawn here, from a generator of seed, step and device, so that a resumed run draws the
    same. Logged for each prompt module: mean spread, prototypes in use, purity against the tasks
    (which nothing learns from), and how even attention is.

    Args:
        recipe: Life of the prototypes and weights of the options.
        kinds: Number of tasks in the data, for the purity.
    """

    def __init__(self, recipe: DppdRecipe, kinds: int) -> None:
        self.recipe, self.kinds = recipe, kinds
        self.rec = losses.get(recipe.loss)
        self.options = bool(recipe.anchoring or recipe.variance_prior or recipe.labels)
        self.names: tuple[str, ...] = ()
        self.device = torch.device("cpu")
        if recipe.config.get("use_prompts", True):
            self.names = ("pm3", "pm2", "pm1")
        #: Modules with prototypes of their own, whose lives are led here.
        self.assigning = self.names[:1] if recipe.config.get("shared") else self.names
        self.lively = recipe.config.get("origin", "k-means") == "k-means"
        self.queue: Tensor | None = None
        self.step_embeddings: list[Tensor] = []
        self.assigned: deque[tuple[Tensor, Tensor]] = deque()

    @property
    def columns(self) -> tuple[str, ...]:
        measures = tuple(f"{measure}_{name}" for name in self.names for measure in MEASURES)
        return ("rec", *measures) if self.options else measures

    def to(self, device: torch.device) -> None:
        self.device = device

    def start(self, network: nn.Module) -> None:
        self.network = network
        if self.recipe.labels and self.names:
            self._check_labels(len(network.pm3.prototypes.prototypes))

    def before_step(self, step: int, network: nn.Module) -> None:
        self.generator = generator_for("dppd noise", self.recipe.seed, step, _rank())

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        degraded, target = batch["degraded"], batch["target"]
        if not self.names:
            return self.rec(model(degraded), target), {}
        noise = self.network.draw_noise(self.generator, len(degraded))
        restored, uses = model(degraded, return_prompts=True, noise=noise)
        rec = self.rec(restored, target)
        self.step_embeddings.append(
            torch.stack(
                [uses[name].assignment.embedding.detach() for name in self.assigning], dim=1
            )
        )
        measures = self._measures(uses, batch["task"])
        if not self.options:
            return rec, measures
        return rec + self._optional(uses, batch["task"]), {"rec": rec, **measures}

    def _optional(self, uses: Mapping[str, PromptUse], tasks: Tensor) -> Tensor:
        """Anchoring, from when prototypes mean something, labels, and the prior on variances."""
        total = torch.zeros((), device=uses["pm3"].mean.device)
        for name, module in self.network.prompt_modules().items():
            found = uses[name].assignment
            if self.recipe.anchoring and name in self.assigning:
                nearest = found.distances.amin(dim=1).mean()
                total = total + self.recipe.anchoring * nearest * module.prototypes.ready
            if self.recipe.labels and name in self.assigning:
                scores = -found.distances / module.prototypes.temperature
                total = total + self.recipe.labels * F.cross_entropy(scores, tasks)
            if self.recipe.variance_prior:
                prior = variance_prior(module.distribution, found.prototypes)
                total = total + self.recipe.variance_prior * prior
        return total

    def _check_labels(self, prototypes: int) -> None:
        """Labels need a prototype each, and one whose number means something."""
        if self.lively:
            raise UsageError(
                f"labels is {self.recipe.labels}, but K-means numbers prototypes as it finds them. "
                "Choose origin='anchors' or 'learned' in config, or labels=0."
            )
        if prototypes < self.kinds:
            raise UsageError(
                f"{self.kinds} tasks have labels but there are {prototypes} prototypes; give "
                "num_prototypes in config, one a task."
            )

    @torch.no_grad()
    def _measures(self, uses: Mapping[str, PromptUse], tasks: Tensor) -> dict[str, Tensor]:
        nearest = torch.stack([uses[name].assignment.nearest for name in self.names])
        self.assigned.append((nearest, tasks))
        while len(self.assigned) > 1 and (len(self.assigned) - 1) * len(tasks) >= WINDOW:
            self.assigned.popleft()
        nearest = torch.cat([chosen for chosen, _ in self.assigned], dim=1)
        labels = torch.cat([kinds for _, kinds in self.assigned])
        found = {}
        for name, chosen in zip(self.names, nearest, strict=True):
            use = uses[name]
            table = assignment_table(chosen, labels, use.assignment.shares.shape[1], self.kinds)
            found[f"spread_{name}"] = use.spread.mean()
            found[f"active_{name}"] = active_prototypes(table)
            found[f"purity_{name}"] = purity(table)
            found[f"entropy_{name}"] = attention_entropy(use.attention)
        return found

    @torch.no_grad()
    def after_step(self, step: int, network: nn.Module) -> None:
        if not self.names or not self.lively:
            self.step_embeddings = []
            return
        # (N, modules, d) of all micro-batches and devices
        embeddings = _of_all_devices(torch.cat(self.step_embeddings))
        self.step_embeddings = []
        done, recipe = step + 1, self.recipe
        resting = done > recipe.prototypes_until * recipe.steps
        ready = bool(network.pm3.prototypes.ready)
        if not ready:
            self._wait(embeddings, done, network)
        elif not resting:
            for index, name in enumerate(self.assigning):
                generator = generator_for("dppd idle prototypes", recipe.seed, step, name)
                getattr(network, name).prototypes.follow(
                    embeddings[:, index], generator, pull=recipe.pull, patience=recipe.patience
                )

    def _wait(self, embeddings: Tensor, done: int, network: nn.Module) -> None:
        """Fills the queue; K-means runs when it is time and enough are there, or at the last."""
        recipe, number = self.recipe, len(network.pm3.prototypes.prototypes)
        waiting = [embeddings] if self.queue is None else [self.queue, embeddings]
        self.queue = torch.cat(waiting)[-recipe.queue :]
        enough = len(self.queue) >= min(recipe.per_prototype * number, recipe.queue)
        due = done >= recipe.prototypes_from * recipe.steps and enough
        last = done >= recipe.prototypes_until * recipe.steps and len(self.queue) >= number
        if not (due or last):
            return
        for index, name in enumerate(self.assigning):
            generator = generator_for("dppd k-means", recipe.seed, name)
            found = k_means(self.queue[:, index], number, generator).centroids.contiguous()
            if _shared():
                # Devices may round differently, and one point more on a side can move a centroid.
                distributed.broadcast(found, src=0)
            getattr(network, name).prototypes.begin(found)
        self.queue = None

    def state_dict(self) -> dict[str, Any]:
        return {"queue": self.queue, "assigned": list(self.assigned)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.queue = None if state["queue"] is None else state["queue"].to(self.device)
        self.assigned = deque(
            tuple(part.to(self.device) for part in pair) for pair in state["assigned"]
        )


@objective_of(MODEL)
def _open(recipe: DppdRecipe, data: PatchesByPosition) -> DppdObjective:
    return DppdObjective(recipe, max(len(data.tasks), 1))


def _shared() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _rank() -> int:
    return distributed.get_rank() if _shared() else 0


def _of_all_devices(rows: Tensor) -> Tensor:
    """Puts the rows of all devices below one another, in the order of the devices."""
    if not _shared():
        return rows
    parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, rows.contiguous())
    return torch.cat(parts)
