"""The gated feed-forward layer of a Restormer block."""

from torch import Tensor, nn
from torch.nn import functional as F


def hidden_width(dim: int, expansion: float) -> int:
    """Returns the hidden width of :class:`GatedFeedForward`: the product, cut to an integer."""
    return int(dim * expansion)


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
        gate, content = self.depthwise(self.project_in(x)).chunk(2, dim=1)
        return self.project_out(F.gelu(gate) * content)
