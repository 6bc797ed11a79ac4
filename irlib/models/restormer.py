"""Restormer: a U-shaped Transformer whose attention runs between channels (CVPR 2022)."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.registry import MODELS
from irlib.nn import Downsample, TransformerBlock, Upsample

LEVELS = 4


def released() -> dict[str, Any]:
    """The authors' code for deraining and deblurring; their denoisers take norm_type BiasFree."""
    return {}


def paper() -> dict[str, Any]:
    """The paper's network: the same layers (the differences lie in the training recipe)."""
    return {}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes."""
    return {
        "dim": 16,
        "num_blocks": (1, 2, 2, 2),
        "num_refinement_blocks": 1,
        "heads": (1, 2, 4, 8),
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "num_blocks": (1, 1, 1, 1),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 2),
    }


@MODELS.register("restormer")
class Restormer(RestorationModel):
    """Restormer, an encoder-decoder of Transformer blocks on four levels, added to its input.

    Source: Zamir and others, "Restormer: Efficient Transformer for High-Resolution Image
    Restoration", CVPR 2022, figure 2, and the released code. Taught in chapter 04.

    Args:
        in_channels: Channels of the degraded image.
        out_channels: Channels of the restored image.
        dim: Width C of the first level, even; the levels have widths C, 2C, 4C, 8C.
        num_blocks: Blocks of levels 1 to 4 (the decoder repeats levels 1 to 3).
        num_refinement_blocks: Blocks after the decoder, at full size and width 2C.
        heads: Attention heads of levels 1 to 4; each must divide its level's width.
        ffn_expansion_factor: Hidden width of the feed-forward layers over their width.
        bias: Whether the convolutions of the blocks, the channel reductions and the output have a
            bias; the first and the resizing convolutions never have one.
        norm_type: "WithBias", or "BiasFree" as in all the authors' denoisers.
        dual_pixel: The defocus variant: six channels in, a skip of features instead of the image.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to (B, out_channels, H, W), not clamped; H and W
    multiples of 8. Feature maps are kept channels-last throughout.
    """

    name = "restormer"
    presets: ClassVar = {
        "released": released,
        "paper": paper,
        "pocket": pocket,
        "smoke": smoke,
    }

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        dim: int = 48,
        num_blocks: Sequence[int] = (4, 6, 6, 8),
        num_refinement_blocks: int = 4,
        heads: Sequence[int] = (1, 2, 4, 8),
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
        dual_pixel: bool = False,
    ) -> None:
        super().__init__(
            {
                "in_channels": in_channels,
                "out_channels": out_channels,
                "dim": dim,
                "num_blocks": tuple(num_blocks),
                "num_refinement_blocks": num_refinement_blocks,
                "heads": tuple(heads),
                "ffn_expansion_factor": ffn_expansion_factor,
                "bias": bias,
                "norm_type": norm_type,
                "dual_pixel": dual_pixel,
            }
        )
        _check_widths(**self.config)

        def stage(width: int, num_heads: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(
                *(
                    TransformerBlock(width, num_heads, ffn_expansion_factor, bias, norm_type)
                    for _ in range(blocks)
                )
            )

        self.patch_embed = nn.Conv2d(in_channels, dim, 3, padding=1, bias=False)
        self.encoder_level1 = stage(dim, heads[0], num_blocks[0])
        self.down1_2 = Downsample(dim)
        self.encoder_level2 = stage(2 * dim, heads[1], num_blocks[1])
        self.down2_3 = Downsample(2 * dim)
        self.encoder_level3 = stage(4 * dim, heads[2], num_blocks[2])
        self.down3_4 = Downsample(4 * dim)
        self.latent = stage(8 * dim, heads[3], num_blocks[3])

        self.up4_3 = Upsample(8 * dim)
        self.reduce_level3 = nn.Conv2d(8 * dim, 4 * dim, 1, bias=bias)
        self.decoder_level3 = stage(4 * dim, heads[2], num_blocks[2])
        self.up3_2 = Upsample(4 * dim)
        self.reduce_level2 = nn.Conv2d(4 * dim, 2 * dim, 1, bias=bias)
        self.decoder_level2 = stage(2 * dim, heads[1], num_blocks[1])
        self.up2_1 = Upsample(2 * dim)
        self.decoder_level1 = stage(2 * dim, heads[0], num_blocks[0])
        self.refinement = stage(2 * dim, heads[0], num_refinement_blocks)
        if dual_pixel:
            self.skip_conv = nn.Conv2d(dim, 2 * dim, 1, bias=bias)
        self.output = nn.Conv2d(2 * dim, out_channels, 3, padding=1, bias=bias)

    def forward(self, degraded: Tensor) -> Tensor:
        self.check_input(degraded, self.config["in_channels"])
        shallow, skips, latent = self.encode(degraded)
        level3 = self.decode_level3(latent, skips[2])
        level2 = self.decode_level2(level3, skips[1])
        level1 = self.decode_level1(level2, skips[0])
        return self.finish(degraded, shallow, level1)

    def encode(self, degraded: Tensor) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
        """Returns shallow features (C), the three skips (C, 2C, 4C) and the latent (8C)."""
        shallow = self.patch_embed(degraded.contiguous(memory_format=torch.channels_last))
        level1 = self.encoder_level1(shallow)  # (B, C, H, W)
        level2 = self.encoder_level2(self.down1_2(level1))  # (B, 2C, H/2, W/2)
        level3 = self.encoder_level3(self.down2_3(level2))  # (B, 4C, H/4, W/4)
        latent = self.latent(self.down3_4(level3))  # (B, 8C, H/8, W/8)
        return shallow, (level1, level2, level3), latent

    def decode_level3(self, latent: Tensor, skip: Tensor) -> Tensor:
        """(B, 8C, H/8, W/8) to (B, 4C, H/4, W/4)."""
        joined = torch.cat([self.up4_3(latent), skip], dim=1)
        return self.decoder_level3(self.reduce_level3(joined))

    def decode_level2(self, level3: Tensor, skip: Tensor) -> Tensor:
        """(B, 4C, H/4, W/4) to (B, 2C, H/2, W/2)."""
        joined = torch.cat([self.up3_2(level3), skip], dim=1)
        return self.decoder_level2(self.reduce_level2(joined))

    def decode_level1(self, level2: Tensor, skip: Tensor) -> Tensor:
        """(B, 2C, H/2, W/2) to (B, 2C, H, W): no reduction here, the width stays 2C."""
        joined = torch.cat([self.up2_1(level2), skip], dim=1)
        return self.refinement(self.decoder_level1(joined))

    def finish(self, degraded: Tensor, shallow: Tensor, level1: Tensor) -> Tensor:
        """Turns features into an image and adds the input image (dual pixel: the features)."""
        if self.config["dual_pixel"]:
            return self.output(level1 + self.skip_conv(shallow))
        return degraded + self.output(level1)


def _check_widths(
    in_channels: int,
    out_channels: int,
    dim: int,
    num_blocks: Sequence[int],
    heads: Sequence[int],
    dual_pixel: bool,
    **_: Any,
) -> None:
    """Refuses arguments that would fail only deep inside the network."""
    if dim < 2 or dim % 2:
        raise UsageError(f"dim is {dim}; expected an even number of channels, such as 48.")
    for argument, values in (("num_blocks", num_blocks), ("heads", heads)):
        if len(values) != LEVELS:
            raise UsageError(
                f"{argument} is {tuple(values)}; expected {LEVELS} numbers, one a level."
            )
    for level, num_heads in enumerate(heads):
        width = dim * 2**level
        if num_heads < 1 or width % num_heads:
            raise UsageError(
                f"heads is {tuple(heads)}: {num_heads} heads do not divide the width {width} of "
                f"level {level + 1} (dim={dim}). Choose a divisor of {width}."
            )
    if in_channels != out_channels and not dual_pixel:
        raise UsageError(
            f"in_channels={in_channels} and out_channels={out_channels} differ, but the input is "
            "added to the output. Make them equal, or use dual_pixel=True."
        )
