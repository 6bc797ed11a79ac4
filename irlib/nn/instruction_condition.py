"""How an instruction steers a network: channels are opened and shut by what was said."""

import torch
from torch import Tensor, nn

from irlib.nn.naf_block import NafBlock


class InstructionCondition(nn.Module):
    r"""Instruction condition block (ICB): gates channels by a vector of text, then transforms them.

    Equation: :math:`g = \sigma(W e + b)`, :math:`f = (x \odot s + t) \odot g` and
    :math:`\mathrm{out} = \mathrm{NAFBlock}(f) + x`, with scale s and shift t that begin at zero, so
    that a fresh block is the identity and the text is not heard yet (InstructIR, ECCV 2024, and
    the released code, where s and t are called gamma and beta). The NAFBlock keeps its own
    residual, so f is added too. Taught in chapter 17.

    Args:
        dim: Channels.
        text_dim: Length of the text vector.

    Shape: (B, dim, H, W), and (B, text_dim) or (1, text_dim) for all, to (B, dim, H, W).
    """

    def __init__(self, dim: int, text_dim: int) -> None:
        super().__init__()
        self.open = nn.Linear(text_dim, dim)
        self.scale = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.shift = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.block = NafBlock(dim)

    def gate(self, text: Tensor) -> Tensor:
        """Returns how far each channel is open, (B, dim) in (0, 1)."""
        return self.open(text).sigmoid()

    def gated(self, x: Tensor, text: Tensor) -> Tensor:
        """Returns f, the channels that the text lets through, (B, dim, H, W)."""
        gate = self.gate(text)[:, :, None, None]
        # The small factors first: the map is then read once and written once.
        scale, shift = ((factor * gate).to(x.dtype) for factor in (self.scale, self.shift))
        return torch.addcmul(shift, x, scale)

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        return self.block(self.gated(x, text)) + x
