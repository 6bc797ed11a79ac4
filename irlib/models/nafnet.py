"""NAFNet: a U-shaped convolutional network without activation functions (ECCV 2022)."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.registry import MODELS
from irlib.nn import BaselineBlock, ChannelMean, NafBlock
from irlib.registry import unknown_name

BLOCKS = {"naf": NafBlock, "baseline": BaselineBlock}
WINDOW_OVER_TRAINING = 1.5  # the window of local means, over the side of a training patch

GOPRO_BLOCKS = {"encoder_blocks": (1, 1, 1, 28), "middle_blocks": 1, "decoder_blocks": (1, 1, 1, 1)}
SIDD_BLOCKS = {"encoder_blocks": (2, 2, 4, 8), "middle_blocks": 12, "decoder_blocks": (2, 2, 2, 2)}
GOPRO_PATCH = (256, 256)


def released() -> dict[str, Any]:
    """The row of the all-in-one tables and Perceive-IR's backbone: GoPro layout, global means."""
    return {"dim": 32, **GOPRO_BLOCKS}


def paper() -> dict[str, Any]:
    """The same network (the paper trains one network a task)."""
    return released()


def gopro32() -> dict[str, Any]:
    """The authors' deblurring network of width 32, with means over windows at test time."""
    return {"dim": 32, **GOPRO_BLOCKS, "train_size": GOPRO_PATCH}


def gopro64() -> dict[str, Any]:
    """The authors' deblurring network of width 64 (GoPro and REDS)."""
    return {"dim": 64, **GOPRO_BLOCKS, "train_size": GOPRO_PATCH}


def sidd32() -> dict[str, Any]:
    """The authors' network of width 32 for real camera noise."""
    return {"dim": 32, **SIDD_BLOCKS}


def sidd64() -> dict[str, Any]:
    """The authors' network of width 64 for real camera noise."""
    return {"dim": 64, **SIDD_BLOCKS}


def baseline32() -> dict[str, Any]:
    """The Baseline it was simplified from, width 32, GoPro layout."""
    return {"dim": 32, **GOPRO_BLOCKS, "block": "baseline", "dw_expansion": 1}


def baseline64() -> dict[str, Any]:
    """The Baseline it was simplified from, width 64, GoPro layout."""
    return {"dim": 64, **GOPRO_BLOCKS, "block": "baseline", "dw_expansion": 2}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes; its weights are about those of its rivals'."""
    return {
        "dim": 16,
        "encoder_blocks": (2, 2, 3, 1),
        "middle_blocks": 1,
        "decoder_blocks": (1, 1, 2, 2),
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "encoder_blocks": (1, 1, 1, 1),
        "middle_blocks": 1,
        "decoder_blocks": (1, 1, 1, 1),
    }


