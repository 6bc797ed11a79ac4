"""Exponential moving average of the weights, and of what batch norms have seen."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_STATISTICS = ("running_mean", "running_var")


class MovingAverage:
    """Keeps ``average = decay * average + (1 - decay) * weights`` over optimiser steps.

    The decay starts low, ``(1 + t) / (10 + t)`` at step ``t``, so that early averages are not held
    back by the random initial weights. Running statistics of batch norms are averaged alike: those
    of the last few batches belong to the last weights, not to the average.

    Args:
        network: The module whose parameters are followed.
        decay: Final decay in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay, self.step = decay, 0
        self.weights = {name: tensor.clone() for name, tensor in _followed(network)}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Moves the average towards the current weights of ``network``."""
        self.step += 1
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        current = [tensor for _, tensor in _followed(network)]
        torch._foreach_lerp_(list(self.weights.values()), current, 1 - decay)

    def state_dict(self) -> dict[str, Tensor | int]:
        """The average and its step count."""
        return {"step": self.step, **{f"weights.{k}": v for k, v in self.weights.items()}}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        """Restores what :meth:`state_dict` gave."""
        self.step = int(state["step"])
        for name, value in self.weights.items():
            value.copy_(state[f"weights.{name}"])


def _followed(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yields every parameter and every batch norm's running statistics, detached."""
    for name, parameter in network.named_parameters():
        yield name, parameter.detach()
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            for kind in _STATISTICS:
                yield f"{name}.{kind}".lstrip("."), getattr(module, kind)
