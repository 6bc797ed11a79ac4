"""AirNet's modulation: features that a map of the degradation bends, scales and shifts."""

from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.deformable import DeformableConv

SLOPE = 0.1  # of every LeakyReLU of AirNet


def conv3x3(in_dim: int, dim: int) -> nn.Conv2d:
    """A 3x3 convolution with bias that keeps height and width."""
    return nn.Conv2d(in_dim, dim, 3, padding=1)


class FeatureTransform(nn.Module):
    r"""Spatial feature transform: a scale and a shift for every value, read off a map.

    Equation: :math:`x \odot \gamma(m) + \beta(m)`, each of the two made by two 1x1 convolutions.
    The scale is not :math:`1 + \gamma`. Source: Wang and others, "Recovering Realistic Texture in
    Image Super-resolution by Deep Spatial Feature Transform", CVPR 2018, as AirNet uses it.

    Args:
        dim: Channels of features and map.

    Shape: two of (B, dim, H, W) to (B, dim, H, W).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()

        def read_off() -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(dim, dim, 1, bias=False),
                nn.LeakyReLU(SLOPE),
                nn.Conv2d(dim, dim, 1, bias=False),
            )

        self.gamma = read_off()
        self.beta = read_off()

    def forward(self, features: Tensor, degradation: Tensor) -> Tensor:
        return features * self.gamma(degradation) + self.beta(degradation)


class DegradationGuidedModule(nn.Module):
    """DGM: the features, plus their deformable convolution, plus their feature transform.

    The convolution looks where the degradation map says; the transform changes levels. Source:
    AirNet (CVPR 2022), as its code has it. Taught in chapter 12.

    Args:
        dim: Channels of features and map.

    Shape: two of (B, dim, H, W) to (B, dim, H, W).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.deformable = DeformableConv(dim, guide_dim=dim)
        self.transform = FeatureTransform(dim)

    def forward(self, features: Tensor, degradation: Tensor) -> Tensor:
        return (
            features
            + self.deformable(features, degradation)
            + self.transform(features, degradation)
        )


class DegradationGuidedBlock(nn.Module):
    """DGB: modulation and convolution, twice, added to what came in.

    Args:
        dim: Channels of features and map.

    Shape: two of (B, dim, H, W) to (B, dim, H, W).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.modulation1 = DegradationGuidedModule(dim)
        self.modulation2 = DegradationGuidedModule(dim)
        self.conv1 = conv3x3(dim, dim)
        self.conv2 = conv3x3(dim, dim)

    def forward(self, features: Tensor, degradation: Tensor) -> Tensor:
        x = F.leaky_relu(self.modulation1(features, degradation), SLOPE)
        x = F.leaky_relu(self.conv1(x), SLOPE)
        x = F.leaky_relu(self.modulation2(x, degradation), SLOPE)
        return features + self.conv2(x)


class DegradationGuidedGroup(nn.Module):
    """DGG: blocks in a row and a convolution, added to what came in.

    Args:
        dim: Channels of features and map.
        blocks: Number of blocks.

    Shape: two of (B, dim, H, W) to (B, dim, H, W).
    """

    def __init__(self, dim: int, blocks: int) -> None:
        super().__init__()
        self.body = nn.ModuleList(DegradationGuidedBlock(dim) for _ in range(blocks))
        self.body.append(conv3x3(dim, dim))

    def forward(self, features: Tensor, degradation: Tensor) -> Tensor:
        *blocks, last = self.body
        x = features
        for block in blocks:
            x = block(x, degradation)
        return features + last(x)
