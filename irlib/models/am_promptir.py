"""AM-PromptIR: PromptIR's layout without softmax attention, and told its task in words."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.am_promptir_presets import PRESETS, TEXT_DIMS, check_config
from irlib.models.base import RestorationModel
from irlib.models.registry import MODELS
from irlib.models.task_words import (
    NOISE_TASKS,
    TASK_WORDS,
    shipped_vectors,
    token_ids,
    word_vectors,
)
from irlib.nn import Downsample, Upsample
from irlib.nn.mixed_block import MixedBlock
from irlib.nn.skip_fusion import SkipFusion
from irlib.nn.text_prompt import TextPrompt, check_told

if TYPE_CHECKING:
    from irlib.foundation import Clip


@MODELS.register("am-promptir")
class AMPromptIR(RestorationModel):
    """AM-PromptIR, one network for many degradations that must be told which one it sees.

    A U of four levels like PromptIR's. Its blocks hold a mixed attention without softmax
    (:class:`~irlib.nn.MixedAttention`); two of its three skips are merged by
    :class:`~irlib.nn.SkipFusion`; its prompts are gated by words
    (:class:`~irlib.nn.TextPrompt`). Source: "Adaptive Multi-modal Prompting for All-in-One Image
    Restoration Amidst Diverse Degradations", its figure and the released code. The layers that the
    code builds and never calls are not built here; see
    :func:`irlib.models.am_promptir_presets.never_called`. Taught in chapter 14.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        out_channels: The same number again.
        dim: Width C of the first level, even, at least 8.
        num_blocks: Blocks of levels 1 to 4.
        num_refinement_blocks: Blocks after the decoder.
        ffn_expansion_factor: Hidden width of the feed-forward layers over their width.
        bias: Whether feed-forward layers, joining convolutions, the reductions after the prompts
            and the output have a bias.
        norm_type: "WithBias" or "BiasFree".
        prompt_sizes: Stored height and width of the prompts of levels 1 to 3.
        prompt_len: Number of learned maps a prompt.
        use_prompts: False leaves prompts out, so that what the network is told is not heard.
        text: "tokens", the authors' code: ids of which signs remain. "embedding", as the figure:
            text vectors of a frozen encoder, kept in the network.
        clip: Whose vectors "embedding" takes: "pocket" (they ship with irlib) or "pretrained"
            (ViT-B/32; see :meth:`encode_words`).
        noise_levels: Whether 15, 25 and 50 can be told besides plain noise; for training data that
            says which.
        mix_batch: As the authors' code runs a batch: one grid of signs for all images, whose rows
            take the texts in turn. For comparisons; False gives every image its own text.
        local_expansion: Channels of the local path of the attention over its width.
        strip_expansion: Channels within the strip gate over its width.
        least_gate: Hidden channels that the prompts' channel gates have at least; the authors take
            a sixteenth of the width.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; H and W multiples of 8.
    """

    name = "am-promptir"
    presets: ClassVar = PRESETS
    needs_task: ClassVar[bool] = True

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        dim: int = 24,
        num_blocks: Sequence[int] = (2, 4, 4, 8),
        num_refinement_blocks: int = 2,
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
        prompt_sizes: Sequence[int] = (64, 32, 16),
        prompt_len: int = 5,
        use_prompts: bool = True,
        text: str = "tokens",
        clip: str = "pocket",
        noise_levels: bool = True,
        mix_batch: bool = False,
        local_expansion: int = 2,
        strip_expansion: int = 3,
        least_gate: int = 1,
    ) -> None:
        super().__init__(
            {
                "in_channels": in_channels,
                "out_channels": out_channels,
                "dim": dim,
                "num_blocks": tuple(num_blocks),
                "num_refinement_blocks": num_refinement_blocks,
                "ffn_expansion_factor": ffn_expansion_factor,
                "bias": bias,
                "norm_type": norm_type,
                "prompt_sizes": tuple(prompt_sizes),
                "prompt_len": prompt_len,
                "use_prompts": use_prompts,
                "text": text,
                "clip": clip,
                "noise_levels": noise_levels,
                "mix_batch": mix_batch,
                "local_expansion": local_expansion,
                "strip_expansion": strip_expansion,
                "least_gate": least_gate,
            }
        )
        check_config(**self.config)

        def block(width: int) -> MixedBlock:
            expansions = (local_expansion, strip_expansion)
            return MixedBlock(width, ffn_expansion_factor, bias, norm_type, *expansions)

        def stage(width: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(*(block(width) for _ in range(blocks)))

        self.patch_embed = nn.Conv2d(in_channels, dim, 3, padding=1, bias=False)
        self.encoder_level1 = stage(dim, num_blocks[0])
        self.down1_2 = Downsample(dim)
        self.encoder_level2 = stage(2 * dim, num_blocks[1])
        self.down2_3 = Downsample(2 * dim)
        self.encoder_level3 = stage(4 * dim, num_blocks[2])
        self.down3_4 = Downsample(4 * dim)
        self.latent = stage(8 * dim, num_blocks[3])

        self.up4_3 = Upsample(8 * dim)
        self.fusion3 = SkipFusion(8 * dim, 4 * dim, reduction=8)
        self.decoder_level3 = stage(4 * dim, num_blocks[2])
        self.up3_2 = Upsample(4 * dim)
        self.fusion2 = SkipFusion(4 * dim, 2 * dim, reduction=4)
        self.decoder_level2 = stage(2 * dim, num_blocks[1])
        self.up2_1 = Upsample(2 * dim)
        self.decoder_level1 = stage(2 * dim, num_blocks[0])
        self.refinement = stage(2 * dim, num_refinement_blocks)
        self.output = nn.Conv2d(2 * dim, out_channels, 3, padding=1, bias=bias)
        text_dim = TEXT_DIMS[clip] if text == "embedding" else 0
        if text_dim:
            self.register_buffer("word_vectors", torch.zeros(len(TASK_WORDS), text_dim))
            if clip == "pocket":
                self.word_vectors.copy_(shipped_vectors())
        else:
            table = token_ids([words.text for words in TASK_WORDS.values()])
            self.register_buffer("word_ids", table, persistent=False)
        if not use_prompts:
            return

        for level, size in enumerate(prompt_sizes, 1):
            width = dim * 2**level
            prompt = TextPrompt(width, prompt_len, size, text_dim, least_gate)
            self.add_module(f"prompt{level}", prompt)
            reduce = nn.Conv2d(2 * width, width, 1, bias=bias)
            parts = OrderedDict(block=block(2 * width), reduce=reduce)
            self.add_module(f"interaction{level}", nn.Sequential(parts))

    @property
    def known_tasks(self) -> tuple[str, ...]:
        """What the network can be told: five tasks and, where it has learned them, three levels."""
        if self.config["noise_levels"]:
            return tuple(TASK_WORDS)
        return tuple(task for task in TASK_WORDS if task not in NOISE_TASKS)

    def told(self, tasks: Sequence[str]) -> Tensor:
        """Turns tasks into what :meth:`forward` is told.

        Args:
            tasks: Names in :attr:`known_tasks`, one an image, or one for all images.

        Returns:
            (B, 8) token ids, or (B, text_dim) text vectors.

        Raises:
            UsageError: An unknown task, or text vectors that were never filled in.
        """
        self.check_tasks(tasks)
        rows = [list(TASK_WORDS).index(task) for task in tasks]
        table = self.word_ids if self.config["text"] == "tokens" else self.word_vectors
        if not self.has_words:
            raise UsageError(
                f"this {self.name} has no text vectors yet. Fill them in with "
                "network.encode_words(irlib.foundation.load_clip('pretrained')), load weights, "
                "or create it with clip='pocket'."
            )
        return table[rows]

    @property
    def has_words(self) -> bool:
        """Whether :meth:`told` knows the words: ids always, vectors once they are filled in."""
        return self.config["text"] == "tokens" or bool(self.word_vectors.any())

    def encode_words(self, clip: "Clip") -> None:
        """Fills in the text vectors; they are stored with the weights.

        Args:
            clip: The encoder, of the width that the network was created for.

        Raises:
            UsageError: A network that reads ids, or an encoder of another width.
        """
        if self.config["text"] == "tokens":
            raise UsageError(f"this {self.name} reads token ids; create it with text='embedding'.")
        if clip.dim != self.word_vectors.shape[1]:
            raise UsageError(
                f"this {self.name} takes text vectors of length {self.word_vectors.shape[1]}, but "
                f"the CLIP given makes {clip.dim}. Create it with the clip that it is meant for."
            )
        self.word_vectors.copy_(word_vectors(clip))

    def forward(self, degraded: Tensor, told: Tensor | None = None) -> Tensor:
        """Restores a batch.

        Args:
            degraded: (B, C, H, W) in [0, 1].
            told: What :meth:`told` makes of the tasks, one row an image; one row serves all.

        Returns:
            (B, C, H, W).
        """
        self.check_input(degraded, self.config["in_channels"])
        if self.config["use_prompts"]:
            batch = None if self.config["mix_batch"] else len(degraded)
            check_told(told, batch)
        level1 = self.encoder_level1(
            self.patch_embed(degraded.contiguous(memory_format=torch.channels_last))
        )  # (B, C, H, W)
        level2 = self.encoder_level2(self.down1_2(level1))  # (B, 2C, H/2, W/2)
        level3 = self.encoder_level3(self.down2_3(level2))  # (B, 4C, H/4, W/4)
        latent = self.latent(self.down3_4(level3))  # (B, 8C, H/8, W/8)

        latent = self._prompted(latent, 3, told)
        level3 = self.fusion3(torch.cat([self.up4_3(latent), level3], dim=1))
        level3 = self._prompted(self.decoder_level3(level3), 2, told)
        level2 = self.fusion2(torch.cat([self.up3_2(level3), level2], dim=1))
        level2 = self._prompted(self.decoder_level2(level2), 1, told)
        joined = torch.cat([self.up2_1(level2), level1], dim=1)  # (B, 2C, H, W)
        return degraded + self.output(self.refinement(self.decoder_level1(joined)))

    def _prompted(self, features: Tensor, level: int, told: Tensor | None) -> Tensor:
        """Merges the prompt of ``level`` into its features."""
        if not self.config["use_prompts"]:
            return features
        prompt = getattr(self, f"prompt{level}")(features, told, self.config["mix_batch"])
        joined = torch.cat([features, prompt.to(features.dtype)], dim=1)
        return getattr(self, f"interaction{level}")(joined)
