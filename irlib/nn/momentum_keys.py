"""The slow side of momentum contrast: an encoder that follows another, and a queue of its codes."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.errors import UsageError


class MomentumKeys(nn.Module):
    """An encoder that follows another one slowly, and the last codes that it gave.

    Contrast needs many negatives, more than a batch holds. The queue keeps codes of earlier
    batches; they stay comparable because the encoder that made them hardly moves. Only training
    needs it. Source: He and others, "Momentum Contrast", CVPR 2020, as AirNet uses it. Taught in
    chapter 12.

    Args:
        encoder: The one to follow; a copy of it is made. Its output has a ``code``.
        length: Codes that the queue keeps. Any batch up to that size will do.
        size: Numbers of a code.
        momentum: Share of its own parameters that a step keeps.
        generator: For the random codes that fill the queue at first; by default PyTorch's own.

    Raises:
        UsageError: A queue of less than one code, or a momentum outside [0, 1].
    """

    def __init__(
        self,
        encoder: nn.Module,
        length: int,
        size: int,
        momentum: float = 0.999,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if length < 1 or not 0 <= momentum <= 1:
            raise UsageError(
                f"the queue's length is {length} and the momentum {momentum}; expected 1 or more, "
                "and a number from 0 to 1."
            )
        self.momentum = momentum
        self.encoder = copy.deepcopy(encoder).requires_grad_(False)
        codes = torch.randn(size, length, generator=generator)
        self.register_buffer("queue", F.normalize(codes, dim=0))  # a column is a code
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.int64))

    @torch.no_grad()
    def follow(self, encoder: nn.Module) -> None:
        """Moves the parameters a little towards those of ``encoder``; running statistics stay."""
        own, other = list(self.encoder.parameters()), list(encoder.parameters())
        torch._foreach_mul_(own, self.momentum)
        torch._foreach_add_(own, [p.detach() for p in other], alpha=1 - self.momentum)

    @torch.no_grad()
    def keys(self, images: Tensor) -> Tensor:
        """Codes of length one, without gradient: (B, C, H, W) to (B, size)."""
        return F.normalize(self.encoder(images).code.float(), dim=1)

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Puts the codes (B, size) in the place of the oldest ones.

        Raises:
            UsageError: More codes than the queue holds.
        """
        length = self.queue.shape[1]
        if len(keys) > length:
            raise UsageError(
                f"a batch of {len(keys)} codes does not fit into a queue of {length}; choose a "
                "longer queue or a smaller batch."
            )
        places = (self.pointer + torch.arange(len(keys), device=keys.device)) % length
        self.queue[:, places] = keys.t().to(self.queue.dtype)
        self.pointer[0] = (int(self.pointer) + len(keys)) % length
