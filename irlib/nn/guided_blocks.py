"""Blocks that attend from guided features to features: Perceive-IR's PGCA and ETB."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.nn.attention import TransposedAttention, attend_and_project
from irlib.nn.channel_parts import channel_range
from irlib.nn.feed_forward import GatedFeedForward
from irlib.nn.layer_norm import NORMS, WithBiasLayerNorm
from irlib.nn.naf_block import NAF_EPSILON, SimpleGateFeedForward
from irlib.nn.precision import full_precision
from irlib.registry import unknown_name

ETB_RESIDUALS = ("guidance", "input")

Norm = Callable[[int], nn.Module]


class GuidedAttention(TransposedAttention):
    """Channel attention whose queries come from the guide, keys and values from the features.

    Source: Perceive-IR, Eq. 7. It has the parameters of
    :class:`~irlib.nn.TransposedAttention` under the same names, so weights of one fit the other.

    Shape: guide and x (B, dim, H, W) to the same.
    """

    def forward(self, guide: Tensor, x: Tensor) -> Tensor:
        convs, dim = (self.qkv, self.depthwise), self.project_out.in_channels
        query = channel_range(guide, convs, 0, dim)
        key = channel_range(x, convs, dim, 2 * dim)
        value = channel_range(x, convs, 2 * dim, 3 * dim)
        attention = self.attention(self._by_head(query), self._by_head(key))
        weight = self.project_out.weight.flatten(1)
        with full_precision(x):
            return attend_and_project(attention, value, weight, self.project_out.bias)


class GuidedMixer(nn.Module):
    r"""Prompt guided cross attention (PGCA): what a block adds to its features by attention.

    Equation: :math:`\mathrm{CA}(\mathrm{LN}_g(Y), \mathrm{LN}_1(X))`, the one attention of
    Perceive-IR's figure; with ``double``, :math:`\mathrm{MDTA}(\mathrm{LN}_m(\mathrm{CA}(\cdot)))`,
    the two of its Eq. 8 and code. Taught in chapter 09.

    Args:
        dim: Channels.
        num_heads: Attention heads.
        bias: Whether the convolutions have a bias.
        norm: Makes a layer norm of a width.
        double: Whether a second attention follows.

    Shape: x and guide (B, dim, H, W) to the same.
    """

    def __init__(
        self, dim: int, num_heads: int, bias: bool, norm: Norm, double: bool = False
    ) -> None:
        super().__init__()
        self.norm1 = norm(dim)
        self.norm_guide = norm(dim)
        self.attention = GuidedAttention(dim, num_heads, bias)
        self.norm_middle = norm(dim) if double else None
        self.second = TransposedAttention(dim, num_heads, bias) if double else None

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        mixed = self.attention(self.norm_guide(guide), self.norm1(x))
        return mixed if self.second is None else self.second(self.norm_middle(mixed))


class GuidedTransformerBlock(nn.Module):
    r"""Perceive-IR's Transformer block (ETB): attention from guide to features, feed-forward.

    Equation: :math:`X' = Y + \mathrm{PGCA}(X, Y)` and
    :math:`X'' = X' + \mathrm{GDFN}(\mathrm{LN}_2(X'))` (Perceive-IR, Eq. 8). With a guide equal to
    the features and equal norms this is :class:`~irlib.nn.TransformerBlock`. Taught in chapter 09.

    Args:
        dim: Channels.
        num_heads: Attention heads.
        ffn_expansion_factor: Hidden width of the feed-forward layer over ``dim``.
        bias: Whether the convolutions have a bias.
        norm_type: "WithBias" or "BiasFree".
        double: As in :class:`GuidedMixer`.
        residual: What the attention is added to, "guidance" or "input".

    Shape: x and guide (B, dim, H, W) to the same.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
        double: bool = False,
        residual: str = "guidance",
    ) -> None:
        super().__init__()
        if residual not in ETB_RESIDUALS:
            raise UsageError(unknown_name("etb_residual", residual, list(ETB_RESIDUALS)))
        self.residual = residual
        norm = NORMS.get(norm_type)
        self.mixer = GuidedMixer(dim, num_heads, bias, norm, double)
        self.norm2 = norm(dim)
        self.feed_forward = GatedFeedForward(dim, ffn_expansion_factor, bias)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        kept = guide if self.residual == "guidance" else x
        x = kept + self.mixer(x, guide)
        return x + self.feed_forward(self.norm2(x))


class GuidedNafBlock(nn.Module):
    r"""NAFNet's block with guided attention in the place of its mixer (NAF-ETB).

    Equation: :math:`X' = Y + \beta \odot \mathrm{PGCA}(X, Y)` and
    :math:`X'' = X' + \gamma \odot \mathrm{FFN}(\mathrm{LN}_2(X'))`. The paper only names its NAFNet
    variant; this design gives the size it states. A fresh block returns its guide. Taught in
    chapter 09.

    Args:
        dim: Channels.
        num_heads: Attention heads.
        bias: Whether the convolutions of the attention have a bias.
        double: As in :class:`GuidedMixer`.
        residual: What the attention is added to, "guidance" or "input".

    Shape: x and guide (B, dim, H, W) to the same.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        bias: bool = False,
        double: bool = False,
        residual: str = "guidance",
    ) -> None:
        super().__init__()
        if residual not in ETB_RESIDUALS:
            raise UsageError(unknown_name("etb_residual", residual, list(ETB_RESIDUALS)))
        self.residual = residual
        norm = partial(WithBiasLayerNorm, epsilon=NAF_EPSILON)
        self.mixer = GuidedMixer(dim, num_heads, bias, norm, double)
        self.norm2 = norm(dim)
        self.feed_forward = SimpleGateFeedForward(dim)
        self.beta = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        kept = guide if self.residual == "guidance" else x
        mixed = self.mixer(x, guide)
        x = torch.addcmul(kept, self.beta.to(mixed.dtype), mixed)
        return x + self.feed_forward(self.norm2(x), self.gamma)
