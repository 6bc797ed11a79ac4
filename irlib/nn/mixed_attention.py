"""AM-PromptIR's attention without a softmax: convolutions beside a gate made of two strips."""

import torch
from torch import Tensor, nn


class StripGate(nn.Module):
    r"""Scales a map by a gate that is seen from its row means and its column means.

    Equation: :math:`g = \sigma(W_2\,\mathrm{ReLU}(W_1 (K_{3\times1} * \mathrm{mean}_W x +
    K_{1\times3} * \mathrm{mean}_H x)))` and :math:`x \odot g` (AM-PromptIR's released code). Every
    value depends on its whole row and column, so tiles are not the whole image. Taught in chapter
    14.

    Args:
        dim: Channels C.
        expansion: Channels between the convolutions over C; the authors take 3.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: int = 3) -> None:
        super().__init__()
        hidden = expansion * dim
        self.rows = nn.Conv2d(dim, hidden, (3, 1), padding=(1, 0))
        self.columns = nn.Conv2d(dim, hidden, (1, 3), padding=(0, 1))
        self.fuse = nn.Conv2d(hidden, hidden, 1)
        self.excite = nn.Conv2d(hidden, dim, 1)

    def gate(self, x: Tensor) -> Tensor:
        """Returns what :meth:`forward` multiplies by: (B, dim, H, W), between 0 and 1."""
        rows = self.rows(x.mean(dim=3, keepdim=True))  # (B, hidden, H, 1)
        columns = self.columns(x.mean(dim=2, keepdim=True))  # (B, hidden, 1, W)
        # A 1x1 convolution of a sum is the sum of two, each over one strip instead of the map.
        fused = self.fuse(rows) + nn.functional.conv2d(columns, self.fuse.weight)
        return self.excite(fused.relu_()).sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class MixedAttention(nn.Module):
    r"""Simplified mixed attention (SMAM): a local path and a strip gate, joined.

    Equation: :math:`W [K_{3\times3} * \mathrm{ReLU}(W_1 x),\ x \odot g(x)]` with the gate of
    :class:`StripGate` (AM-PromptIR's released code). Simple means: no softmax, no heads. It has
    fourteen to seventeen times the parameters of the transposed attention that it replaces. Taught
    in chapter 14.

    Args:
        dim: Channels C.
        bias: Whether the joining convolution has a bias; all others always have one.
        local_expansion: Channels of the local path over C; the authors take 2.
        strip_expansion: As in :class:`StripGate`; the authors take 3.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(
        self, dim: int, bias: bool = False, local_expansion: int = 2, strip_expansion: int = 3
    ) -> None:
        super().__init__()
        local = local_expansion * dim
        self.local_in = nn.Conv2d(dim, local, 1)
        self.local_out = nn.Conv2d(local, local, 3, padding=1)
        self.strips = StripGate(dim, strip_expansion)
        self.project_out = nn.Conv2d(local + dim, dim, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        local = self.local_out(self.local_in(x).relu_())
        return self.project_out(torch.cat([local, self.strips(x)], dim=1))
