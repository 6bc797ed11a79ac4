"""gUNet's residual block: a depth-wise convolution that a sigmoid of the same features gates."""

from math import sqrt

from torch import Tensor, nn

from irlib.nn.precision import full_precision


class GatedConvBlock(nn.Module):
    r"""Batch norm, then a gated depth-wise convolution, added to what came in.

    Equation: :math:`x + W_o\,[(D_k * (W_v u)) \odot \sigma(W_g u)]` with
    :math:`u = \mathrm{BN}(x)`; the depth-wise :math:`D_k` mirrors its input at the borders, all
    convolutions have biases. Source: gUNet ("Rethinking Performance Gains in Image Dehazing
    Networks", 2022), as PIVPNet's released code uses it. Taught in chapter 16.

    The first weights are small enough for a deep stack of such blocks: in a network of N of them,
    truncated normal with :math:`(8N)^{-1/4}\sqrt{2 / (\mathrm{fan_{in}} + \mathrm{fan_{out}})}` for
    the standard deviation; biases start at zero.

    Args:
        dim: Channels.
        kernel_size: Side of the depth-wise kernel, odd.
        network_blocks: N of the first weights.

    Shape: (B, dim, H, W) to the same; H and W above half a kernel.
    """

    def __init__(self, dim: int, kernel_size: int = 5, network_blocks: int = 64) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(dim)
        self.value = nn.Conv2d(dim, dim, 1)
        self.depthwise = nn.Conv2d(
            dim, dim, kernel_size, padding=kernel_size // 2, padding_mode="reflect", groups=dim
        )
        self.gate = nn.Conv2d(dim, dim, 1)
        self.project_out = nn.Conv2d(dim, dim, 1)
        for conv in (self.value, self.depthwise, self.gate, self.project_out):
            nn.init.trunc_normal_(conv.weight, std=first_std(conv, network_blocks))
            nn.init.zeros_(conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        gated = self._filtered(self.value(normed)) * self.gate(normed).sigmoid()
        return x + self.project_out(gated)

    def _filtered(self, value: Tensor) -> Tensor:
        """The depth-wise convolution; where a CPU works in bf16, in the precision of its weights.

        Its gradient takes a CPU about four times as long in bf16.
        """
        if value.device.type != "cpu":
            return self.depthwise(value)
        with full_precision(value):
            return self.depthwise(value.to(self.depthwise.weight.dtype)).to(value.dtype)


def first_std(conv: nn.Conv2d, network_blocks: int) -> float:
    """Returns the standard deviation that a convolution's weights start with.

    Args:
        conv: One of a :class:`GatedConvBlock`.
        network_blocks: Blocks of the whole network.
    """
    outputs, inputs, height, width = conv.weight.shape
    fans = (inputs + outputs) * height * width  # a depth-wise kernel has one input
    return (8 * network_blocks) ** -0.25 * sqrt(2 / fans)
