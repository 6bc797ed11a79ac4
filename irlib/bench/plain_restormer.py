"""Restormer as its specification reads, layer by layer: what :mod:`irlib.nn` is measured beside.

Every step is an operation of its own on full maps in PyTorch's default layout. Parameters have the
names of ours, so that a state dict of one loads into the other.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PlainLayerNorm(nn.Module):
    """Restormer's norm: pixels to rows, mean, variance, division, scale, and back to a map.

    Args:
        dim: Channels.
        norm_type: "WithBias" or "BiasFree".
    """

    def __init__(self, dim: int, norm_type: str = "WithBias") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim)) if norm_type == "WithBias" else None

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.flatten(2).transpose(1, 2).contiguous()  # (B, HW, C)
        variance = pixels.var(dim=-1, keepdim=True, unbiased=False)
        if self.bias is None:
            pixels = pixels / torch.sqrt(variance + 1e-5) * self.weight
        else:
            mean = pixels.mean(dim=-1, keepdim=True)
            pixels = (pixels - mean) / torch.sqrt(variance + 1e-5) * self.weight + self.bias
        return pixels.transpose(1, 2).unflatten(2, x.shape[2:]).contiguous()


class PlainAttention(nn.Module):
    """MDTA, and with a guide PGCA: unit rows of q and k, their products, softmax, v, projection."""

    def __init__(self, dim: int, num_heads: int, bias: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv = nn.Conv2d(dim, 3 * dim, 1, bias=bias)
        self.depthwise = nn.Conv2d(3 * dim, 3 * dim, 3, padding=1, groups=3 * dim, bias=bias)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(*self.depthwise(self.qkv(x)).chunk(3, dim=1))

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """From three maps (B, C, H, W) to one."""
        q, k, v = (t.flatten(2).unflatten(1, (self.num_heads, -1)) for t in (query, key, value))
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        attention = (q @ k.transpose(-2, -1) * self.temperature).softmax(dim=-1)
        mixed = (attention @ v).flatten(1, 2).unflatten(2, value.shape[2:])
        return self.project_out(mixed)


class PlainFeedForward(nn.Module):
    """GDFN: 1x1, depth-wise 3x3, GELU of one half times the other, 1x1."""

    def __init__(self, dim: int, expansion: float, bias: bool) -> None:
        super().__init__()
        hidden = int(dim * expansion)
        self.project_in = nn.Conv2d(dim, 2 * hidden, 1, bias=bias)
        self.depthwise = nn.Conv2d(
            2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=bias
        )
        self.project_out = nn.Conv2d(hidden, dim, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        gate, content = self.depthwise(self.project_in(x)).chunk(2, dim=1)
        return self.project_out(F.gelu(gate) * content)


class PlainTransformerBlock(nn.Module):
    """x + MDTA(LN(x)), then y + GDFN(LN(y))."""

    def __init__(
        self, dim: int, num_heads: int, expansion: float, bias: bool, norm_type: str
    ) -> None:
        super().__init__()
        self.norm1 = PlainLayerNorm(dim, norm_type)
        self.attention = PlainAttention(dim, num_heads, bias)
        self.norm2 = PlainLayerNorm(dim, norm_type)
        self.feed_forward = PlainFeedForward(dim, expansion, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class PlainResize(nn.Module):
    """A 3x3 convolution to ``out_dim`` channels, then pixel-shuffle up or pixel-unshuffle down."""

    def __init__(self, dim: int, out_dim: int, rearrange: nn.Module, bias: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, out_dim, 3, padding=1, bias=bias)
        self.rearrange = rearrange

    def forward(self, x: Tensor) -> Tensor:
        return self.rearrange(self.conv(x))


def plain_down(dim: int, bias: bool = False) -> PlainResize:
    """Half the size, twice the channels."""
    return PlainResize(dim, dim // 2, nn.PixelUnshuffle(2), bias)


def plain_up(dim: int, bias: bool = False) -> PlainResize:
    """Twice the size, half the channels."""
    return PlainResize(dim, 2 * dim, nn.PixelShuffle(2), bias)


class PlainRestormer(nn.Module):
    """Restormer; arguments are those of :class:`~irlib.models.Restormer`.

    Shape: (B, 3, H, W) to the same.
    """

    def __init__(
        self,
        dim: int,
        num_blocks: Sequence[int],
        num_refinement_blocks: int,
        heads: Sequence[int],
        ffn_expansion_factor: float,
        bias: bool,
        norm_type: str,
        in_channels: int = 3,
        **_: Any,
    ) -> None:
        super().__init__()
        style = (ffn_expansion_factor, bias, norm_type)

        def stage(width: int, level: int, count: int = 0) -> nn.Sequential:
            count = count or num_blocks[level]
            return nn.Sequential(
                *(PlainTransformerBlock(width, heads[level], *style) for _ in range(count))
            )

        self.patch_embed = nn.Conv2d(in_channels, dim, 3, padding=1, bias=False)
        self.encoder_level1 = stage(dim, 0)
        self.down1_2 = plain_down(dim)
        self.encoder_level2 = stage(2 * dim, 1)
        self.down2_3 = plain_down(2 * dim)
        self.encoder_level3 = stage(4 * dim, 2)
        self.down3_4 = plain_down(4 * dim)
        self.latent = stage(8 * dim, 3)
        self.up4_3 = plain_up(8 * dim)
        self.reduce_level3 = nn.Conv2d(8 * dim, 4 * dim, 1, bias=bias)
        self.decoder_level3 = stage(4 * dim, 2)
        self.up3_2 = plain_up(4 * dim)
        self.reduce_level2 = nn.Conv2d(4 * dim, 2 * dim, 1, bias=bias)
        self.decoder_level2 = stage(2 * dim, 1)
        self.up2_1 = plain_up(2 * dim)
        self.decoder_level1 = stage(2 * dim, 0)
        self.refinement = stage(2 * dim, 0, num_refinement_blocks)
        self.output = nn.Conv2d(2 * dim, in_channels, 3, padding=1, bias=bias)

    def prompted(self, features: Tensor, _: int) -> Tensor:
        """Features of a level as they enter the decoder above; PromptIR adds a prompt."""
        return features

    def forward(self, degraded: Tensor) -> Tensor:
        level1 = self.encoder_level1(self.patch_embed(degraded))
        level2 = self.encoder_level2(self.down1_2(level1))
        level3 = self.encoder_level3(self.down2_3(level2))
        x = self.prompted(self.latent(self.down3_4(level3)), 3)
        x = self.decoder_level3(self.reduce_level3(torch.cat([self.up4_3(x), level3], dim=1)))
        x = self.prompted(x, 2)
        x = self.decoder_level2(self.reduce_level2(torch.cat([self.up3_2(x), level2], dim=1)))
        x = self.prompted(x, 1)
        x = self.decoder_level1(torch.cat([self.up2_1(x), level1], dim=1))
        return degraded + self.output(self.refinement(x))
