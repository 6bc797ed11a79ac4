"""Telling decoder features what is known of the whole image: Perceive-IR's PGM.

What is known is one vector an image, the prior: semantics and degradation code, concatenated. A
guidance turns features and prior into guided features, the guide, from which blocks then attend
(:mod:`irlib.nn.guided_blocks`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.registry import unknown_name

PGM_BODIES = ("linear_conv1x1", "linear_conv3x3", "mlp", "shift")


class PromptGuidance(nn.Module):
    r"""Prompt guidance (PGM): scales and shifts the channels of features by a prior.

    Equation: :math:`Y = (1 + \gamma(P)) \odot X + \beta(P)`, the same at every pixel (Perceive-IR,
    Eq. 6; its figure writes :math:`\gamma X`, its code :math:`(1 + \gamma) X`).
    Taught in chapter 09.

    Args:
        prior_dim: Length of the prior.
        dim: Channels of the features.
        body: "linear_conv1x1" or "linear_conv3x3": for scale and for shift a linear layer and a
            convolution, as in the figure (on a map of one pixel, eight of the nine taps of a 3x3
            kernel only ever see padding); "mlp": one perceptron of two layers for both, as in the
            authors' code; "shift": a linear layer whose result is added, which stands for a
            network without PGM that still has something to be told.
        one_plus_gamma: Whether the scale is :math:`1 + \gamma`; else :math:`\gamma`.
        zero_init: Whether the last layer starts at zero, so that the guide starts as the features.

    Shape: (B, dim, h, w) and (B, prior_dim) to (B, dim, h, w).
    """

    def __init__(
        self,
        prior_dim: int,
        dim: int,
        body: str = "linear_conv1x1",
        one_plus_gamma: bool = True,
        zero_init: bool = True,
    ) -> None:
        super().__init__()
        if body not in PGM_BODIES:
            raise UsageError(unknown_name("pgm_body", body, list(PGM_BODIES)))
        self.dim, self.body, self.one_plus_gamma = dim, body, one_plus_gamma
        if body == "mlp":
            self.mlp = nn.Sequential(
                nn.Linear(prior_dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, 2 * dim)
            )
        elif body == "shift":
            self.shift = nn.Linear(prior_dim, dim)
        else:
            kernel = int(body[-1])
            self.scale, self.shift = (
                nn.Sequential(
                    nn.Linear(prior_dim, dim),
                    nn.Unflatten(1, (dim, 1, 1)),
                    nn.Conv2d(dim, dim, kernel, padding=kernel // 2),
                )
                for _ in range(2)
            )
        if zero_init:
            self.start_neutral()

    @torch.no_grad()
    def start_neutral(self) -> None:
        """Makes the guide equal to the features, whatever the prior, until something is learned."""
        last = [m for m in self.modules() if isinstance(m, nn.Conv2d)] or [
            [m for m in self.modules() if isinstance(m, nn.Linear)][-1]
        ]
        for layer in last:
            layer.weight.zero_()
            layer.bias.zero_()
        if not self.one_plus_gamma and self.body != "shift":
            last[0].bias[: self.dim] = 1

    def modulation(self, prior: Tensor) -> tuple[Tensor | None, Tensor]:
        """Returns what multiplies (None for one) and what is added, each (B, dim, 1, 1)."""
        if self.body == "shift":
            return None, self.shift(prior)[..., None, None]
        if self.body == "mlp":
            scale, shift = self.mlp(prior)[..., None, None].chunk(2, dim=1)
        else:
            scale, shift = self.scale(prior), self.shift(prior)
        return (1 + scale if self.one_plus_gamma else scale), shift

    def forward(self, x: Tensor, prior: Tensor) -> Tensor:
        scale, shift = self.modulation(prior)
        if scale is None:
            return x + shift.to(x.dtype)
        return torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype))  # one pass over the map


class GuidedStage(nn.Module):
    """The blocks of one level with their guidance: one a block, or one that all share.

    A shared guide together with ``residual="guidance"`` restarts the identity path in every block:
    each sees its predecessors only through keys and values, and hardly any gradient reaches the
    first ones. Taught in chapter 09.

    Args:
        blocks: Blocks that take features and guide, or features alone.
        guidance: As many guidances as blocks, or a single one for all of them, or none: then a
            block's guide is its input.
        guided: Whether the blocks take the guide; else they start from it.

    Shape: (B, dim, H, W) and a prior (B, prior_dim) to (B, dim, H, W).
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        guidance: Sequence[PromptGuidance],
        guided: bool = True,
    ) -> None:
        super().__init__()
        self.guided = guided
        self.blocks = nn.ModuleList(blocks)
        self.guidance = nn.ModuleList(guidance)

    def forward(self, x: Tensor, prior: Tensor) -> Tensor:
        for position, block in enumerate(self.blocks):
            if not self.guidance:
                guide = x
            elif position < len(self.guidance):
                guide = self.guidance[position](x, prior)
                x = x if self.guided else guide
            x = block(x, guide) if self.guided else block(x)
        return x
