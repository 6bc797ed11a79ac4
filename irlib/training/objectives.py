"""What a training step minimises: from a batch to a loss, and the parts worth logging.

The loop knows nothing of losses. It hands the model and a batch to an objective, so a method with
four losses and three frozen judges trains in the same loop as a plain network.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from irlib.losses import losses

#: The batch of a device: ``degraded``, ``target``, ``task``, and ``positive`` where asked for.
Batch = dict[str, Tensor]


class Objective:
    """What the loop asks of an objective; this one has no state and nothing to prepare.

    Attributes:
        columns: Names of the parts, further columns of ``metrics.csv``.
        facts: What the weights file must note beside the recipe.
    """

    columns: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        return {}

    def to(self, device: torch.device) -> None:
        """Moves whatever is frozen to the device that trains."""

    def before_step(self, step: int, network: nn.Module) -> None:
        """Looks at the network before optimiser step ``step``; it must leave no trace in it."""

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
