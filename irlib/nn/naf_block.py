"""NAFNet's block: no activation function, one product of two halves instead."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.channel_mean import ChannelMean
from irlib.nn.channel_parts import channel_parts
from irlib.nn.layer_norm import WithBiasLayerNorm
from irlib.nn.precision import full_precision

NAF_EPSILON = 1e-6


def simple_gate(x: Tensor) -> Tensor:
    """Multiplies the first half of the channels by the second: the only nonlinearity of NAFNet.

    Source: "Simple Baselines for Image Restoration", Eq. 4. Taught in chapter 06.
    Shape: (B, 2C, H, W) to (B, C, H, W).
    """
    first, second = x.chunk(2, dim=1)
    return first * second


def gate_halves(first: Tensor, second: Tensor) -> Tensor:
    """:func:`simple_gate` of halves that nobody else needs: reuses memory without gradients."""
    return first * second if torch.is_grad_enabled() else first.mul_(second)


class SimplifiedChannelAttention(nn.Module):
    r"""Simplified channel attention (SCA): scales each channel by a linear map of all means.

    Equation: :math:`x \odot (W\,\mathrm{mean}_{h,w}(x) + b)`; no bottleneck, no ReLU and no
    sigmoid, so a scale may be negative or above one (NAFNet, Eq. 6). Taught in chapter 06.

    Args:
        dim: Channels.
        window: Of the means, as in :class:`~irlib.nn.ChannelMean`.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, window: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.mean = ChannelMean(window)
        self.conv = nn.Conv2d(dim, dim, 1)

    def scales(self, x: Tensor) -> Tensor:
        """Returns the factor of each channel, (B, dim, 1, 1); with windows (B, dim, H, W)."""
        return self.conv(self.mean(x))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scales(x)


class NafMixer(nn.Module):
    """First half of a NAFBlock: looks at neighbouring pixels, then at the whole image.

    A 1x1 and a depth-wise 3x3 convolution to twice the width, :func:`simple_gate`, channel
    attention, a 1x1 convolution back. Source: NAFNet, figure 3, and the released code. Taught in
    chapter 06.

    Args:
        dim: Channels.
        expansion: Width before the gate over ``dim``; behind it half of that is left.
        window: Of the channel means, as in :class:`~irlib.nn.ChannelMean`.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: int = 2, window: tuple[int, int] | None = None) -> None:
        super().__init__()
        wide = expansion * dim
        self.project_in = nn.Conv2d(dim, wide, 1)
        self.depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.attention = SimplifiedChannelAttention(wide // 2, window)
        self.project_out = nn.Conv2d(wide // 2, dim, 1)

    def forward(self, x: Tensor, out_scale: Tensor | None = None) -> Tensor:
        """Mixes; ``out_scale`` (dim values) multiplies what leaves, at no cost."""
        gated = gate_halves(*channel_parts(x, (self.project_in, self.depthwise), 2))
        return scale_and_project(gated, self.attention.scales(gated), self.project_out, out_scale)


class SimpleGateFeedForward(nn.Module):
    """Second half of a NAFBlock: 1x1 convolution, :func:`simple_gate`, 1x1 convolution back.

    Source: NAFNet, figure 3, and the released code. Taught in chapter 06.

    Args:
        dim: Channels.
        expansion: Width before the gate over ``dim``.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: int = 2) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(dim, expansion * dim, 1)
        self.project_out = nn.Conv2d(expansion * dim // 2, dim, 1)

    def forward(self, x: Tensor, out_scale: Tensor | None = None) -> Tensor:
        """Transforms each pixel; ``out_scale`` (dim values) multiplies what leaves, at no cost."""
        gated = gate_halves(*channel_parts(x, (self.project_in,), 2))
        return scaled_conv(gated, self.project_out, out_scale)


class NafBlock(nn.Module):
    r"""NAFBlock: two halves, each added to its input through learned scales that begin at zero.

    Equation: :math:`y = x + \beta \odot \mathrm{Mixer}(\mathrm{LN}_1(x))` and
    :math:`z = y + \gamma \odot \mathrm{FFN}(\mathrm{LN}_2(y))`, so that a fresh block is the
    identity (NAFNet, figure 3, and the released code). Taught in chapter 06.

    Args:
        dim: Channels.
        dw_expansion: Of the mixer.
        ffn_expansion: Of the feed-forward half.
        window: Of the channel means, as in :class:`~irlib.nn.ChannelMean`.

    Shape: (B, dim, H, W) to the same.
    """

    mixer_class: ClassVar[type[nn.Module]] = NafMixer
    feed_forward_class: ClassVar[type[nn.Module]] = SimpleGateFeedForward

    def __init__(
        self,
        dim: int,
        dw_expansion: int = 2,
        ffn_expansion: int = 2,
        window: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.norm1 = WithBiasLayerNorm(dim, NAF_EPSILON)
        self.mixer = self.mixer_class(dim, dw_expansion, window)
        self.norm2 = WithBiasLayerNorm(dim, NAF_EPSILON)
        self.feed_forward = self.feed_forward_class(dim, ffn_expansion)
        self.beta = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mixer(self.norm1(x), self.beta)
        return x + self.feed_forward(self.norm2(x), self.gamma)


def scaled_conv(x: Tensor, conv: nn.Conv2d, out_scale: Tensor | None = None) -> Tensor:
    """Applies a 1x1 convolution and multiplies its outputs, in one pass over the map.

    Both are linear, so the small weight is multiplied instead of the full-size result.

    Args:
        x: (B, C, H, W).
        conv: 1x1 with bias.
        out_scale: One value for each output channel, any shape; None for 1.
    """
    if out_scale is None:
        return conv(x)
    scale = out_scale.flatten()
    return F.conv2d(x, conv.weight * scale[:, None, None, None], conv.bias * scale)


def scale_and_project(
    x: Tensor, scales: Tensor, conv: nn.Conv2d, out_scale: Tensor | None = None
) -> Tensor:
    """Multiplies the channels of a map, applies a 1x1 convolution and multiplies the outputs.

    Scales that are the same at all pixels go into the weight, one small matrix for each image:
    W (s ⊙ x) = (W diag s) x. The map is then read once and written once. Taught in chapter 06.

    Args:
        x: (B, C, H, W).
        scales: (B, C, 1, 1), or (B, C, H, W) from local means.
        conv: 1x1 with bias, C to D.
        out_scale: One value for each of the D outputs, any shape; None for 1.

    Returns:
        (B, D, H, W), channels-last if ``x`` is.
    """
    if scales.shape[2:] != (1, 1):
        return scaled_conv(x * scales, conv, out_scale)
    weight, bias = conv.weight.flatten(1), conv.bias
    if out_scale is not None:
        weight, bias = weight * out_scale.flatten()[:, None], bias * out_scale.flatten()
    with full_precision(x):
        folded = weight.t() * scales.flatten(1)[:, :, None].to(weight.dtype)  # (B, C, D)
        pixels = x.flatten(2).transpose(1, 2)  # (B, N, C): a view of a channels-last map
        projected = pixels @ folded.to(x.dtype) + bias.to(x.dtype)
    return projected.transpose(1, 2).unflatten(2, x.shape[2:])
