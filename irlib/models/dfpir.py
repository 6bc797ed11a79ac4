"""DFPIR: Restormer whose skips are shuffled by the name of the degradation (CVPR 2025)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from irlib.errors import UsageError
from irlib.models.degradation_prompts import (
    PROMPT_TASKS,
    TEXT_DIMS,
    known_tasks,
    prompt_row,
    read_text,
    shipped_text,
)
from irlib.models.registry import MODELS
from irlib.models.restormer import LEVELS, Restormer
from irlib.nn import Perturbation
from irlib.registry import unknown_name

if TYPE_CHECKING:
    from irlib.foundation import Clip


def released() -> dict[str, Any]:
    """The authors' code; told a text vector, or a task once a CLIP has read the prompts."""
    return {}


def paper() -> dict[str, Any]:
    """The same layers: what figure and text say otherwise, the code does not do."""
    return {}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes, told by the vectors of the pocket CLIP.

    Simple prompts: the embedded data has every level of noise, not three. Two blocks fewer than in
    Restormer's preset make up for what the perturbations weigh. Heads are narrow: attention that is
    still nearly uniform hands on about one mixture of channels a head, and over a skip without a
    way around it more than one must pass, or noise is hardly learned in so few steps.
    """
    return {
        "dim": 16,
        "num_blocks": (1, 2, 1, 1),
        "num_refinement_blocks": 1,
        "heads": (4, 8, 16, 32),
        "ffn_expansion_factor": 2.0,
        "clip": "pocket",
        "prompts": "simple",
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "num_blocks": (1, 1, 1, 1),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 2),
        "clip": "pocket",
        "prompts": "simple",
    }


@MODELS.register("dfpir")
class DFPIR(Restormer):
    """DFPIR, one network for many degradations that must be told which one it sees.

    Restormer, but what goes over each skip and what leaves the bottom passes a
    :class:`~irlib.nn.Perturbation`, whose order of channels follows from a sentence that names the
    degradation. Orders are whole numbers and depend on the last digits of the text vectors, so
    they are kept with the weights, beside the vectors: a weights file alone restores as it was
    trained to. Source: "Degradation-Aware Feature Perturbation for All-in-One Image Restoration",
    CVPR 2025, and the released code. Taught in chapter 15.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        dim: Width C of the first level, even; the levels have widths C, 2C, 4C, 8C.
        num_blocks: Blocks of levels 1 to 4 (the decoder repeats levels 1 to 3).
        num_refinement_blocks: Blocks after the decoder, at full size and width 2C.
        heads: Attention heads of levels 1 to 4; each must divide its level's width.
        ffn_expansion_factor: Hidden width of the feed-forward layers over their width.
        norm_type: "WithBias" or "BiasFree".
        keep: Share of the keys that each query of a perturbation keeps.
        clip: Whose text vectors it takes: "pretrained" (ViT-B/32, 512 numbers) or "pocket" (128).
        prompts: "detailed" (three levels of noise apart) or "simple" (one word a degradation),
            kept as a table in the network; None for one that is told text vectors only, as the
            authors' files are. With the pocket CLIP the table is filled at once; with the other
            one by :meth:`encode_words`, or from a weights file.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; H and W multiples of 8.
    """

    name = "dfpir"
    presets: ClassVar = {
        "released": released,
        "paper": paper,
        "pocket": pocket,
        "smoke": smoke,
    }
    needs_task: ClassVar[bool] = True

    def __init__(
        self,
        in_channels: int = 3,
        dim: int = 48,
        num_blocks: Sequence[int] = (4, 6, 6, 8),
        num_refinement_blocks: int = 4,
        heads: Sequence[int] = (1, 2, 4, 8),
        ffn_expansion_factor: float = 2.66,
        norm_type: str = "WithBias",
        keep: float = 0.9,
        clip: str = "pretrained",
        prompts: str | None = None,
    ) -> None:
        _check_words(keep, clip, prompts)
        super().__init__(
            in_channels=in_channels,
            out_channels=in_channels,
            dim=dim,
            num_blocks=num_blocks,
            num_refinement_blocks=num_refinement_blocks,
            heads=heads,
            ffn_expansion_factor=ffn_expansion_factor,
            norm_type=norm_type,
        )
        for name in ("out_channels", "bias", "dual_pixel"):
            del self.config[name]
        self.config |= {"keep": keep, "clip": clip, "prompts": prompts}
        for level, num_heads in enumerate(heads, 1):
            width = dim * 2 ** (level - 1)
            block = Perturbation(
                width, num_heads, TEXT_DIMS[clip], ffn_expansion_factor, norm_type, keep
            )
            self.add_module(f"perturb{level}", block)
        if prompts is not None:
            self._make_table(prompts)
            if clip == "pocket":
                self.fill_table(shipped_text(prompts))

    def forward(self, degraded: Tensor, told: Tensor) -> Tensor:
        """Restores a batch.

        Args:
            degraded: (B, C, H, W) in [0, 1].
            told: What :meth:`told` makes of the tasks, one an image or one for all; or text
                vectors (B, text width), whose orders are then worked out here.

        Raises:
            UsageError: Sizes that the network cannot take, or a ``told`` that is neither.
        """
        self.check_input(degraded, self.config["in_channels"])
        return self.restore(degraded, self.orders(told, len(degraded)))

    def restore(self, degraded: Tensor, orders: Sequence[Tensor]) -> Tensor:
        """Restores a batch with orders of one's own, to see what becomes of it.

        Args:
            degraded: (B, C, H, W) in [0, 1].
            orders: For levels 1 to 4 the order of the widened channels, (B or 1, 2 width).
        """
        _, skips, latent = self.encode(degraded)
        features = self.decode_level3(
            self.perturb4(latent, orders[3]), self.perturb3(skips[2], orders[2])
        )
        features = self.decode_level2(features, self.perturb2(skips[1], orders[1]))
        features = self.decode_level1(features, self.perturb1(skips[0], orders[0]))
        return degraded + self.output(features)

    @property
    def perturbations(self) -> list[Perturbation]:
        """The four blocks, of levels 1 to 4."""
        return [getattr(self, f"perturb{level}") for level in range(1, LEVELS + 1)]

    @property
    def known_tasks(self) -> tuple[str, ...]:
        """What it can be told by name; nothing without a table of prompts."""
        prompts = self.config["prompts"]
        return () if prompts is None else known_tasks(prompts)

    def told(self, tasks: Sequence[str]) -> Tensor:
        """Returns the rows of some tasks in the table of prompts.

        Args:
            tasks: Names in :attr:`known_tasks`, one an image, or one for all images. Where no level
                of noise is named, detailed prompts take the middle one.

        Returns:
            (B,), whole numbers.

        Raises:
            UsageError: An unknown task, or a table that is missing or was never filled.
        """
        self.check_tasks(tasks)
        rows = [prompt_row(self.config["prompts"], task) for task in tasks]
        return torch.tensor(rows, device=self.text_vectors.device)

    def check_tasks(self, tasks: Sequence[str]) -> None:
        if not self.has_words:
            raise UsageError(
                f"this {self.name} does not know the words for any task yet. Fill them in with "
                "network.encode_words(irlib.foundation.load_clip('pretrained')), load weights "
                "that irlib has stored, or create it with clip='pocket' and prompts='simple'."
            )
        super().check_tasks(tasks)

    @property
    def has_words(self) -> bool:
        """Whether there is a table of prompts that has been filled."""
        return self.config["prompts"] is not None and bool(self.text_vectors.any())

    def encode_words(self, clip: "Clip", prompts: str | None = None) -> None:
        """Lets a CLIP read the prompts, and keeps its vectors and the orders they give.

        Args:
            clip: Of the text width that the network was created for.
            prompts: "simple" or "detailed"; by default those that it was created with, or detailed.

        Raises:
            UsageError: A CLIP of another width, a pocket CLIP (which cannot read the authors'
                sentences), or unknown prompts.
        """
        if clip.dim != TEXT_DIMS[self.config["clip"]] or self.config["clip"] != "pretrained":
            raise UsageError(
                f"this {self.name} was created for the text vectors of the "
                f"{self.config['clip']} CLIP, of length {TEXT_DIMS[self.config['clip']]}; the CLIP "
                f"given makes {clip.dim}. Create the network with the clip that it is meant for."
            )
        prompts = prompts or self.config["prompts"] or "detailed"
        _check_words(self.config["keep"], self.config["clip"], prompts)
        if prompts != self.config["prompts"]:
            self.config["prompts"] = prompts
            self._make_table(prompts)
        self.fill_table(read_text(clip, prompts))

    @torch.no_grad()
    def fill_table(self, vectors: Tensor) -> None:
        """Keeps text vectors (K, text width), a row a prompt, and the orders that they give."""
        self.text_vectors.copy_(vectors)
        for level, block in enumerate(self.perturbations, 1):
            getattr(self, f"order{level}").copy_(block.order(self.text_vectors))

    def orders(self, told: Tensor, batch: int) -> list[Tensor]:
        """Returns the order of channels of each level for what the network is told.

        Args:
            told: As in :meth:`forward`.
            batch: Images in the batch.

        Returns:
            Four of (B or 1, 2 width).

        Raises:
            UsageError: Neither whole numbers (B,) nor text vectors (B, text width), or another
                number of them than 1 or B.
        """
        by_row = isinstance(told, Tensor) and not told.is_floating_point()
        width = TEXT_DIMS[self.config["clip"]]
        shape = tuple(told.shape) if isinstance(told, Tensor) else type(told).__name__
        if shape not in [(n,) if by_row else (n, width) for n in (1, batch)]:
            raise UsageError(
                f"{self.name} was told {shape} for a batch of {batch}; expected "
                f"network.told(tasks) with one task an image or one for all, or text vectors "
                f"({batch}, {width})."
            )
        if not by_row:
            return [block.order(told) for block in self.perturbations]
        # told() has seen to it that the table is filled; to look again would stop a compiled pass.
        return [getattr(self, f"order{level}")[told] for level in range(1, LEVELS + 1)]

    def _make_table(self, prompts: str) -> None:
        """An empty table of text vectors and orders, a row a prompt."""
        rows, like = len(PROMPT_TASKS[prompts]), self.perturb1.text_in.weight
        self.register_buffer("text_vectors", like.new_zeros(rows, like.shape[1]))
        for level, block in enumerate(self.perturbations, 1):
            places = torch.arange(block.widen.out_channels, device=like.device)
            self.register_buffer(f"order{level}", places.repeat(rows, 1))


def _check_words(keep: float, clip: str, prompts: str | None) -> None:
    """Refuses arguments of the perturbation that do not exist."""
    if clip not in TEXT_DIMS:
        raise UsageError(unknown_name("clip", clip, list(TEXT_DIMS)))
    if prompts is not None and prompts not in PROMPT_TASKS:
        raise UsageError(unknown_name("prompts", prompts, list(PROMPT_TASKS)))
    if not 0 < keep <= 1:
        raise UsageError(f"keep is {keep}; expected a share above 0 and at most 1.")
