"""The two networks that Perceive-IR steers: Restormer and NAFNet with guided decoders."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.nafnet import NAFNet
from irlib.nn import Downsample, NafBlock, TransformerBlock, Upsample
from irlib.nn.guidance import PGM_BODIES, GuidedStage, PromptGuidance
from irlib.nn.guided_blocks import GuidedNafBlock, GuidedTransformerBlock
from irlib.registry import unknown_name

LEVELS = 4
PGM_SCOPES = ("block", "level")
PGCA_KINDS = ("single", "double", "none")
DECODER1_WIDTHS = ("concat", "dim")


@dataclass(frozen=True)
class Steering:
    """How a decoder is told of the prior, the same on every level.

    Attributes:
        prior_dim: Length of the prior.
        pgm_body: Of every :class:`~irlib.nn.guidance.PromptGuidance`, or "none" for no guidance.
        pgm_scope: A guidance a "block" or one a "level".
        pgm_one_plus_gamma: As in :class:`~irlib.nn.guidance.PromptGuidance`.
        pgm_zero_init: As there.
        pgca: "single" or "double" as in :class:`~irlib.nn.guided_blocks.GuidedMixer`, or "none":
            the backbone's own blocks start from the guide.
        etb_residual: As in :class:`~irlib.nn.guided_blocks.GuidedTransformerBlock`.

    Raises:
        UsageError: An unknown choice.
    """

    prior_dim: int
    pgm_body: str
    pgm_scope: str
    pgm_one_plus_gamma: bool
    pgm_zero_init: bool
    pgca: str
    etb_residual: str

    def __post_init__(self) -> None:
        for argument, known in (
            ("pgm_body", (*PGM_BODIES, "none")),
            ("pgm_scope", PGM_SCOPES),
            ("pgca", PGCA_KINDS),
        ):
            if getattr(self, argument) not in known:
                raise UsageError(unknown_name(argument, getattr(self, argument), list(known)))

    @property
    def guided(self) -> bool:
        """Whether blocks attend from the guide."""
        return self.pgca != "none"

    @property
    def double(self) -> bool:
        """Whether a second attention follows the guided one."""
        return self.pgca == "double"

    def stage(self, width: int, blocks: Sequence[nn.Module]) -> GuidedStage:
        """Puts the blocks of one level and their guidance together."""
        guidances = {"block": len(blocks), "level": 1}[self.pgm_scope]
        guidance = [
            PromptGuidance(
                self.prior_dim, width, self.pgm_body, self.pgm_one_plus_gamma, self.pgm_zero_init
            )
            for _ in range(0 if self.pgm_body == "none" else guidances)
        ]
        return GuidedStage(blocks, guidance, self.guided)


class GuidedRestormer(nn.Module):
    """:class:`~irlib.models.Restormer` whose latent and decoder stages are guided.

    Source: Perceive-IR, figure 2. Parts have the names of Restormer's. Taught in chapter 11.

    Args:
        steering: How the guided stages are told of the priors.
        dim: Width C of the first level, even.
        num_blocks: Blocks of levels 1 to 4 (the decoder repeats levels 1 to 3).
        num_refinement_blocks: Blocks after the decoder; these are not guided.
        heads: Attention heads of levels 1 to 4.
        ffn_expansion_factor: As in Restormer.
        bias: Whether every convolution has a bias, the first and the resizing ones too.
        norm_type: "WithBias" or "BiasFree".
        decoder1_width: "concat": the last level runs at 2C, as in Restormer; "dim": a 1x1
            convolution brings it to C.

    Shape: (B, 3, H, W), H and W multiples of 8, and priors of levels 1 to 4, each (B, prior_dim),
    to (B, 3, H, W).
    """

    def __init__(
        self,
        steering: Steering,
        dim: int,
        num_blocks: Sequence[int],
        num_refinement_blocks: int,
        heads: Sequence[int],
        ffn_expansion_factor: float,
        bias: bool,
        norm_type: str,
        decoder1_width: str,
    ) -> None:
        super().__init__()
        if decoder1_width not in DECODER1_WIDTHS:
            raise UsageError(unknown_name("decoder1_width", decoder1_width, list(DECODER1_WIDTHS)))
        style = (ffn_expansion_factor, bias, norm_type)
        last = 2 * dim if decoder1_width == "concat" else dim

        def plain(width: int, level: int, blocks: int) -> nn.Sequential:
            made = (TransformerBlock(width, heads[level - 1], *style) for _ in range(blocks))
            return nn.Sequential(*made)

        def guided(width: int, level: int) -> GuidedStage:
            count, num_heads = num_blocks[level - 1], heads[level - 1]
            if not steering.guided:
                return steering.stage(width, plain(width, level, count))
            more = (*style, steering.double, steering.etb_residual)
            made = [GuidedTransformerBlock(width, num_heads, *more) for _ in range(count)]
            return steering.stage(width, made)

        self.patch_embed = nn.Conv2d(3, dim, 3, padding=1, bias=bias)
        self.encoder_level1 = plain(dim, 1, num_blocks[0])
        self.down1_2 = Downsample(dim, bias)
        self.encoder_level2 = plain(2 * dim, 2, num_blocks[1])
        self.down2_3 = Downsample(2 * dim, bias)
        self.encoder_level3 = plain(4 * dim, 3, num_blocks[2])
        self.down3_4 = Downsample(4 * dim, bias)
        self.latent = guided(8 * dim, 4)

        self.up4_3 = Upsample(8 * dim, bias)
        self.reduce_level3 = nn.Conv2d(8 * dim, 4 * dim, 1, bias=bias)
        self.decoder_level3 = guided(4 * dim, 3)
        self.up3_2 = Upsample(4 * dim, bias)
        self.reduce_level2 = nn.Conv2d(4 * dim, 2 * dim, 1, bias=bias)
        self.decoder_level2 = guided(2 * dim, 2)
        self.up2_1 = Upsample(2 * dim, bias)
        if decoder1_width == "dim":
            self.reduce_level1: nn.Module = nn.Conv2d(2 * dim, dim, 1, bias=bias)
        else:
            self.reduce_level1 = nn.Identity()
        self.decoder_level1 = guided(last, 1)
        self.refinement = plain(last, 1, num_refinement_blocks)
        self.output = nn.Conv2d(last, 3, 3, padding=1, bias=bias)

    def forward(self, degraded: Tensor, priors: Sequence[Tensor]) -> Tensor:
        skip1 = self.encoder_level1(self.patch_embed(degraded))  # (B, C, H, W)
        skip2 = self.encoder_level2(self.down1_2(skip1))  # (B, 2C, H/2, W/2)
        skip3 = self.encoder_level3(self.down2_3(skip2))  # (B, 4C, H/4, W/4)
        x = self.latent(self.down3_4(skip3), priors[3])  # (B, 8C, H/8, W/8)
        x = self.reduce_level3(torch.cat([self.up4_3(x), skip3], dim=1))
        x = self.decoder_level3(x, priors[2])  # (B, 4C, H/4, W/4)
        x = self.reduce_level2(torch.cat([self.up3_2(x), skip2], dim=1))
        x = self.decoder_level2(x, priors[1])  # (B, 2C, H/2, W/2)
        x = self.reduce_level1(torch.cat([self.up2_1(x), skip1], dim=1))
        x = self.refinement(self.decoder_level1(x, priors[0]))  # (B, 2C or C, H, W)
        return degraded + self.output(x)


class GuidedNafNet(NAFNet):
    """:class:`~irlib.models.NAFNet` whose decoder stages are guided; its middle is not.

    Parts have the names of NAFNet's. Taught in chapter 11.

    Args:
        steering: How the guided stages are told of the priors.
        dim: Width C of the first level; the levels have widths C, 2C, 4C, 8C, the middle 16C.
        num_blocks: Encoder blocks of levels 1 to 4.
        num_middle_blocks: Blocks at the bottom.
        num_decoder_blocks: Guided blocks of levels 1 to 4.
        heads: Attention heads of levels 1 to 4.
        bias: Whether the convolutions of the attentions have a bias; all others have one.

    Shape: (B, 3, H, W), H and W multiples of 16, and priors of levels 1 to 4, each (B, prior_dim),
    to (B, 3, H, W).
    """

    def __init__(
        self,
        steering: Steering,
        dim: int,
        num_blocks: Sequence[int],
        num_middle_blocks: int,
        num_decoder_blocks: Sequence[int],
        heads: Sequence[int],
        bias: bool,
    ) -> None:
        super().__init__(3, dim, num_blocks, num_middle_blocks, (0,) * LEVELS)

        def guided(width: int, num_heads: int, blocks: int) -> GuidedStage:
            made = [
                GuidedNafBlock(width, num_heads, bias, steering.double, steering.etb_residual)
                if steering.guided
                else NafBlock(width)
                for _ in range(blocks)
            ]
            return steering.stage(width, made)

        widths = [dim * 2**level for level in range(LEVELS)]
        shallowest_first = map(guided, widths, heads, num_decoder_blocks)
        self.decoders = nn.ModuleList(reversed(list(shallowest_first)))

    def forward(self, degraded: Tensor, priors: Sequence[Tensor]) -> Tensor:
        skips, x = self.encode(degraded)
        for position, (up, stage) in enumerate(zip(self.ups, self.decoders, strict=True)):
            level = LEVELS - 1 - position
            x = stage(up(x) + skips[level], priors[level])  # (B, 2^level C, H/2^level, W/2^level)
        return degraded + self.ending(x)
