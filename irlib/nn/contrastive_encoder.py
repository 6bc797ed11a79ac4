"""AirNet's encoder: a map of the degradation on the way to a code of it."""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.1


class Encoded(NamedTuple):
    """What the encoder says of an image.

    Attributes:
        degradation: The degradation map, (B, dim, H, W): all that restoring needs.
        pooled: (B, 4 dim), the deepest features' means.
        code: (B, 4 dim), for the contrastive loss; not of length one.
    """

    degradation: Tensor
    pooled: Tensor
    code: Tensor


class NormResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a 1x1 convolution, each with batch norm, and a LeakyReLU.

    Args:
        in_dim: Channels that enter.
        dim: Channels that leave.
        stride: Of the first convolution and of the one beside.

    Shape: (B, in_dim, H, W) to (B, dim, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, in_dim: int, dim: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(in_dim, dim, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(dim)
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(dim)
        self.skip = nn.Conv2d(in_dim, dim, 1, bias=False)
        self.norm_skip = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        # The 1x1 convolution has its stride in front of it, for the reason given in
        # irlib.nn.degradation_code: the same numbers, and a safe backward pass.
        kept = x[..., :: self.stride, :: self.stride]
        inner = F.leaky_relu(self.norm1(self.conv1(x)), SLOPE)
        return F.leaky_relu(self.norm2(self.conv2(inner)) + self.norm_skip(self.skip(kept)), SLOPE)


class ContrastiveEncoder(nn.Module):
    """A degraded image to its degradation map, and on to the code that contrast is learned on.

    The map is the first stage's output, at full size; the stages behind it only serve the loss.
    Source: AirNet (CVPR 2022), as its code has it. Taught in chapter 12.

    Args:
        in_channels: Channels of the image.
        dim: Channels of the map; the stages behind it have two and four times as many.

    Shape: (B, in_channels, H, W) to :class:`Encoded`, any H and W from 1 up.
    """

    def __init__(self, in_channels: int = 3, dim: int = 64) -> None:
        super().__init__()
        self.first = NormResidualBlock(in_channels, dim, stride=1)
        self.deeper = nn.Sequential(
            NormResidualBlock(dim, 2 * dim, stride=2), NormResidualBlock(2 * dim, 4 * dim, stride=2)
        )
        self.projection = nn.Sequential(
            nn.Linear(4 * dim, 4 * dim), nn.LeakyReLU(SLOPE), nn.Linear(4 * dim, 4 * dim)
        )

    def forward(self, image: Tensor) -> Encoded:
        degradation = self.first(image)
        return self.from_map(degradation)

    def from_map(self, degradation: Tensor) -> Encoded:
        """Goes on from a degradation map that is already there."""
        pooled = self.deeper(degradation).mean(dim=(2, 3))
        return Encoded(degradation, pooled, self.projection(pooled))
