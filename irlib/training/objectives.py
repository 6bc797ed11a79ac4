"""What a training step minimises: from a batch to a loss, and the parts worth logging.

The loop knows nothing of losses. It hands the model and a batch to an objective, so a method with
four losses and three frozen judges trains in the same loop as a plain network.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from irlib.losses import losses
from irlib.models import MODELS

if TYPE_CHECKING:
    from irlib.data.by_position import PatchesByPosition
    from irlib.training.recipes import Recipe

#: The batch of a device: ``degraded``, ``target``, ``task``, and ``positive`` where asked for.
Batch = dict[str, Tensor]


class Objective:
    """What the loop asks of an objective; this one has no state and nothing to prepare.

    Attributes:
        columns: Names of the parts, further columns of ``metrics.csv``.
        facts: What the weights file must note beside the recipe.
        partial: Whether some steps leave parameters out, for which several devices must then look.
    """

    columns: tuple[str, ...] = ()
    partial = False

    @property
    def facts(self) -> dict[str, Any]:
        return {}

    def to(self, device: torch.device) -> None:
        """Moves whatever is frozen to the device that trains."""

    def start(self, network: nn.Module) -> None:
        """Gets to know the network, once, before the first step of a run or of its resumption."""

    def before_step(self, step: int, network: nn.Module) -> None:
        """Looks at the network before optimiser step ``step``; it must leave no trace in it."""

    def after_step(self, step: int, network: nn.Module) -> None:
        """Does what follows the optimiser's step, such as moving prototypes."""

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a micro-batch, and a scalar for each of :attr:`columns`.

        Args:
            model: The network as the loop has placed it.
            batch: On the device.
            step: Optimiser step, from 0.
        """
        raise TypeError(f"{type(self).__name__} does not say what it minimises")

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold so that a resumed run goes on alike; plain values."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what :meth:`state_dict` gave."""


class Reconstruction(Objective):
    """``loss(model(degraded), target)``: all that a plain network learns from.

    Args:
        loss: Name in :data:`irlib.losses.losses`.
    """

    def __init__(self, loss: str) -> None:
        self.loss = losses.get(loss)

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        return self.loss(model(batch["degraded"]), batch["target"]), {}


class ToldReconstruction(Reconstruction):
    """The same for a network that is told the degradation: in training, always the true one.

    Args:
        loss: Name in :data:`irlib.losses.losses`.
        tasks: Names behind the numbers in a batch's ``task``, in the data's order.
    """

    def __init__(self, loss: str, tasks: Sequence[str]) -> None:
        super().__init__(loss)
        self.tasks = tuple(tasks)

    def start(self, network: nn.Module) -> None:
        network.check_tasks(self.tasks)
        self.told = network.told

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        told = self.told([self.tasks[number] for number in batch["task"].tolist()])
        return self.loss(model(batch["degraded"], told), batch["target"]), {}


#: Makes the objective of a recipe on some data.
Opener = Callable[["Recipe", "PatchesByPosition"], Objective]
_OPENERS: dict[str, Opener] = {}


def objective_of(model: str) -> Callable[[Opener], Opener]:
    """Returns a decorator that enters what a model with losses of its own minimises."""

    def enter(opener: Opener) -> Opener:
        _OPENERS[model] = opener
        return opener

    return enter


def open_objective(recipe: "Recipe", data: "PatchesByPosition") -> Objective:
    """The objective of a recipe that needs no other trained network.

    Args:
        recipe: What to compute.
        data: Its samples; ``data.tasks`` names the tasks.

    Raises:
        UsageError: A network that must be told the task, on data whose tasks it does not know.
    """
    if recipe.model in _OPENERS:
        return _OPENERS[recipe.model](recipe, data)
    if MODELS.get(recipe.model).needs_task:
        return ToldReconstruction(recipe.loss, data.tasks)
    return Reconstruction(recipe.loss)
