"""Exponential moving average of the weights."""

import torch
from torch import Tensor, nn


class MovingAverage:
    """Keeps ``average = decay * average + (1 - decay) * weights`` over optimiser steps.

    The decay starts low, ``(1 + t) / (10 + t)`` at step ``t``, so that early averages are not held
    back by the random initial weights.

    Args:
        network: The module whose parameters are followed.
        decay: Final decay in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay, self.step = decay, 0
        self.weights = {name: p.detach().clone() for name, p in network.named_parameters()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Moves the average towards the current weights of ``network``."""
        self.step += 1
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        current = [p.detach() for p in network.parameters()]
        torch._foreach_lerp_(list(self.weights.values()), current, 1 - decay)

    def state_dict(self) -> dict[str, Tensor | int]:
        """The average and its step count."""
        return {"step": self.step, **{f"weights.{k}": v for k, v in self.weights.items()}}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        """Restores what :meth:`state_dict` gave."""
        self.step = int(state["step"])
        for name, value in self.weights.items():
            value.copy_(state[f"weights.{name}"])
