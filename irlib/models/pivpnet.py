"""PIVPNet: a U-net of gated convolutions with a hand-made prior and a visual prompt."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.registry import MODELS
from irlib.nn.gated_conv import GatedConvBlock
from irlib.nn.prior_detail import PriorDetail, channel_prior
from irlib.nn.selective_fusion import SelectiveFusion
from irlib.nn.visual_prompt import MASKS, VisualPrompt
from irlib.registry import unknown_name

PRIORS = ("off", "on", "added")


def released() -> dict[str, Any]:
    """What the released code computes: the prior goes unused, every mask is one."""
    return {"dim": 32, "depths": (8, 8, 8, 16, 8, 8, 8)}


def with_prior() -> dict[str, Any]:
    """The released layers, with the prior's output put to use; ours."""
    return {**released(), "prior": "on"}


def with_masks() -> dict[str, Any]:
    """The released layers, with masks that are learned; ours."""
    return {**released(), "masks": "learned"}


def paper() -> dict[str, Any]:
    """Our reading of the README's text: the prior guides, and prompts follow the image."""
    return {**released(), "prior": "on", "masks": "learned"}


def pocket() -> dict[str, Any]:
    """The released form, small enough for a laptop to train in minutes.

    Prompts are stored at the sizes that features have on its training patches of 64 pixels.
    """
    return {
        "dim": 16,
        "depths": (4, 4, 4, 8, 4, 4, 4),
        "prompt_sizes": (32, 16, 8),
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 4,
        "depths": (1, 1, 1, 1, 1, 1, 1),
        "prompt_blocks": 1,
        "prompt_sizes": (16, 8, 4),
    }


