"""PromptIR: Restormer with three prompt blocks that tell degradations apart (NeurIPS 2023)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.registry import MODELS
from irlib.models.restormer import Restormer
from irlib.nn import PromptGeneration, PromptInteraction, Upsample

PROMPT_LEVELS = 3


def released() -> dict[str, Any]:
    """The authors' current code, without the six layers it builds and never calls."""
    return {}


def paper() -> dict[str, Any]:
    """The paper's network: the same layers (the differences lie in the training recipe)."""
    return {}


def checkpoint() -> dict[str, Any]:
    """The code as it was when paper and checkpoint were made: prompts that never learn."""
    return {"frozen_prompts": True}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes; prompts sized for crops of 64 pixels.

    The feed-forward expansion of 2 keeps every width a multiple of 16, which CPUs and GPUs fill
    their vector units with; the authors' 2.66 does not.
    """
    return {
        "dim": 16,
        "num_blocks": (1, 2, 2, 2),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 4),
        "ffn_expansion_factor": 2.0,
        "prompt_dims": (8, 16, 16),
        "prompt_sizes": (32, 16, 8),
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "num_blocks": (1, 1, 1, 1),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 2),
        "prompt_dims": (4, 4, 4),
        "prompt_sizes": (16, 8, 4),
    }


@MODELS.register("promptir")
class PromptIR(Restormer):
    """PromptIR, one blind network for many degradations.

    The encoder is Restormer's. On the way up, each level first generates a prompt from its features
    (:class:`~irlib.nn.PromptGeneration`) and merges it (:class:`~irlib.nn.PromptInteraction`).
    Source: Potlapalli and others, "PromptIR: Prompting for All-in-One Blind Image Restoration",
    NeurIPS 2023, figure 2, and the released code. Taught in chapter 05.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        out_channels: The same number again.
        dim: Width C of the first level, even.
        num_blocks: Blocks of levels 1 to 4.
        num_refinement_blocks: Blocks after the decoder.
        heads: Attention heads of levels 1 to 4; the prompt interactions all use the third.
        ffn_expansion_factor: Hidden width of the feed-forward layers over their width.
        bias: As in Restormer; it reaches the prompt interactions, not the prompt convolutions.
        norm_type: "WithBias" or "BiasFree".
        prompt_dims: Prompt channels of levels 1 to 3 (prompt 1 is the last to enter).
        prompt_sizes: Stored height and width of the prompts; equal to the feature sizes of a
            training crop of twice the first.
        prompt_lens: Number of components of the prompts.
        use_prompts: False builds Restormer with the same arguments.
        frozen_prompts: True keeps the components as drawn, as the authors' code did until
            July 2023.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; H and W multiples of 8.
    """

    name = "promptir"
    presets: ClassVar = {
        "released": released,
        "paper": paper,
        "checkpoint": checkpoint,
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
        prompt_dims: Sequence[int] = (64, 128, 320),
        prompt_sizes: Sequence[int] = (64, 32, 16),
        prompt_lens: Sequence[int] = (5, 5, 5),
        use_prompts: bool = True,
        frozen_prompts: bool = False,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            dim,
            num_blocks,
            num_refinement_blocks,
            heads,
            ffn_expansion_factor,
            bias,
            norm_type,
        )
        del self.config["dual_pixel"]
        self.config |= {
            "prompt_dims": tuple(prompt_dims),
            "prompt_sizes": tuple(prompt_sizes),
            "prompt_lens": tuple(prompt_lens),
            "use_prompts": use_prompts,
            "frozen_prompts": frozen_prompts,
        }
        if not use_prompts:
            return
        _check_prompts(**self.config)

        # Level 4 leaves its prompt interaction with half its width, so what follows is narrower.
        self.up4_3 = Upsample(4 * dim)
        self.reduce_level3 = nn.Conv2d(2 * dim + 4 * dim, 4 * dim, 1, bias=bias)
        widths = ((2 * dim, 2 * dim), (4 * dim, 4 * dim), (8 * dim, 4 * dim))  # in, out
        for level, (width, out_width) in enumerate(widths):
            generation = PromptGeneration(
                width, prompt_dims[level], prompt_lens[level], prompt_sizes[level]
            )
            generation.components.requires_grad_(not frozen_prompts)
            interaction = PromptInteraction(
                width,
                prompt_dims[level],
                out_width,
                heads[2],
                ffn_expansion_factor,
                bias,
                norm_type,
            )
            self.add_module(f"prompt{level + 1}", generation)
            self.add_module(f"interaction{level + 1}", interaction)

    def forward(
        self, degraded: Tensor, return_prompt_weights: bool = False
    ) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Restores a batch.

        Args:
            degraded: (B, C, H, W) in [0, 1].
            return_prompt_weights: Also return the share of each component, for looking at.

        Returns:
            (B, C, H, W); with ``return_prompt_weights`` also a dictionary with the weights
            (B, components) under "prompt1", "prompt2" and "prompt3".
        """
        self.check_input(degraded, self.config["in_channels"])
        weights: dict[str, Tensor] = {}
        _, skips, latent = self.encode(degraded)
        level3 = self.decode_level3(self._prompted(latent, 3, weights), skips[2])
        level2 = self.decode_level2(self._prompted(level3, 2, weights), skips[1])
        level1 = self.decode_level1(self._prompted(level2, 1, weights), skips[0])
        restored = degraded + self.output(level1)
        return (restored, weights) if return_prompt_weights else restored

    def _prompted(self, features: Tensor, level: int, weights: dict[str, Tensor]) -> Tensor:
        """Merges the prompt of ``level`` into its features and notes its weights."""
        if not self.config["use_prompts"]:
            return features
        name = f"prompt{level}"
        generation = getattr(self, name)
        weights[name] = generation.weights(features)
        prompt = generation(features, weights[name])
        return getattr(self, f"interaction{level}")(features, prompt)


def _check_prompts(
    dim: int,
    heads: Sequence[int],
    prompt_dims: Sequence[int],
    prompt_sizes: Sequence[int],
    prompt_lens: Sequence[int],
    **_: Any,
) -> None:
    """Refuses prompt arguments that would fail only deep inside the network."""
    for argument, values in (
        ("prompt_dims", prompt_dims),
        ("prompt_sizes", prompt_sizes),
        ("prompt_lens", prompt_lens),
    ):
        if len(values) != PROMPT_LEVELS or min(values) < 1:
            raise UsageError(
                f"{argument} is {tuple(values)}; expected {PROMPT_LEVELS} positive numbers, "
                "for levels 1 to 3."
            )
    for level, prompt_dim in enumerate(prompt_dims):
        width = dim * 2 ** (level + 1) + prompt_dim
        if width % heads[2]:
            raise UsageError(
                f"prompt_dims is {tuple(prompt_dims)}: features and prompt of level {level + 1} "
                f"have {width} channels together, which {heads[2]} heads (heads[2]) do not divide."
                f" Choose a prompt width that makes it a multiple of {heads[2]}."
            )
