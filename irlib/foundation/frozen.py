"""A network that others look through but never train."""

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.foundation.sources import Source

IDENTITY_LENGTH = 16


class Frozen(nn.Module):
    """Holds a network in evaluation mode, without gradients, out of sight of its owner.

    A module that has a frozen one as attribute does not see its weights: they are absent from
    ``parameters()`` (and so from any optimiser), from ``state_dict()`` and from parameter counts.
    ``.to(device)`` and ``.float()`` on the owner still reach them, and ``.train()`` does not.
    Gradients do flow *through* it to its inputs.

    Args:
        network: The network to hold; it is changed in place.
        source: Where its weights come from.
        tag: Whatever else decides its outputs, such as "QuickGELU"; part of :attr:`identity`.
    """

    def __init__(self, network: nn.Module, source: Source, tag: str = "") -> None:
        super().__init__()
        # A tuple is not looked into by nn.Module, so the network is no child.
        self._hidden = (network.eval().requires_grad_(False),)
        self.source = source
        self._tag = tag
        self._identity: str | None = None

    @property
    def network(self) -> nn.Module:
        """The network itself, as its library built it."""
        return self._hidden[0]

    @property
    def identity(self) -> str:
        """Start of the SHA-256 over names, shapes and values of the weights, as hex digits.

        Equal for equal weights whatever file or layout they came from.
        """
        if self._identity is None:
            self._identity = identity_of(self.network.state_dict(), self._tag)
        return self._identity

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return next(self.network.parameters()).device

    def train(self, mode: bool = True) -> "Frozen":
        """Stays in evaluation mode, whatever is asked."""
        self.training = False
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Frozen":
        super()._apply(fn, recurse)
        self.network._apply(fn, recurse)
        return self

    def extra_repr(self) -> str:
        count = sum(p.numel() for p in self.network.parameters())
        return f"{self.source}, {count:,} frozen parameters"


def identity_of(state: dict[str, Tensor], tag: str = "") -> str:
    """The hash behind :attr:`Frozen.identity`, of any state dictionary."""
    digest = hashlib.sha256(tag.encode())
    for name in sorted(state):
        tensor = state[name].detach().to("cpu", torch.float32).contiguous()
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy())
    return digest.hexdigest()[:IDENTITY_LENGTH]


def check_images(images: Tensor, user: str) -> None:
    """Refuses anything but a float batch (B, 3, H, W).

    Raises:
        UsageError: Another shape or an integer type.
    """
    given: Any = getattr(images, "shape", type(images).__name__)
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != 3:
        raise UsageError(
            f"{user} was given {tuple(given) if not isinstance(given, str) else given}; expected a "
            "batch of RGB images (B, 3, H, W) in [0, 1]. Add the batch axis to a single image with "
            "image[None]."
        )
    if not images.is_floating_point():
        raise UsageError(
            f"{user} was given images of type {images.dtype}; expected floats in [0, 1]. Divide "
            "8-bit images by 255."
        )
