"""What AirNet minimises: contrast with a queue, alone at first and then beside the restoration.

Taught in chapter 12.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from irlib.losses import losses
from irlib.losses.degradation_contrast import gather_over_ranks
from irlib.losses.momentum_contrast import momentum_contrast
from irlib.nn.momentum_keys import MomentumKeys
from irlib.training.airnet_recipes import MODEL, AirNetRecipe
from irlib.training.objectives import Batch, Objective, objective_of


class AirNetObjective(Objective):
    """``L_cl``, and after the recipe's first phase ``L_rec + weight * L_cl``.

    Key encoder and queue are the network's own where it has them, and otherwise the objective's:
    what only training needs then stays in the checkpoint and out of the weights. The key encoder
    follows before each step; the codes of a step, of all devices in the order of their samples,
    enter the queue after it.

    Args:
        recipe: Phases, weight, queue, momentum and temperature.
    """

    columns = ("rec", "cl")
    partial = True

    def __init__(self, recipe: AirNetRecipe) -> None:
        self.recipe = recipe
        self.rec = losses.get(recipe.loss)
        self.keys: MomentumKeys | None = None
        self._own, self._kept = True, {}
        self._waiting: list[Tensor] = []

    def start(self, network: nn.Module) -> None:
        self._own = network.contrast is None
        device = next(network.parameters()).device
        if self._own:
            self.keys = MomentumKeys(
                network.encoder,
                self.recipe.queue,
                network.code_size,
                generator=torch.Generator().manual_seed(self.recipe.seed),
            ).to(device)
            if self._kept:
                self.keys.load_state_dict(self._kept)
        else:
            self.keys = network.contrast
        self.keys.train().momentum = self.recipe.momentum
        self.device = device

    def before_step(self, step: int, network: nn.Module) -> None:
        self.keys.follow(network.encoder)
        self._waiting.clear()

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        alone = step < self.recipe.contrast_steps
        with self._autocast():
            key = self.keys.keys(batch["positive"])
        self._waiting.append(key)
        made = model(batch["degraded"], "code" if alone else "both")
        code = made if alone else made[1]
        contrast = momentum_contrast(code, key, self.keys.queue, self.recipe.temperature)
        if alone:
            # There is nothing restored to compare.
            return contrast, {"rec": contrast.detach() * torch.nan, "cl": contrast}
        rec = self.rec(made[0], batch["target"])
        return rec + self.recipe.contrast_weight * contrast, {"rec": rec, "cl": contrast}

    def after_step(self, step: int, network: nn.Module) -> None:
        self.keys.enqueue(torch.cat([gather_over_ranks(key) for key in self._waiting]))

    def state_dict(self) -> dict[str, Any]:
        return dict(self.keys.state_dict()) if self._own else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._kept = state

    def _autocast(self) -> AbstractContextManager:
        """The precision that the loop gives the network, which is not asked here."""
        from irlib.training.placement import fast_precision

        precision = fast_precision(self.recipe.precision, self.device.type)
        half = torch.float16 if precision == "16-mixed" else torch.bfloat16
        return torch.autocast(self.device.type, half, enabled=precision.endswith("mixed"))


@objective_of(MODEL)
def _(recipe: AirNetRecipe, data: object) -> AirNetObjective:
    return AirNetObjective(recipe)
