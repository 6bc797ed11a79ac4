"""DPPD, as we read it: Restormer whose prompts are drawn from learned Gaussians (TIP 2025)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.registry import MODELS
from irlib.models.restormer import Restormer
from irlib.nn import PromptInteraction, Upsample
from irlib.nn.dynamic_prompt import DynamicPrompt, PromptUse

FUSIONS = ("residual", "pim")
#: Arguments that leave our reading for another that the figures allow too, and what they are in it.
ALTERNATIVES = {
    "origin": "k-means",
    "gaussians": "own",
    "covariance": "diagonal",
    "input_shift": False,
    "shared": False,
    "global_residual": True,
}
#: The prompt modules from the deepest, and the level above whose up-sampling each stands.
PROMPT_MODULES = ("pm3", "pm2", "pm1")


def released() -> dict[str, Any]:
    """Our reading at full size. The authors released no code, so this is nobody's but ours."""
    return {}


def paper() -> dict[str, Any]:
    """The same: what the figures do not show is our choice in both."""
    return {}


def composite() -> dict[str, Any]:
    """One prototype for each of the eleven mixtures of CDD-11."""
    return {"num_prototypes": 11}


def composite_soft() -> dict[str, Any]:
    """One prototype for each degradation that CDD-11 mixes, and shares of several an image."""
    return {"num_prototypes": 4, "assignment": "soft"}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes: the backbone of PromptIR's pocket network."""
    return {
        "dim": 16,
        "num_blocks": (1, 2, 2, 2),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 4),
        "ffn_expansion_factor": 2.0,
        "num_prototypes": 5,
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "num_blocks": (1, 1, 1, 1),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 2),
        "num_prototypes": 5,
        "num_prompts": 4,
        "embedding_dim": 16,
    }


