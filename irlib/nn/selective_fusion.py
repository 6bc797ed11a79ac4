"""Choosing, channel by channel, between two feature maps."""

from torch import Tensor, nn

from irlib.nn.channel_mean import ChannelMean

NARROWING = 8
LEAST_HIDDEN = 4


class SelectiveFusion(nn.Module):
    r"""Selective-kernel fusion (SK): weighs two maps by what the mean of their sum suggests.

    Equation: :math:`z = A_2\,\mathrm{ReLU}(A_1\,\mathrm{mean}_{h,w}(u_1 + u_2))`, the first half of
    z belonging to :math:`u_1`; :math:`\alpha u_1 + (1 - \alpha) u_2` with :math:`\alpha` of each
    channel from a softmax over its two numbers. Source: gUNet, as in PIVPNet's released code.
    Taught in chapter 16.

    Args:
        dim: Channels.

    Shape: twice (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        hidden = max(dim // NARROWING, LEAST_HIDDEN)
        self.mean = ChannelMean()
        self.squeeze = nn.Conv2d(dim, hidden, 1, bias=False)
        self.excite = nn.Conv2d(hidden, 2 * dim, 1, bias=False)

    def weights(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the share of each map, (B, 2, dim, 1, 1), summing to 1 over the two."""
        scores = self.excite(self.squeeze(self.mean(first + second)).relu())
        return scores.unflatten(1, (2, -1)).softmax(dim=1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        share = self.weights(first, second)[:, 0].to(first.dtype)
        return second + share * (first - second)  # equal maps stay as they are, to the bit
