"""DFPIR's perturbation: channels in another order, and attention without its weakest part."""

import torch
from torch import Tensor, nn

from irlib.nn.attention import attend_and_project, channel_logits
from irlib.nn.channel_parts import channel_parts
from irlib.nn.feed_forward import GatedFeedForward
from irlib.nn.layer_norm import NORMS
from irlib.nn.precision import full_precision

KEEP = 0.9
FIRST_SCALE = 0.2


def kept_channels(channels: int, keep: float = KEEP) -> int:
    """Returns how many keys of a head each query keeps: the product cut to an integer, 1 or more.

    43 of 48 at full width, 7 of 8 in a small network.
    """
    return max(int(round(keep * channels, 6)), 1)


def strongest_only(logits: Tensor, kept: int) -> Tensor:
    r"""Softmax over the largest logits of every row; the others get exactly zero.

    Equation: :math:`A_{ij} = \mathrm{softmax}_j(L_{ij} \text{ if } M_{ij} \text{ else } -\infty)`.
    The mask comes before the softmax, so that rows sum to 1 (DFPIR's released code; its figure
    masks afterwards). Taught in chapter 15.

    Args:
        logits: (..., rows, columns).
        kept: Entries a row that stay; with equal logits still just as many.
    """
    if kept >= logits.shape[-1]:
        return logits.softmax(dim=-1)
    strongest, places = logits.topk(kept, dim=-1)
    return torch.zeros_like(logits).scatter(-1, places, strongest.softmax(dim=-1))


def channel_order(scores: Tensor) -> Tensor:
    """Returns which channel comes to each place, the highest score first: (..., C) to (..., C).

    An order is made of whole numbers, so no gradient reaches the scores. Taught in chapter 15.
    """
    return scores.argsort(dim=-1, descending=True, stable=True)


class MaskedCrossAttention(nn.Module):
    r"""Channel attention from a query map to another map, without its weakest logits (CAAPM).

    Equation: :math:`P(\alpha A V)` with A of :func:`strongest_only`, a learned scale
    :math:`\alpha` that starts at 0.2 and a learned temperature a head. Source: DFPIR's released
    code. Taught in chapter 15.

    Args:
        dim: Channels, a multiple of ``num_heads``.
        num_heads: Heads; each is a block of consecutive channels.
        keep: Share of the keys that each query keeps; 1 masks nothing.

    Shape: query and x (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, num_heads: int, keep: float = KEEP) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.kept = kept_channels(dim // num_heads, keep)
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.scale = nn.Parameter(torch.tensor([FIRST_SCALE]))
        self.query = nn.Conv2d(dim, dim, 1, bias=False)
        self.query_depthwise = nn.Conv2d(dim, dim, 3, padding=1, groups=dim, bias=False)
        self.key_value = nn.Conv2d(dim, 2 * dim, 1, bias=False)
        self.key_value_depthwise = nn.Conv2d(
            2 * dim, 2 * dim, 3, padding=1, groups=2 * dim, bias=False
        )
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)

    def forward(self, query: Tensor, x: Tensor) -> Tensor:
        query = self.query_depthwise(self.query(query))
        key, value = channel_parts(x, (self.key_value, self.key_value_depthwise), 2)
        attention = self.attention(query, key)
        weight = self.project_out.weight.flatten(1)
        with full_precision(x):
            scaled = attention * self.scale.to(attention.dtype)
            return attend_and_project(scaled, value, weight)

    def attention(self, query: Tensor, key: Tensor) -> Tensor:
        """Masked attention of two maps (B, dim, H, W): (B, h, d, d) in float32, rows sum to 1."""
        logits = channel_logits(self._by_head(query), self._by_head(key), self.temperature)
        return strongest_only(logits, self.kept)

    def _by_head(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, h, d, N)."""
        return x.flatten(2).unflatten(1, (self.num_heads, -1))