@MODELS.register("dppd")
class DPPD(Restormer):
    """A reading of DPPD: one blind network whose prompts are samples, not stored vectors.

    Before each up-sampling a prompt module (:class:`~irlib.nn.dynamic_prompt.DynamicPrompt`)
    assigns the image to one of a few prototypes, draws prompts from the Gaussian of that prototype
    and adds what the pixels read from them. Everything else is Restormer, and a fresh network gives
    exactly Restormer's output.

    Source: Wu and others, "Learning Dynamic Prompts for All-in-One Image Restoration", IEEE TIP 34,
    2025: abstract and figures. **No code was released**, and the figures show neither sizes nor how
    prototypes are found; those choices are ours. Taught in chapter 13.

    Prototypes are buffers that only training moves (:mod:`irlib.training.dppd_objective`). The
    arguments from ``origin`` on are alternatives that the figures allow too.

    Args:
        in_channels: Channels of the degraded and of the restored image.
        out_channels: The same number again.
        dim: Width C of the first level, even.
        num_blocks: Blocks of levels 1 to 4.
        num_refinement_blocks: Blocks after the decoder.
        heads: Attention heads of levels 1 to 4; prompt modules use those of their level.
        ffn_expansion_factor: Hidden width of the feed-forward layers over their width.
        bias: As in Restormer; the prompt modules have none.
        norm_type: "WithBias" or "BiasFree"; prompt modules keep "WithBias".
        num_prototypes: Prototypes K of each prompt module, one a degradation family.
        num_prompts: Samples S that an image gets.
        embedding_dim: Length of the embedding that is assigned.
        temperature: Of the soft shares.
        assignment: "hard", with straight-through gradients, or "soft".
        eval_noise: Noise in evaluation: "fixed" (results do not depend on chance), "sample"
            (fresh at every call; see also :meth:`sampled`) or "mean" (none).
        query: Who reads the prompts: "pixels" or "pooled".
        fusion: How what was read joins the features x: "residual", added; "pim", by PromptIR's
            interaction block on [x, term], with PromptIR's widths.
        use_prompts: False builds Restormer with the same arguments.
        origin: Of the prototypes: "k-means", "anchors" (orthogonal, unmoved, told apart by labels)
            or "learned".
        gaussians: "own", or "read" from the prototypes by affine layers.
        covariance: "diagonal" or "low-rank".
        input_shift: Whether the embedding moves the mean of its image's prompts.
        shared: Whether the deepest module assigns for all three.
        global_residual: Whether the degraded image is added to the output.

    Raises:
        UsageError: Arguments that do not fit together; the message names them.

    Shape: (B, in_channels, H, W) in [0, 1] to the same, not clamped; H and W multiples of 8.
    """

    name = "dppd"
    presets: ClassVar = {
        "released": released,
        "paper": paper,
        "composite": composite,
        "composite-soft": composite_soft,
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
        num_prototypes: int = 3,
        num_prompts: int = 16,
        embedding_dim: int = 64,
        temperature: float = 1.0,
        assignment: str = "hard",
        eval_noise: str = "fixed",
        query: str = "pixels",
        fusion: str = "residual",
        use_prompts: bool = True,
        origin: str = "k-means",
        gaussians: str = "own",
        covariance: str = "diagonal",
        input_shift: bool = False,
        shared: bool = False,
        global_residual: bool = True,
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
        own = {
            "num_prototypes": num_prototypes,
            "num_prompts": num_prompts,
            "embedding_dim": embedding_dim,
            "temperature": temperature,
            "assignment": assignment,
            "eval_noise": eval_noise,
            "query": query,
            "origin": origin,
            "gaussians": gaussians,
            "covariance": covariance,
            "input_shift": input_shift,
        }
        self.config |= {**own, "fusion": fusion, "use_prompts": use_prompts}
        self.config |= {"shared": shared, "global_residual": global_residual}
        if fusion not in FUSIONS:
            raise UsageError(f"fusion is {fusion!r}; expected {' or '.join(FUSIONS)}.")
        self._held: dict[str, Tensor] = {}
        if not use_prompts:
            return
        for level in (3, 2, 1):
            width = dim * 2**level
            assigns = level == 3 or not shared
            module = DynamicPrompt(width, heads[level], **own, own_prototypes=assigns)
            self.add_module(f"pm{level}", module)
        if fusion == "pim":
            # As in PromptIR, level 4 leaves with half its width, and what follows is narrower.
            self.up4_3 = Upsample(4 * dim)
            self.reduce_level3 = nn.Conv2d(2 * dim + 4 * dim, 4 * dim, 1, bias=bias)
            for level, out in ((3, 4 * dim), (2, 4 * dim), (1, 2 * dim)):
                width = dim * 2**level
                block = (width, width, out, heads[2], ffn_expansion_factor, bias, norm_type)
                self.add_module(f"interaction{level}", PromptInteraction(*block))

    def forward(
        self,
        degraded: Tensor,
        return_prompts: bool = False,
        noise: dict[str, Tensor] | None = None,
    ) -> Tensor | tuple[Tensor, dict[str, PromptUse]]:
        """Restores a batch.

        Args:
            degraded: (B, C, H, W) in [0, 1].
            return_prompts: Also return what the prompt modules did, for losses and for looking at.
            noise: For each prompt module (S, C) or (B, S, C), of :meth:`draw_noise`; by default
                fresh in training and as ``eval_noise`` says in evaluation.

        Returns:
            (B, C, H, W); with ``return_prompts`` also a :class:`~irlib.nn.dynamic_prompt.PromptUse`
            under "pm3", "pm2" and "pm1", the deepest first.
        """
        self.check_input(degraded, self.config["in_channels"])
        noise = self._held if noise is None else noise
        uses: dict[str, PromptUse] = {}
        _, skips, latent = self.encode(degraded)
        level3 = self.decode_level3(self._prompted(latent, 3, noise, uses), skips[2])
        level2 = self.decode_level2(self._prompted(level3, 2, noise, uses), skips[1])
        level1 = self.decode_level1(self._prompted(level2, 1, noise, uses), skips[0])
        restored = self.output(level1)
        if self.config["global_residual"]:
            restored = degraded + restored
        return (restored, uses) if return_prompts else restored

    def _prompted(
        self, x: Tensor, level: int, noise: dict[str, Tensor], uses: dict[str, PromptUse]
    ) -> Tensor:
        """Lets a prompt module act on the features of its level, and notes what it did."""
        if not self.config["use_prompts"]:
            return x
        name = f"pm{level}"
        given = uses["pm3"].assignment if self.config["shared"] and uses else None
        term, uses[name] = getattr(self, name)(x, noise.get(name), given)
        if self.config["fusion"] == "residual":
            return x + term
        return getattr(self, f"interaction{level}")(x, term.expand_as(x))

    def prompt_modules(self) -> dict[str, DynamicPrompt]:
        """Returns the prompt modules by name, the deepest first; none without prompts."""
        if not self.config["use_prompts"]:
            return {}
        return {name: getattr(self, name) for name in PROMPT_MODULES}

    def draw_noise(self, generator: torch.Generator, batch: int | None = None) -> dict[str, Tensor]:
        """Draws noise for every prompt module.

        Args:
            generator: A CPU generator; the same one gives the same noise on every device.
            batch: Images that get noise of their own; by default all share one draw.

        Returns:
            (S, C) or (batch, S, C) by name, on the device of the network.
        """
        return {
            name: torch.randn(
                *(() if batch is None else (batch,)), *module.distribution.fixed_noise.shape,
                generator=generator,
            ).to(module.distribution.fixed_noise)
            for name, module in self.prompt_modules().items()
        }  # fmt: skip

    @contextmanager
    def sampled(self, generator: torch.Generator) -> Iterator[None]:
        """Within it, the network restores with one fresh draw of noise, whatever ``eval_noise``.

        The draw is held, so that all tiles of an image have the same prompts.

        Args:
            generator: A CPU generator; each entry draws anew from it.
        """
        before, self._held = self._held, self.draw_noise(generator)
        try:
            yield
        finally:
            self._held = before
