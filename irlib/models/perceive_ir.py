"""Perceive-IR: decoders steered by what a frozen encoder sees and by a learned degradation code."""

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.guided_backbones import LEVELS, GuidedNafNet, GuidedRestormer, Steering
from irlib.models.perceive_ir_presets import PRESETS
from irlib.models.registry import MODELS
from irlib.nn.degradation_code import DegradationEncoder
from irlib.nn.padding import pad_to_multiple
from irlib.registry import unknown_name

BACKBONES = ("restormer", "nafnet")


@MODELS.register("perceive-ir")
class PerceiveIR(RestorationModel):
    r"""The network of Perceive-IR's second stage.

    A plain encoder; then every level l of the way up is guided by a prior :math:`P_l = [F_l, Z]`
    (:class:`~irlib.nn.guidance.PromptGuidance`), where :math:`F_l` are class tokens of a frozen
    DINO-v2 after blocks 1, 4, 8 and 12, level 1 being the full size, and Z is the code of the
    degradation (:class:`~irlib.nn.degradation_code.DegradationEncoder`).
    Source: Zhang and others, "Perceive-IR: Learning to Perceive Degradation Better for All-in-One
    Image Restoration", 2024 (arXiv 2408.15994), section 3.3 and figure 2, with the authors' code
    where the text is silent. Taught in chapter 11.

    The frozen encoder stays outside, so that state, optimiser and parameter count hold only what
    is trained; :class:`~irlib.models.semantics.WithSemantics` puts both together.

    Args:
        backbone: "restormer", or "nafnet" for the variant whose size the paper states.
        dim: Width C of the first level, even.
        num_blocks: Blocks of levels 1 to 4; with NAFNet of its encoder.
        num_refinement_blocks: Restormer's blocks after the decoder.
        num_middle_blocks: NAFNet's blocks at the bottom.
        num_decoder_blocks: NAFNet's guided blocks of levels 1 to 4 (Restormer repeats num_blocks).
        heads: Attention heads of levels 1 to 4; each must divide its level's width.
        ffn_expansion_factor: Of Restormer's feed-forward layers.
        bias: Whether Restormer's convolutions, or the attentions in NAFNet, have a bias.
        norm_type: Of Restormer's norms, "WithBias" or "BiasFree".
        decoder1_width: "concat" (2C, as Restormer) or "dim" (C): Restormer's last level.
        pgca: "single": attention from guide to features replaces the backbone's own; "double": a
            plain attention follows it; "none": the backbone's own blocks start from the guide.
        pgm_scope: A guidance for each "block" or one for each "level".
        etb_residual: Whether the attention is added to the guide ("guidance") or the "input".
        pgm_body: "linear_conv1x1", "linear_conv3x3", "mlp", "shift" (the prior is only added) or
            "none" (no guidance).
        pgm_one_plus_gamma: Whether the guidance multiplies by one plus its scale.
        pgm_zero_init: Whether guides start equal to the features.
        cfe_body: "residual" or "plain"; this and the following six as in
            :class:`~irlib.nn.degradation_code.DegradationEncoder`.
        cfe_widths: Widths of its parts.
        cfe_strides: Their strides.
        cfe_hidden: Width inside its head.
        cfe_out: Length of the code.
        cfe_slope: Of its LeakyReLUs.
        cfe_normalise_output: Whether codes have length one.
        semantic_dim: Length of a class token.
        use_semantics: Whether semantics are part of the prior.
        use_code: Whether the code is. Without both, a guidance is told a learned constant.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, 3, H, W) in [0, 1] to the same, not clamped; any H, W from 1 up.
    """

    name = "perceive-ir"
    presets: ClassVar = PRESETS
    padding = "replicate"

    def __init__(
        self,
        backbone: str = "restormer",
        dim: int = 48,
        num_blocks: Sequence[int] = (4, 6, 6, 8),
        num_refinement_blocks: int = 4,
        num_middle_blocks: int = 1,
        num_decoder_blocks: Sequence[int] = (1, 1, 1, 1),
        heads: Sequence[int] = (1, 2, 4, 8),
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
        decoder1_width: str = "concat",
        pgca: str = "single",
        pgm_scope: str = "block",
        etb_residual: str = "guidance",
        pgm_body: str = "linear_conv1x1",
        pgm_one_plus_gamma: bool = True,
        pgm_zero_init: bool = True,
        cfe_body: str = "residual",
        cfe_widths: Sequence[int] = (160, 512),
        cfe_strides: Sequence[int] = (2, 2),
        cfe_hidden: int = 256,
        cfe_out: int = 128,
        cfe_slope: float = 0.1,
        cfe_normalise_output: bool = False,
        semantic_dim: int = 768,
        use_semantics: bool = True,
        use_code: bool = True,
    ) -> None:
        given = locals()
        config = {name: given[name] for name in _ARGUMENTS}
        for name in ("num_blocks", "num_decoder_blocks", "heads", "cfe_widths", "cfe_strides"):
            config[name] = tuple(config[name])
        super().__init__(config)
        _check_arguments(**self.config)
        prior_dim = semantic_dim * use_semantics + cfe_out * use_code
        self.constant = None
        if prior_dim == 0 and pgm_body != "none":
            prior_dim = cfe_out
            self.constant = nn.Parameter(torch.randn(LEVELS, prior_dim))
        steering = Steering(
            prior_dim,
            pgm_body,
            pgm_scope,
            pgm_one_plus_gamma,
            pgm_zero_init,
            pgca,
            etb_residual,
        )
        self.code = None
        if use_code:
            self.code = DegradationEncoder(
                cfe_body,
                cfe_widths,
                cfe_strides,
                cfe_hidden,
                cfe_out,
                cfe_slope,
                cfe_normalise_output,
            )
        if backbone == "restormer":
            self.backbone: nn.Module = GuidedRestormer(
                steering,
                dim,
                num_blocks,
                num_refinement_blocks,
                heads,
                ffn_expansion_factor,
                bias,
                norm_type,
                decoder1_width,
            )
        else:
            self.backbone = GuidedNafNet(
                steering, dim, num_blocks, num_middle_blocks, num_decoder_blocks, heads, bias
            )
            self.multiple = self.backbone.multiple

    @property
    def needs_semantics(self) -> bool:
        """Whether :meth:`forward` needs what a frozen encoder sees."""
        return self.config["use_semantics"]

    @property
    def semantic_dim(self) -> int:
        """Length of a class token that :meth:`forward` takes."""
        return self.config["semantic_dim"]

    def forward(
        self,
        degraded: Tensor,
        semantics: Sequence[Tensor] | None = None,
        positive: Tensor | None = None,
    ) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Restores a batch.

        Images are padded by repeating their last row and column to a multiple of 8 (with NAFNet
        16) and cut back. Whoever computes the semantics pads alike first
        (``pad_to_multiple(image, model.multiple, model.padding)``), so that both see the same.

        Args:
            degraded: (B, 3, H, W) in [0, 1].
            semantics: Class tokens for levels 1 to 4, four of (B, semantic_dim); None where the
                network uses none.
            positive: (B, 3, H', W'), second crops of the same degraded images, for the contrastive
                loss; they are encoded, never restored.

        Returns:
            (B, 3, H, W); with ``positive`` also the codes of both, (B, cfe_out) each.

        Raises:
            UsageError: A shape that does not fit, or semantics or a code that is missing.
        """
        self.check_input(degraded, 3, any_size=True)
        padded, (height, width) = self.padded(degraded)
        code = None if self.code is None else self.code(padded)
        priors = self._priors(degraded, semantics, code)
        restored = self.backbone(padded, priors)[:, :, :height, :width]
        if positive is None:
            return restored
        if self.code is None:
            raise UsageError(
                "perceive-ir was given a positive crop, but has use_code=False and no code to "
                "compare. Leave the crop and the contrastive loss out."
            )
        self.check_input(positive, 3, any_size=True)
        return restored, code, self.code(self.padded(positive)[0])

    def padded(self, image: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Returns the image as the network and its encoder see it, channels-last, and (H, W)."""
        padded, size = pad_to_multiple(image, self.multiple, self.padding)
        return padded.contiguous(memory_format=torch.channels_last), size

    def _priors(
        self, degraded: Tensor, semantics: Sequence[Tensor] | None, code: Tensor | None
    ) -> list[Tensor]:
        """Returns what is known of each image for levels 1 to 4, (B, prior_dim) each."""
        batch = degraded.shape[0]
        if self.needs_semantics:
            self._check_semantics(semantics, batch)
        if self.constant is not None:
            return list(self.constant[:, None].expand(-1, batch, -1))
        known = [[] if code is None else [code] for _ in range(LEVELS)]
        if self.needs_semantics:
            # The order of the authors' code: semantics, then code.
            known = [[f.to(degraded), *z] for f, z in zip(semantics, known, strict=True)]
        return [torch.cat(parts, dim=1) if parts else degraded[:, 0, 0, :0] for parts in known]

    def _check_semantics(self, semantics: Sequence[Tensor] | None, batch: int) -> None:
        expected = (batch, self.semantic_dim)
        if semantics is None:
            raise UsageError(
                "perceive-ir needs the semantics of the image beside it: four class tokens of "
                f"shape {expected}. To let a DINO-v2 compute them, call "
                "irlib.models.WithSemantics(model, irlib.foundation.load_dino()) instead."
            )
        given = [tuple(tokens.shape) for tokens in semantics]
        if given != [expected] * LEVELS:
            raise UsageError(
                f"perceive-ir was given semantics of the shapes {given}; expected {LEVELS} of "
                f"{expected}, for levels 1 to {LEVELS}. Use the encoder it was trained with."
            )


_ARGUMENTS = tuple(inspect.signature(PerceiveIR).parameters)


def _check_arguments(
    backbone: str,
    dim: int,
    num_blocks: Sequence[int],
    num_decoder_blocks: Sequence[int],
    heads: Sequence[int],
    pgm_body: str,
    use_semantics: bool,
    use_code: bool,
    **_: Any,
) -> None:
    """Refuses arguments that would fail only deep inside the network."""
    if backbone not in BACKBONES:
        raise UsageError(unknown_name("backbone", backbone, list(BACKBONES)))
    if dim < 2 or dim % 2:
        raise UsageError(f"dim is {dim}; expected an even number of channels, such as 48.")
    for argument, values in (
        ("num_blocks", num_blocks),
        ("num_decoder_blocks", num_decoder_blocks),
        ("heads", heads),
    ):
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
    if pgm_body == "none" and (use_semantics or use_code):
        raise UsageError(
            "pgm_body is 'none', so that semantics and code would have no way into the network. "
            "Choose pgm_body='shift', or use_semantics=False and use_code=False."
        )
