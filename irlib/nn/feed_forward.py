"""The gated feed-forward layer of a Restormer block."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.channel_parts import channel_parts, channel_range, slice_width


def hidden_width(dim: int, expansion: float) -> int:
    """Returns the hidden width of :class:`GatedFeedForward`: the product, cut to an integer."""
    return int(dim * expansion)


class _GeluGate(torch.autograd.Function):
    """GELU(a) times b; keeps a and b only and computes GELU(a) again for the gradient."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, content: Tensor) -> Tensor:
        ctx.save_for_backward(gate, content)
        return F.gelu(gate).mul_(content)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        gate, content = ctx.saved_tensors
        to_gate = torch.ops.aten.gelu_backward(gradient * content, gate)
        return to_gate, F.gelu(gate).mul_(gradient)


def gelu_gate(gate: Tensor, content: Tensor) -> Tensor:
    r"""Returns :math:`\mathrm{GELU}(a) \odot b` with the exact (erf) GELU.

    Without gradients no third map is made; with them none is kept.

    Args:
        gate: a, any shape.
        content: b, the same shape.
    """
    if torch.is_grad_enabled() and (gate.requires_grad or content.requires_grad):
        return _GeluGate.apply(gate, content)
    return F.gelu(gate).mul_(content)


class GatedFeedForward(nn.Module):
    r"""Gated-DConv feed-forward network (GDFN), Restormer section 3.2.

    Equation: :math:`[a, b] = D * (P_{in} x)` and :math:`y = P_{out}(\mathrm{GELU}(a) \odot b)`,
    with a depth-wise 3x3 convolution D and the exact (erf) GELU. Taught in chapter 04.

    Args:
        dim: Channels.
        expansion: Hidden width over ``dim`` (2.66 in the paper).
        bias: Whether the three convolutions have a bias.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: float = 2.66, bias: bool = False) -> None:
        super().__init__()
        hidden = hidden_width(dim, expansion)
        self.project_in = nn.Conv2d(dim, 2 * hidden, 1, bias=bias)
        self.depthwise = nn.Conv2d(
            2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=bias
        )
        self.project_out = nn.Conv2d(hidden, dim, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        convs = (self.project_in, self.depthwise)
        width = slice_width(x)
        if torch.is_grad_enabled() or x.device.type != "cpu" or width >= self.hidden:
            return self.project_out(gelu_gate(*channel_parts(x, convs, 2)))
        return self._in_slices(x, width)

    @property
    def hidden(self) -> int:
        """Hidden width."""
        return self.project_out.in_channels

    def _in_slices(self, x: Tensor, width: int) -> Tensor:
        """The same with only ``width`` hidden channels in memory at a time; without gradients."""
        convs = (self.project_in, self.depthwise)
        result, bias = None, self.project_out.bias
        for start in range(0, self.hidden, width):
            stop = min(start + width, self.hidden)
            gate = channel_range(x, convs, start, stop)
            content = channel_range(x, convs, self.hidden + start, self.hidden + stop)
            gated = gelu_gate(gate, content)
            part = F.conv2d(gated, self.project_out.weight[:, start:stop], bias)
            result, bias = part if result is None else result.add_(part), None
        return result