class Perturbation(nn.Module):
    r"""Degradation-guided perturbation block (DGPB): an order of channels asks, features answer.

    Equation: :math:`Q = W_{out} P_\pi (W_{in} F + b_{in}) + b_{out}`, then
    :math:`F_a = \mathrm{CAAPM}(\mathrm{LN}_1(Q), \mathrm{LN}_2(F))` and
    :math:`F_b = F_a + \mathrm{GDFN}(\mathrm{LN}_3(F_a))`. F itself enters as key and value only,
    and is not added. The widened, reordered map is never formed: a permutation between two 1x1
    convolutions makes one matrix an order, which is multiplied first. Source: DFPIR's released
    code. Taught in chapter 15.

    The order :math:`\pi` sorts scores that two affine layers make of a text vector. Sorting has no
    gradient, so these layers stay as they were drawn; they are parameters that no optimiser moves.

    Args:
        dim: Channels C.
        num_heads: Attention heads.
        text_dim: Length of a text vector.
        ffn_expansion_factor: Hidden width of the feed-forward layer over ``dim``.
        norm_type: "WithBias" or "BiasFree".
        keep: As in :class:`MaskedCrossAttention`.

    Shape: x (B, dim, H, W) and order (B or 1, 2 dim) to (B, dim, H, W).
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        text_dim: int,
        ffn_expansion_factor: float = 2.66,
        norm_type: str = "WithBias",
        keep: float = KEEP,
    ) -> None:
        super().__init__()
        norm = NORMS.get(norm_type)
        self.text_in = nn.Linear(text_dim, text_dim).requires_grad_(False)
        self.text_out = nn.Linear(text_dim, 2 * dim).requires_grad_(False)
        self.widen = nn.Conv2d(dim, 2 * dim, 1)
        self.narrow = nn.Conv2d(2 * dim, dim, 1)
        self.norm_query = norm(dim)
        self.norm_key = norm(dim)
        self.attention = MaskedCrossAttention(dim, num_heads, keep)
        self.norm_out = norm(dim)
        self.feed_forward = GatedFeedForward(dim, ffn_expansion_factor)

    def forward(self, x: Tensor, order: Tensor) -> Tensor:
        attended = self.attention(self.norm_query(self.query(x, order)), self.norm_key(x))
        return attended + self.feed_forward(self.norm_out(attended))

    def scores(self, text: Tensor) -> Tensor:
        """Scores of the channels, (K, text_dim) to (K, 2 dim), always in full precision."""
        with full_precision(text):
            return self.text_out(self.text_in(text.to(self.text_in.weight.dtype)))

    def order(self, text: Tensor) -> Tensor:
        """:func:`channel_order` of the scores, (K, text_dim) to (K, 2 dim)."""
        return channel_order(self.scores(text))

    def query(self, x: Tensor, order: Tensor) -> Tensor:
        """What the attention is asked with: x widened, reordered and narrowed, (B, dim, H, W)."""
        with full_precision(x):
            matrix, bias = self.composed(order)  # (B or 1, dim, dim), (B or 1, dim)
            pixels = x.flatten(2).transpose(1, 2)  # (B, N, dim): a view of a channels-last map
            matrix, bias = matrix.to(x.dtype), bias.to(x.dtype)
            mixed = pixels @ matrix.transpose(1, 2) + bias[:, None]
            return mixed.transpose(1, 2).unflatten(2, x.shape[2:])

    def composed(self, order: Tensor) -> tuple[Tensor, Tensor]:
        """The one 1x1 convolution that an order makes of the two around it.

        Args:
            order: (K, 2 dim).

        Returns:
            Matrices (K, dim, dim) and biases (K, dim).
        """
        widen, narrow = self.widen.weight.flatten(1), self.narrow.weight.flatten(1)
        matrix = narrow @ widen[order]  # (dim, 2 dim) times (K, 2 dim, dim)
        return matrix, self.widen.bias[order] @ narrow.T + self.narrow.bias
