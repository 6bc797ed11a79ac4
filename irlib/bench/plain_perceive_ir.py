"""Perceive-IR as its specification reads, in the paper's reading, on both backbones."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from irlib.bench.plain_nafnet import PlainMapNorm, PlainNafFeedForward, PlainNAFNet
from irlib.bench.plain_restormer import (
    PlainAttention,
    PlainFeedForward,
    PlainLayerNorm,
    PlainRestormer,
    plain_down,
    plain_up,
)
from irlib.errors import UsageError

#: What the paper's text and figures say; the only reading that is transcribed here.
READING = {
    "pgca": "single",
    "pgm_scope": "block",
    "etb_residual": "guidance",
    "pgm_body": "linear_conv1x1",
    "pgm_one_plus_gamma": True,
    "decoder1_width": "concat",
    "cfe_body": "residual",
    "cfe_normalise_output": False,
    "use_semantics": True,
    "use_code": True,
}


class PlainCodeBlock(nn.Module):
    """3x3, LeakyReLU, 3x3, beside a 1x1 convolution."""

    def __init__(self, in_dim: int, dim: int, stride: int, slope: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_dim, dim, 3, stride, padding=1)
        self.activation = nn.LeakyReLU(slope)
        self.conv2 = nn.Conv2d(dim, dim, 3, padding=1)
        self.skip = nn.Conv2d(in_dim, dim, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + self.conv2(self.activation(self.conv1(x)))


class PlainCode(nn.Module):
    """CFE: residual blocks, the mean of every channel, two linear layers."""

    def __init__(
        self, widths: Sequence[int], strides: Sequence[int], hidden: int, out: int, slope: float
    ) -> None:
        super().__init__()
        before = (3, *widths[:-1])
        self.body = nn.Sequential(
            *(PlainCodeBlock(*sizes, slope) for sizes in zip(before, widths, strides, strict=True))
        )
        self.head = nn.Sequential(
            nn.Linear(widths[-1], hidden), nn.LeakyReLU(slope), nn.Linear(hidden, out)
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.body(image).mean(dim=(2, 3)))


class PlainGuidance(nn.Module):
    """PGM: (1 + scale of the prior) times the features plus a shift of the prior."""

    def __init__(self, prior_dim: int, dim: int) -> None:
        super().__init__()
        self.scale, self.shift = (
            nn.Sequential(
                nn.Linear(prior_dim, dim), nn.Unflatten(1, (dim, 1, 1)), nn.Conv2d(dim, dim, 1)
            )
            for _ in range(2)
        )

    def forward(self, x: Tensor, prior: Tensor) -> Tensor:
        return (1 + self.scale(prior)) * x + self.shift(prior)


class PlainGuidedAttention(PlainAttention):
    """PGCA's attention: queries of the guide; keys and values of the features."""

    def forward(self, guide: Tensor, x: Tensor) -> Tensor:
        query = self.depthwise(self.qkv(guide)).chunk(3, dim=1)[0]
        _, key, value = self.depthwise(self.qkv(x)).chunk(3, dim=1)
        return self.attend(query, key, value)


class PlainGuidedMixer(nn.Module):
    """Both inputs normalised, then attention from the guide to the features."""

    def __init__(self, dim: int, num_heads: int, bias: bool, *norms: nn.Module) -> None:
        super().__init__()
        self.norm1, self.norm_guide = norms
        self.attention = PlainGuidedAttention(dim, num_heads, bias)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        return self.attention(self.norm_guide(guide), self.norm1(x))


class PlainGuidedBlock(nn.Module):
    """ETB: guide + PGCA, then GDFN."""

    def __init__(
        self, dim: int, num_heads: int, expansion: float, bias: bool, norm_type: str
    ) -> None:
        super().__init__()
        norms = (PlainLayerNorm(dim, norm_type) for _ in range(2))
        self.mixer = PlainGuidedMixer(dim, num_heads, bias, *norms)
        self.norm2 = PlainLayerNorm(dim, norm_type)
        self.feed_forward = PlainFeedForward(dim, expansion, bias)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        x = guide + self.mixer(x, guide)
        return x + self.feed_forward(self.norm2(x))


class PlainGuidedNafBlock(nn.Module):
    """NAF-ETB: guide + beta PGCA, then gamma times NAFNet's second half."""

    def __init__(self, dim: int, num_heads: int, bias: bool) -> None:
        super().__init__()
        self.mixer = PlainGuidedMixer(dim, num_heads, bias, PlainMapNorm(dim), PlainMapNorm(dim))
        self.norm2 = PlainMapNorm(dim)
        self.feed_forward = PlainNafFeedForward(dim)
        self.beta = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        x = guide + self.mixer(x, guide) * self.beta
        return x + self.feed_forward(self.norm2(x)) * self.gamma


