"""NAFNet as its specification reads, layer by layer, with global means (see plain_restormer)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PlainMapNorm(nn.Module):
    """NAFNet's norm over the channels of a map: mean, variance, division, scale and shift."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=1, keepdim=True)
        variance = (x - mean).pow(2).mean(dim=1, keepdim=True)
        normalised = (x - mean) / (variance + 1e-6).sqrt()
        return self.weight[:, None, None] * normalised + self.bias[:, None, None]


def plain_gate(x: Tensor) -> Tensor:
    """SimpleGate: one half of the channels times the other."""
    first, second = x.chunk(2, dim=1)
    return first * second


class PlainChannelAttention(nn.Module):
    """SCA: every channel times a linear map of the channel means."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv(F.adaptive_avg_pool2d(x, 1))


class PlainNafMixer(nn.Module):
    """1x1, depth-wise 3x3, SimpleGate, SCA, 1x1."""

    def __init__(self, dim: int, expansion: int = 2) -> None:
        super().__init__()
        wide = expansion * dim
        self.project_in = nn.Conv2d(dim, wide, 1)
        self.depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.attention = PlainChannelAttention(wide // 2)
        self.project_out = nn.Conv2d(wide // 2, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        gated = plain_gate(self.depthwise(self.project_in(x)))
        return self.project_out(self.attention(gated))


class PlainNafFeedForward(nn.Module):
    """1x1, SimpleGate, 1x1."""

    def __init__(self, dim: int, expansion: int = 2) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(dim, expansion * dim, 1)
        self.project_out = nn.Conv2d(expansion * dim // 2, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.project_out(plain_gate(self.project_in(x)))


class PlainNafBlock(nn.Module):
    """x + beta Mixer(LN(x)), then y + gamma FFN(LN(y))."""

    def __init__(self, dim: int, dw_expansion: int = 2, ffn_expansion: int = 2) -> None:
        super().__init__()
        self.norm1 = PlainMapNorm(dim)
        self.mixer = PlainNafMixer(dim, dw_expansion)
        self.norm2 = PlainMapNorm(dim)
        self.feed_forward = PlainNafFeedForward(dim, ffn_expansion)
        self.beta = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mixer(self.norm1(x)) * self.beta
        return x + self.feed_forward(self.norm2(x)) * self.gamma


class PlainNAFNet(nn.Module):
    """NAFNet; arguments are those of :class:`~irlib.models.NAFNet` with its own block.

    Shape: (B, 3, H, W), H and W multiples of 2 to the number of levels, to the same.
    """

    def __init__(
        self,
        dim: int,
        encoder_blocks: Sequence[int],
        middle_blocks: int,
        decoder_blocks: Sequence[int],
        dw_expansion: int = 2,
        ffn_expansion: int = 2,
        in_channels: int = 3,
        **_: Any,
    ) -> None:
        super().__init__()
        widths = [dim * 2**level for level in range(len(encoder_blocks))]

        def stage(width: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(
                *(PlainNafBlock(width, dw_expansion, ffn_expansion) for _ in range(blocks))
            )

        self.intro = nn.Conv2d(in_channels, dim, 3, padding=1)
        self.encoders = nn.ModuleList(map(stage, widths, encoder_blocks))
        self.downs = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths)
        self.middle = stage(2 * widths[-1], middle_blocks)
        self.ups = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * c, 4 * c, 1, bias=False), nn.PixelShuffle(2))
            for c in reversed(widths)
        )
        self.decoders = nn.ModuleList(map(stage, reversed(widths), decoder_blocks))
        self.ending = nn.Conv2d(dim, in_channels, 3, padding=1)

    def decoded(self, x: Tensor, position: int, _: Sequence[Tensor] | None) -> Tensor:
        """One decoder level; Perceive-IR's are guided by priors."""
        return self.decoders[position](x)

    def forward(self, degraded: Tensor, priors: Sequence[Tensor] | None = None) -> Tensor:
        x, skips = self.intro(degraded), []
        for blocks, down in zip(self.encoders, self.downs, strict=True):
            skips.append(blocks(x))
            x = down(skips[-1])
        x = self.middle(x)
        for position, up in enumerate(self.ups):
            x = self.decoded(up(x) + skips.pop(), position, priors)
        return degraded + self.ending(x)
