"""What a training step computes, moves and keeps: counted on tensors that have shapes only.

On PyTorch's device "meta" a network of any size runs in a moment and fills no memory: every layer
says what shape it would return. What is counted is the network that trains here, not a formula for
it. Taught in chapter 23.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

#: Made without looking at a number, or only another way to look at the same ones.
_FREE = {
    "empty",
    "empty_like",
    "empty_strided",
    "new_empty",
    "_unsafe_view",
    "detach",
    "lift_fresh",
}


@dataclass(frozen=True)
class Work:
    """Work for one image.

    Attributes:
        operations: Floating-point operations of convolutions and matrix products, two for a
            multiplication and the addition that follows it.
        traffic: Bytes that layers read and write, in 32 bits, each layer by itself.
        kept: Bytes that wait in memory for the backward pass, in 32 bits.
        starts: Layers' operations that are started, each once for any number of images.
    """

    operations: float = 0.0
    traffic: float = 0.0
    kept: float = 0.0
    starts: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.operations + other.operations,
            self.traffic + other.traffic,
            self.kept + other.kept,
            self.starts + other.starts,
        )

    def __mul__(self, factor: float) -> "Work":
        return Work(*(factor * number for number in astuple(self)))


class _Traffic(TorchDispatchMode):
    """Counts operations, and adds up the bytes of what they are given and return."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = self.starts = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        returned = function(*args, **(kwargs or {}))
        name = function._schema.name.partition("::")[2]
        if not function.is_view and name not in _FREE:
            given = tree_leaves((args, kwargs, returned))
            self.bytes += sum(_own_bytes(x) for x in given if isinstance(x, Tensor))
            self.starts += 1
        return returned


def _own_bytes(x: Tensor) -> int:
    """Bytes of a tensor; along an expanded axis the same ones are read again, from a cache."""
    sides = zip(x.shape, x.stride(), strict=True)
    return x.element_size() * math.prod(size for size, stride in sides if stride)


def count(run: Callable[[], Tensor], batch: int, owners: Sequence[nn.Module] = ()) -> Work:
    """Counts a forward and, where the result has a gradient, a backward pass on "meta".

    The operations of a backward pass are not looked at, since PyTorch's counter takes gradients of
    depth-wise convolutions for those of dense ones. A layer whose weights learn costs two more
    passes, one for the gradient of its input and one for that of its weights; a frozen layer one.

    Args:
        run: Makes a tensor out of inputs that lie on "meta".
        batch: Images in these inputs.
        owners: Networks whose weights are not counted among what is kept.

    Returns:
        The work for one image.
    """
    kept: dict[int, tuple[int, Tensor]] = {}
    weights = {p.untyped_storage()._cdata for owner in owners for p in owner.parameters()}
    learning = any(p.requires_grad for owner in owners for p in owner.parameters())

    def keep(x: Tensor) -> Tensor:
        storage = x.untyped_storage()
        kept[storage._cdata] = (storage.nbytes(), x)  # with the tensor, lest its place be reused
        return x

    with _Traffic() as moved:
        with (
            FlopCounterMode(display=False) as computed,
            torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x),
        ):
            made = run()
        passes = 1
        if made.requires_grad:
            made.abs().mean().backward()
            passes = 3 if learning else 2
    waiting = sum(size for place, (size, _) in kept.items() if place not in weights)
    operations = passes * computed.get_total_flops()
    return Work(operations / batch, moved.bytes / batch, waiting / batch, moved.starts)


def count_forward(network: nn.Module, *given: Any, batch: int = 1) -> Work:
    """Counts a network's forward pass without gradients; network and inputs lie on "meta"."""
    with torch.no_grad():
        return count(lambda: network(*given), batch, [network])