class PlainGuidedStage(nn.Module):
    """Blocks of one level, each with a guidance of its own."""

    def __init__(self, prior_dim: int, dim: int, blocks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.guidance = nn.ModuleList(PlainGuidance(prior_dim, dim) for _ in blocks)

    def forward(self, x: Tensor, prior: Tensor) -> Tensor:
        for block, guidance in zip(self.blocks, self.guidance, strict=True):
            x = block(x, guidance(x, prior))
        return x


class PlainGuidedRestormer(PlainRestormer):
    """Restormer with guided latent and decoder stages."""

    def __init__(
        self,
        prior_dim: int,
        dim: int,
        num_blocks: Sequence[int],
        heads: Sequence[int],
        bias: bool,
        **style: Any,
    ) -> None:
        super().__init__(dim=dim, num_blocks=num_blocks, heads=heads, bias=bias, **style)
        more = (style["ffn_expansion_factor"], bias, style["norm_type"])

        def guided(width: int, level: int) -> PlainGuidedStage:
            made = (PlainGuidedBlock(width, heads[level], *more) for _ in range(num_blocks[level]))
            return PlainGuidedStage(prior_dim, width, list(made))

        self.patch_embed = nn.Conv2d(3, dim, 3, padding=1, bias=bias)
        for width, name in ((1, "1_2"), (2, "2_3"), (4, "3_4")):
            self.add_module(f"down{name}", plain_down(width * dim, bias))
        for width, name in ((8, "4_3"), (4, "3_2"), (2, "2_1")):
            self.add_module(f"up{name}", plain_up(width * dim, bias))
        self.latent = guided(8 * dim, 3)
        self.decoder_level3 = guided(4 * dim, 2)
        self.decoder_level2 = guided(2 * dim, 1)
        self.decoder_level1 = guided(2 * dim, 0)

    def forward(self, degraded: Tensor, priors: Sequence[Tensor]) -> Tensor:
        level1 = self.encoder_level1(self.patch_embed(degraded))
        level2 = self.encoder_level2(self.down1_2(level1))
        level3 = self.encoder_level3(self.down2_3(level2))
        x = self.latent(self.down3_4(level3), priors[3])
        x = self.reduce_level3(torch.cat([self.up4_3(x), level3], dim=1))
        x = self.reduce_level2(
            torch.cat([self.up3_2(self.decoder_level3(x, priors[2])), level2], 1)
        )
        x = torch.cat([self.up2_1(self.decoder_level2(x, priors[1])), level1], dim=1)
        return degraded + self.output(self.refinement(self.decoder_level1(x, priors[0])))


class PlainGuidedNafNet(PlainNAFNet):
    """NAFNet with guided decoder stages."""

    def __init__(
        self,
        prior_dim: int,
        dim: int,
        num_blocks: Sequence[int],
        num_middle_blocks: int,
        num_decoder_blocks: Sequence[int],
        heads: Sequence[int],
        bias: bool,
        **_: Any,
    ) -> None:
        super().__init__(dim, num_blocks, num_middle_blocks, (0,) * len(num_blocks))
        stages = []
        for level, count in enumerate(num_decoder_blocks):
            width = dim * 2**level
            blocks = [PlainGuidedNafBlock(width, heads[level], bias) for _ in range(count)]
            stages.insert(0, PlainGuidedStage(prior_dim, width, blocks))
        self.decoders = nn.ModuleList(stages)

    def decoded(self, x: Tensor, position: int, priors: Sequence[Tensor] | None) -> Tensor:
        return self.decoders[position](x, priors[len(self.decoders) - 1 - position])


class PlainPerceiveIR(nn.Module):
    """Perceive-IR; arguments are those of :class:`~irlib.models.PerceiveIR` in :data:`READING`.

    Raises:
        UsageError: Another reading.

    Shape: (B, 3, H, W), multiples of 8 (with NAFNet 16), and four of (B, semantic_dim) to
    (B, 3, H, W).
    """

    def __init__(self, backbone: str, semantic_dim: int, **config: Any) -> None:
        super().__init__()
        for switch, read in READING.items():
            if config[switch] != read:
                raise UsageError(
                    f"{switch} is {config[switch]!r}; the transcription of perceive-ir follows the "
                    f"paper and knows {read!r} only. Choose a preset of the paper's reading."
                )
        self.code = PlainCode(
            *(config[f"cfe_{n}"] for n in ("widths", "strides", "hidden", "out", "slope"))
        )
        prior_dim = semantic_dim + config["cfe_out"]
        kind = {"restormer": PlainGuidedRestormer, "nafnet": PlainGuidedNafNet}[backbone]
        self.backbone = kind(prior_dim, **config)

    def forward(self, degraded: Tensor, semantics: Sequence[Tensor]) -> Tensor:
        code = self.code(degraded)
        return self.backbone(degraded, [torch.cat([tokens, code], dim=1) for tokens in semantics])
