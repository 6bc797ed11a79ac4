"""Layer normalisation over the channels of each pixel, in Restormer's two kinds."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.precision import full_precision
from irlib.registry import Registry

EPSILON = 1e-5

NORMS: Registry[type[nn.Module]] = Registry("norm_type")


@NORMS.register("WithBias")
class WithBiasLayerNorm(nn.Module):
    r"""The usual layer norm of a pixel's channel vector v, used for deraining and deblurring.

    Equation: :math:`\gamma \odot (v - \mu) / \sqrt{s^2 + \epsilon} + \beta`, with the biased
    variance :math:`s^2` and :math:`\epsilon = 10^{-5}` inside the root.
    Source: Restormer's released code. Taught in chapter 04.

    Args:
        dim: Channels.
        epsilon: Added to the variance; NAFNet takes :math:`10^{-6}`.

    Shape: (B, dim, H, W) to the same. No copy is made when the input is channels-last.
    """

    def __init__(self, dim: int, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.permute(0, 2, 3, 1)  # (B, H, W, dim): a view, and contiguous if channels-last
        # Autocast would widen the whole map to float32; the kernel keeps its statistics in float32
        # anyway, so only the two small vectors follow the map's type.
        with full_precision(x):
            weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
            normalised = F.layer_norm(pixels, weight.shape, weight, bias, self.epsilon)
        return normalised.permute(0, 3, 1, 2)


@NORMS.register("BiasFree")
class BiasFreeLayerNorm(nn.Module):
    r"""Scales a pixel's channel vector v by its deviation, used for all denoising models.

    Equation: :math:`\gamma \odot v / \sqrt{s^2 + \epsilon}`. The mean is removed inside the
    variance only, so this is neither RMSNorm nor a layer norm without bias.
    Source: Restormer's released code. Taught in chapter 04.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.permute(0, 2, 3, 1)
        wide = torch.promote_types(x.dtype, torch.float32)
        variance = pixels.to(wide).var(dim=-1, unbiased=False, keepdim=True)
        scale = torch.rsqrt(variance + EPSILON).to(x.dtype)
        return (pixels * scale * self.weight.to(x.dtype)).permute(0, 3, 1, 2)
