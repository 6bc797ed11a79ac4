"""InstructIR: a NAFNet that is told in words what to remove (ECCV 2024)."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.data.instructions import INTENTS, PLAIN, plain_instruction
from irlib.errors import UsageError
from irlib.models import instructir_presets as presets
from irlib.models.listening import SOURCES, ListeningModel
from irlib.models.registry import MODELS
from irlib.nn.instruction_condition import InstructionCondition
from irlib.nn.instruction_head import InstructionHead
from irlib.nn.naf_block import NafBlock
from irlib.registry import unknown_name


@MODELS.register("instructir")
class InstructIR(ListeningModel):
    """InstructIR: NAFNet with an instruction condition block after every encoder and decoder stage.

    The text of an instruction goes through a frozen sentence encoder and, where there is a head,
    through a linear map to a vector that opens and shuts channels. The image alone does not decide
    what is removed. Source: Conde and others, "InstructIR: High-Quality Image Restoration Following
    Human Instructions", ECCV 2024, and the released code. Taught in chapter 17.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        dim: Width C of the first level, even; each level doubles it.
        encoder_blocks: NAFBlocks of each level going down; their number is the number of levels.
        middle_blocks: NAFBlocks at the bottom, where there is no condition block.
        decoder_blocks: NAFBlocks of each level going up, the deepest first.
        text_dim: Length of the text vector that the condition blocks take.
        sentence_dim: Length of the sentence vectors that the head takes; 0 for no head: sentence
            vectors of length ``text_dim`` then act as they are.
        intents: Tasks that the head tells apart: the first of
            :data:`irlib.data.instructions.INTENTS`.
        sentences: Who encodes sentences: "pocket", the encoder that needs no file, or "file", one
            that :meth:`hear` is given.
        tasks: What the network can be told by name, each by its plain sentence.
        encoder: Identity of the encoder that the weights were trained with, for "file"; empty
            where none was heard yet.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1], and what :meth:`told` or :meth:`instructed` gives, to
    (B, in_channels, H, W), not clamped; any H, W from 1 up. Sizes that are no multiple of 2 to the
    number of levels are padded with zeros at the right and bottom and cut back.
    """

    name = "instructir"
    presets: ClassVar = {
        "released": presets.released,
        "paper": presets.paper,
        "language": presets.language,
        "helper": presets.helper,
        "pocket": presets.pocket,
        "smoke": presets.smoke,
    }

    def __init__(
        self,
        in_channels: int = 3,
        dim: int = 32,
        encoder_blocks: Sequence[int] = (2, 2, 4, 8),
        middle_blocks: int = 4,
        decoder_blocks: Sequence[int] = (2, 2, 2, 2),
        text_dim: int = 256,
        sentence_dim: int = 0,
        intents: int = len(INTENTS),
        sentences: str = "pocket",
        tasks: Sequence[str] = tuple(PLAIN),
        encoder: str = "",
    ) -> None:
        super().__init__(
            {
                "in_channels": in_channels,
                "dim": dim,
                "encoder_blocks": tuple(encoder_blocks),
                "middle_blocks": middle_blocks,
                "decoder_blocks": tuple(decoder_blocks),
                "text_dim": text_dim,
                "sentence_dim": sentence_dim,
                "intents": intents,
                "sentences": sentences,
                "tasks": tuple(tasks),
                "encoder": encoder,
            }
        )
        _check_arguments(**self.config)
        levels = len(encoder_blocks)
        self.multiple = 2**levels
        widths = [dim * 2**level for level in range(levels)]

        def stage(width: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(*(NafBlock(width) for _ in range(blocks)))

        def rise(width: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(width, 2 * width, 1, bias=False), nn.PixelShuffle(2))

        def conditions(widths: Sequence[int]) -> nn.ModuleList:
            return nn.ModuleList(InstructionCondition(width, text_dim) for width in widths)

        self.intro = nn.Conv2d(in_channels, dim, 3, padding=1)
        self.encoders = nn.ModuleList(map(stage, widths, encoder_blocks))
        self.encoder_conditions = conditions(widths)
        self.downs = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths)
        self.middle = stage(dim * self.multiple, middle_blocks)
        self.ups = nn.ModuleList(rise(2 * c) for c in reversed(widths))
        self.decoders = nn.ModuleList(map(stage, reversed(widths), decoder_blocks))
        self.decoder_conditions = conditions(widths[::-1])
        self.ending = nn.Conv2d(dim, in_channels, 3, padding=1)
        self.head = InstructionHead(sentence_dim, text_dim, intents) if sentence_dim else None
        self.begin_listening()

    def forward(
        self, degraded: Tensor, told: Tensor | None = None, *, sentences: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor | None]:
        """Restores a batch.

        Args:
            degraded: (B, in_channels, H, W) in [0, 1].
            told: (B, text_dim), what :meth:`told` or :meth:`instructed` gives; or (1, text_dim) for
                all images.
            sentences: (B, sentence_length) instead, vectors of a sentence encoder.

        Returns:
            (B, in_channels, H, W); with ``sentences`` also the logits of the intents, (B, intents),
            None without a head.

        Raises:
            UsageError: A shape that does not fit, or neither or both of the two.
        """
        self.check_input(degraded, self.config["in_channels"], any_size=True)
        if (told is None) == (sentences is None):
            raise UsageError(
                "instructir needs an instruction beside the image: what network.told(['derain']) "
                "or network.instructed('take the rain off') returns."
            )
        logits = None
        if sentences is not None:
            told, logits = self.text(sentences)
        self._check_told(told, degraded.shape[0])
        height, width = degraded.shape[2:]
        padded = F.pad(degraded, (0, -width % self.multiple, 0, -height % self.multiple))
        restored = (padded + self.ending(self._features(padded, told)))[:, :, :height, :width]
        return restored if sentences is None else (restored, logits)

    def _features(self, padded: Tensor, told: Tensor) -> Tensor:
        """What the last convolution sees, (B, C, H, W)."""
        x = self.intro(padded.contiguous(memory_format=torch.channels_last))
        skips = []
        down_path = zip(self.encoders, self.encoder_conditions, self.downs, strict=True)
        for blocks, condition, down in down_path:
            skips.append(condition(blocks(x), told))  # (B, 2^l C, H/2^l, W/2^l)
            x = down(skips[-1])
        x = self.middle(x)
        up_path = zip(self.ups, self.decoders, self.decoder_conditions, strict=True)
        for up, blocks, condition in up_path:
            x = condition(blocks(up(x) + skips.pop()), told)
        return x

    def _check_told(self, told: Tensor, batch: int) -> None:
        expected = self.config["text_dim"]
        if told.ndim != 2 or told.shape[1] != expected or told.shape[0] not in (1, batch):
            raise UsageError(
                f"instructir was given text vectors {tuple(told.shape)} for {batch} images; "
                f"expected ({batch}, {expected}), or (1, {expected}) for all."
            )


def _check_arguments(
    in_channels: int,
    dim: int,
    encoder_blocks: Sequence[int],
    middle_blocks: int,
    decoder_blocks: Sequence[int],
    text_dim: int,
    sentence_dim: int,
    intents: int,
    sentences: str,
    tasks: Sequence[str],
    encoder: str,
) -> None:
    """Refuses arguments that would fail only deep inside the network."""
    if dim < 2 or dim % 2:
        raise UsageError(f"dim is {dim}; expected an even number of channels, such as 32.")
    if not encoder_blocks or len(encoder_blocks) != len(decoder_blocks):
        raise UsageError(
            f"encoder_blocks is {tuple(encoder_blocks)} and decoder_blocks "
            f"{tuple(decoder_blocks)}; expected one number a level in both."
        )
    if min(*encoder_blocks, *decoder_blocks, middle_blocks, sentence_dim) < 0:
        raise UsageError(
            f"encoder_blocks {tuple(encoder_blocks)}, middle_blocks {middle_blocks}, "
            f"decoder_blocks {tuple(decoder_blocks)} and sentence_dim {sentence_dim} must not be "
            "negative."
        )
    for argument, value in (("in_channels", in_channels), ("text_dim", text_dim)):
        if value < 1:
            raise UsageError(f"{argument} is {value}; expected a whole number from 1 up.")
    if not 1 <= intents <= len(INTENTS):
        raise UsageError(
            f"intents is {intents}; expected a number from 1 to {len(INTENTS)}: the head tells the "
            f"first of {', '.join(INTENTS)} apart."
        )
    if sentences not in SOURCES:
        raise UsageError(unknown_name("source of sentences", sentences, list(SOURCES)))
    for task in tasks:
        plain_instruction(task)
    if encoder and sentences == "pocket":
        raise UsageError(
            f"encoder is {encoder!r}, but the pocket encoder reads the sentences; leave it out, or "
            "choose sentences='file'."
        )
