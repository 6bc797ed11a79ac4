"""Halving and doubling the size of feature maps without losing a value."""

from torch import Tensor, nn


class Downsample(nn.Module):
    """Half the size, twice the channels: a 3x3 convolution to C/2, then pixel-unshuffle.

    Source: Restormer's released code, which has no bias.
    Shape: (B, C, H, W) to (B, 2C, H/2, W/2); C, H, W even.
    """

    def __init__(self, dim: int, bias: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim // 2, 3, padding=1, bias=bias)
        self.rearrange = nn.PixelUnshuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.rearrange(self.conv(x))


class Upsample(nn.Module):
    """Twice the size, half the channels: a 3x3 convolution to 2C, then pixel-shuffle.

    Source: Restormer's released code, which has no bias.
    Shape: (B, C, H, W) to (B, C/2, 2H, 2W); C even.
    """

    def __init__(self, dim: int, bias: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, 2 * dim, 3, padding=1, bias=bias)
        self.rearrange = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.rearrange(self.conv(x))