@MODELS.register("pivpnet")
class PIVPNet(RestorationModel):
    """PIVPNet: gUNet with, before every up-sampling, a prompt and perhaps a prior.

    It is blind: it takes the image alone. Its README names three modules, a prior, a visual prompt
    and a detail enhancement; in the released code the output of prior and detail is dropped and the
    prompt is a fixed gain. ``prior`` and ``masks`` switch each on. Layers that a form does not use
    stay in the state dictionary, so that one checkpoint fits all, but are neither computed nor
    learned. Source: the released code and the README, "All-in-one Image Restoration Method via
    Prior Information and Visual Perception Prompt". Taught in chapter 16.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        dim: Width C of the first level; each level doubles it.
        depths: Residual blocks of each stage: down, bottom, up; odd in number.
        kernel_size: Side of the depth-wise kernels of the residual blocks, odd.
        prompt_blocks: Residual blocks behind each prompt.
        prompt_sizes: Side at which each level's prompt is stored, the shallowest first.
        prior: "off" as released; "on" hands what the prior guides to the layer that merges it with
            the prompt, in place of the plain features; "added" hands it their sum.
        masks: "ones" as released, or "learned".

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; H and W multiples of
    ``multiple`` and at least ``smallest``. Feature maps are kept channels-last throughout.
    """

    name = "pivpnet"
    presets: ClassVar = {
        "released": released,
        "prior": with_prior,
        "masks": with_masks,
        "paper": paper,
        "pocket": pocket,
        "smoke": smoke,
    }

    def __init__(
        self,
        in_channels: int = 3,
        dim: int = 32,
        depths: Sequence[int] = (8, 8, 8, 16, 8, 8, 8),
        kernel_size: int = 5,
        prompt_blocks: int = 4,
        prompt_sizes: Sequence[int] = (64, 32, 16),
        prior: str = "off",
        masks: str = "ones",
    ) -> None:
        super().__init__(
            {
                "in_channels": in_channels,
                "dim": dim,
                "depths": tuple(depths),
                "kernel_size": kernel_size,
                "prompt_blocks": prompt_blocks,
                "prompt_sizes": tuple(prompt_sizes),
                "prior": prior,
                "masks": masks,
            }
        )
        _check_arguments(**self.config)
        levels = len(depths) // 2
        self.multiple = 2**levels
        self.smallest = self.multiple * (kernel_size // 2 + 1)  # mirroring needs a row more
        widths = [dim * 2**level for level in range(levels + 1)]
        deeper = widths[1:]  # of the features that a decoder step takes

        def stage(width: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(
                *(GatedConvBlock(width, kernel_size, sum(depths)) for _ in range(blocks))
            )

        def mirrored(inputs: int, outputs: int) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")

        def rise(width: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.PixelShuffle(2))

        self.intro = mirrored(in_channels, dim)
        self.stages = nn.ModuleList(map(stage, widths + widths[-2::-1], depths))
        self.downs = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths[:-1])
        self.skips = nn.ModuleList(nn.Conv2d(c, c, 1) for c in widths[:-1])
        self.prior_stems = nn.ModuleList(
            nn.Conv2d(in_channels + 2, c, 3, padding=1) for c in deeper
        )
        self.details = nn.ModuleList(map(PriorDetail, deeper))
        self.prompts = nn.ModuleList(
            VisualPrompt(c, size, masks) for c, size in zip(deeper, prompt_sizes, strict=True)
        )
        self.merges = nn.ModuleList(nn.Conv2d(2 * c, c, 1) for c in deeper)
        self.prompt_stages = nn.ModuleList(stage(c, prompt_blocks) for c in deeper)
        self.ups = nn.ModuleList(map(rise, deeper))
        self.fusions = nn.ModuleList(map(SelectiveFusion, widths[:-1]))
        self.ending = mirrored(dim, in_channels)
        # Several devices wait for the gradient of everything that asks for one.
        self.prior_stems.requires_grad_(prior != "off")
        self.details.requires_grad_(prior != "off")

    def forward(self, degraded: Tensor) -> Tensor:
        self.check_input(degraded, self.config["in_channels"])
        self._check_size(degraded)
        degraded = degraded.contiguous(memory_format=torch.channels_last)
        features = self.intro(degraded)
        skips = []
        for blocks, skip, down in zip(self.stages, self.skips, self.downs, strict=False):
            features = blocks(features)  # (B, 2^l C, H/2^l, W/2^l)
            skips.append(skip(features))
            features = down(features)
        levels = len(skips)
        features = self.stages[levels](features)
        for level in reversed(range(levels)):
            features = self.prompted(features, degraded, level)
            features = self.fusions[level](self.ups[level](features), skips[level])
            features = self.stages[2 * levels - level](features)
        return degraded + self.ending(features)

    def prompted(self, features: Tensor, degraded: Tensor, level: int) -> Tensor:
        """What a decoder step does before it doubles the size: prompt, prior, four blocks.

        Args:
            features: (B, 2^(level + 1) C, H/2^(level + 1), W/2^(level + 1)).
            degraded: (B, in_channels, H, W).
            level: The level that the step leads to, 0 for full size.
        """
        prompt = self.prompts[level](features)
        guided = self.guided(features, degraded, level)
        return self.prompt_stages[level](self.merges[level](torch.cat([prompt, guided], dim=1)))

    def guided(self, features: Tensor, degraded: Tensor, level: int) -> Tensor:
        """The features as the prior leaves them, which with ``prior="off"`` is as they are."""
        if self.config["prior"] == "off":
            return features
        detail = self.detail(features, degraded, level)
        return features + detail if self.config["prior"] == "added" else detail

    def detail(self, features: Tensor, degraded: Tensor, level: int) -> Tensor:
        """The output of prior and detail enhancement, which the released code drops."""
        prior = channel_prior(degraded).contiguous(memory_format=torch.channels_last)
        pooled = F.avg_pool2d(prior, 2 ** (level + 1))
        return self.details[level](features, self.prior_stems[level](pooled))

    def _check_size(self, degraded: Tensor) -> None:
        if min(degraded.shape[2:]) < self.smallest:
            raise UsageError(
                f"{self.name} was given {degraded.shape[2]}x{degraded.shape[3]} pixels; height and "
                f"width must be at least {self.smallest}, since the deepest level mirrors what it "
                "sees. Use irlib.evaluation.restore_image, which extends smaller images."
            )


def _check_arguments(
    in_channels: int,
    dim: int,
    depths: Sequence[int],
    kernel_size: int,
    prompt_blocks: int,
    prompt_sizes: Sequence[int],
    prior: str,
    masks: str,
) -> None:
    """Refuses arguments that would fail only deep inside the network."""
    for argument, value, known in (("prior", prior, PRIORS), ("masks", masks, MASKS)):
        if value not in known:
            raise UsageError(unknown_name(argument, value, list(known)))
    if len(depths) < 3 or len(depths) % 2 == 0:
        raise UsageError(
            f"depths is {tuple(depths)}; expected an odd number of stages from 3 up, such as "
            "(8, 8, 8, 16, 8, 8, 8): as many up as down, and one between."
        )
    if len(prompt_sizes) != len(depths) // 2:
        raise UsageError(
            f"prompt_sizes is {tuple(prompt_sizes)}; expected {len(depths) // 2} numbers, one for "
            f"each of the levels that depths {tuple(depths)} makes."
        )
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise UsageError(f"kernel_size is {kernel_size}; expected an odd number from 1 up.")
    for argument, value in (("in_channels", in_channels), ("dim", dim)):
        if value < 1:
            raise UsageError(f"{argument} is {value}; expected a whole number from 1 up.")
    if min(*depths, *prompt_sizes, prompt_blocks) < 1:
        raise UsageError(
            f"depths {tuple(depths)}, prompt_blocks {prompt_blocks} and prompt_sizes "
            f"{tuple(prompt_sizes)} must be from 1 up."
        )