@MODELS.register("nafnet")
class NAFNet(RestorationModel):
    """NAFNet, an encoder-decoder whose skips are added, itself added to its input.

    Sizes that are no multiple of 2 to the number of levels are padded with zeros at the right and
    bottom and cut back, as the authors do; mirrored padding before (``restore_image`` does it)
    keeps the dark border out of the means. Source: Chen and others, "Simple Baselines for Image
    Restoration", ECCV 2022, and the released code. Taught in chapter 06.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        dim: Width C of the first level, even; each level doubles it.
        encoder_blocks: Blocks of each level going down; their number is the number of levels.
        middle_blocks: Blocks at the bottom.
        decoder_blocks: Blocks of each level going up, the deepest first.
        block: "naf", or "baseline" for the network that NAFNet was simplified from.
        dw_expansion: Width inside a block's first half over its width (even for "naf").
        ffn_expansion: Width inside a block's second half over its width (even for "naf").
        train_size: Height and width of the training patches: channel means then run over windows
            of 1.5 times that (test-time local converter), which changes nothing on images that
            are not larger. None for means over the whole image.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; any H, W from 1 up. Feature
    maps are kept channels-last throughout.
    """

    name = "nafnet"
    presets: ClassVar = {
        "released": released,
        "paper": paper,
        "gopro32": gopro32,
        "gopro64": gopro64,
        "sidd32": sidd32,
        "sidd64": sidd64,
        "baseline32": baseline32,
        "baseline64": baseline64,
        "pocket": pocket,
        "smoke": smoke,
    }

    def __init__(
        self,
        in_channels: int = 3,
        dim: int = 32,
        encoder_blocks: Sequence[int] = (1, 1, 1, 28),
        middle_blocks: int = 1,
        decoder_blocks: Sequence[int] = (1, 1, 1, 1),
        block: str = "naf",
        dw_expansion: int = 2,
        ffn_expansion: int = 2,
        train_size: Sequence[int] | None = None,
    ) -> None:
        super().__init__(
            {
                "in_channels": in_channels,
                "dim": dim,
                "encoder_blocks": tuple(encoder_blocks),
                "middle_blocks": middle_blocks,
                "decoder_blocks": tuple(decoder_blocks),
                "block": block,
                "dw_expansion": dw_expansion,
                "ffn_expansion": ffn_expansion,
                "train_size": None,
            }
        )
        _check_arguments(**self.config)
        levels = len(encoder_blocks)
        self.multiple = 2**levels
        widths = [dim * 2**level for level in range(levels)]

        def stage(width: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(
                *(BLOCKS[block](width, dw_expansion, ffn_expansion) for _ in range(blocks))
            )

        def rise(width: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(width, 2 * width, 1, bias=False), nn.PixelShuffle(2))

        self.intro = nn.Conv2d(in_channels, dim, 3, padding=1)
        self.encoders = nn.ModuleList(map(stage, widths, encoder_blocks))
        self.downs = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths)
        self.middle = stage(dim * self.multiple, middle_blocks)
        self.ups = nn.ModuleList(rise(2 * c) for c in reversed(widths))
        self.decoders = nn.ModuleList(map(stage, reversed(widths), decoder_blocks))
        self.ending = nn.Conv2d(dim, in_channels, 3, padding=1)
        self.use_windows(train_size)

    def forward(self, degraded: Tensor) -> Tensor:
        self.check_input(degraded, self.config["in_channels"], any_size=True)
        height, width = degraded.shape[2:]
        padded = F.pad(degraded, (0, -width % self.multiple, 0, -height % self.multiple))
        skips, features = self.encode(padded)
        restored = padded + self.ending(self.decode(features, skips))
        return restored[:, :, :height, :width]

    def encode(self, padded: Tensor) -> tuple[list[Tensor], Tensor]:
        """Returns the skip of every level, the shallowest first, and the features at the bottom."""
        features = self.intro(padded.contiguous(memory_format=torch.channels_last))
        skips = []
        for blocks, down in zip(self.encoders, self.downs, strict=True):
            skips.append(blocks(features))  # (B, 2^l C, H/2^l, W/2^l)
            features = down(skips[-1])
        return skips, self.middle(features)

    def decode(self, features: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """From the features at the bottom to (B, C, H, W)."""
        for up, blocks, skip in zip(self.ups, self.decoders, reversed(skips), strict=True):
            features = blocks(up(features) + skip)
        return features

    def use_windows(self, train_size: Sequence[int] | None) -> None:
        """Makes the channel means local for networks trained on patches, or global again (None).

        Nothing is learned or lost: the weights stay. See ``train_size`` above.

        Raises:
            UsageError: Not two positive numbers.
        """
        if train_size is not None and (len(train_size) != 2 or min(train_size) < 1):
            raise UsageError(
                f"train_size is {tuple(train_size)}; expected the height and width of a training "
                "patch, such as (256, 256), or None for means over the whole image."
            )
        self.config["train_size"] = None if train_size is None else tuple(train_size)
        levels = [*self.encoders, self.middle, *self.decoders]
        depths = [*range(len(self.encoders) + 1), *reversed(range(len(self.encoders)))]
        for depth, blocks in zip(depths, levels, strict=True):
            window = None if train_size is None else self._window(train_size, depth)
            for module in blocks.modules():
                if isinstance(module, ChannelMean):
                    module.window = window

    def _window(self, train_size: Sequence[int], depth: int) -> tuple[int, ...]:
        """Window in pixels of a map that was halved ``depth`` times."""
        return tuple(
            (side + -side % self.multiple) // 2**depth * int(WINDOW_OVER_TRAINING * side) // side
            for side in train_size
        )


def _check_arguments(
    in_channels: int,
    dim: int,
    encoder_blocks: Sequence[int],
    middle_blocks: int,
    decoder_blocks: Sequence[int],
    block: str,
    dw_expansion: int,
    ffn_expansion: int,
    **_: Any,
) -> None:
    """Refuses arguments that would fail only deep inside the network."""
    if block not in BLOCKS:
        raise UsageError(unknown_name("block", block, list(BLOCKS)))
    if not encoder_blocks or len(encoder_blocks) != len(decoder_blocks):
        raise UsageError(
            f"encoder_blocks is {tuple(encoder_blocks)} and decoder_blocks "
            f"{tuple(decoder_blocks)}; expected one number a level in both."
        )
    if min(*encoder_blocks, *decoder_blocks, middle_blocks) < 0:
        raise UsageError(
            f"encoder_blocks {tuple(encoder_blocks)}, middle_blocks {middle_blocks} and "
            f"decoder_blocks {tuple(decoder_blocks)} must not be negative."
        )
    for argument, value in (
        ("in_channels", in_channels),
        ("dim", dim),
        ("dw_expansion", dw_expansion),
        ("ffn_expansion", ffn_expansion),
    ):
        if value < 1:
            raise UsageError(f"{argument} is {value}; expected a whole number from 1 up.")
    if block == "naf" and any(dim * width % 2 for width in (dw_expansion, ffn_expansion)):
        raise UsageError(
            f"dim is {dim} and the expansions are {dw_expansion} and {ffn_expansion}; their "
            "products are split into halves and must be even."
        )
