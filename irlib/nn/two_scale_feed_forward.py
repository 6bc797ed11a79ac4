"""AM-PromptIR's feed-forward layer: two window sizes that exchange halves of their channels."""

import torch
from torch import Tensor, nn

from irlib.nn.feed_forward import hidden_width
from irlib.nn.sparse_conv import sparse_conv


class TwoScaleFeedForward(nn.Module):
    r"""Depth-wise 3x3 and 5x5 branches; halves are exchanged, then channels meet in pairs.

    Equation: with :math:`u = P_{in} x` of 2h channels, :math:`[p_1, p_2] = \mathrm{ReLU}(D_3 * u)`
    and :math:`[q_1, q_2] = \mathrm{ReLU}(D_5 * u)`, the result is :math:`P_{out}
    [\mathrm{ReLU}(G_3 * [p_1, q_1]),\ \mathrm{ReLU}(G_5 * [p_2, q_2])]`. G has h groups of two
    neighbouring channels; where h is odd one group takes the last of p and the first of q. Nothing
    is multiplied: it is no gate (AM-PromptIR's released code). Taught in chapter 14.

    Args:
        dim: Channels.
        expansion: h over ``dim``, cut to an integer.
        bias: Whether the convolutions have a bias.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: float = 2.66, bias: bool = False) -> None:
        super().__init__()
        hidden = hidden_width(dim, expansion)
        double = 2 * hidden
        self.project_in = nn.Conv2d(dim, double, 1, bias=bias)
        self.depthwise3 = nn.Conv2d(double, double, 3, padding=1, groups=double, bias=bias)
        self.depthwise5 = nn.Conv2d(double, double, 5, padding=2, groups=double, bias=bias)
        self.pairs3 = nn.Conv2d(double, hidden, 3, padding=1, groups=hidden, bias=bias)
        self.pairs5 = nn.Conv2d(double, hidden, 5, padding=2, groups=hidden, bias=bias)
        self.project_out = nn.Conv2d(double, dim, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.project_in(x)  # (B, 2h, H, W)
        p1, p2 = sparse_conv(wide, self.depthwise3).relu_().chunk(2, dim=1)
        q1, q2 = sparse_conv(wide, self.depthwise5).relu_().chunk(2, dim=1)
        near = sparse_conv(torch.cat([p1, q1], dim=1), self.pairs3).relu_()  # (B, h, H, W)
        far = sparse_conv(torch.cat([p2, q2], dim=1), self.pairs5).relu_()
        return self.project_out(torch.cat([near, far], dim=1))
