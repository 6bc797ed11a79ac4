"""The block that all stages of Restormer and PromptIR repeat."""

from torch import Tensor, nn

from irlib.nn.attention import TransposedAttention
from irlib.nn.feed_forward import GatedFeedForward
from irlib.nn.layer_norm import NORMS


class TransformerBlock(nn.Module):
    r"""Attention between channels, then a gated feed-forward layer, each added to its input.

    Equation: :math:`y = x + \mathrm{MDTA}(\mathrm{LN}_1(x))` and
    :math:`z = y + \mathrm{GDFN}(\mathrm{LN}_2(y))` (Restormer, figure 2). Taught in chapter 04.

    Args:
        dim: Channels, a multiple of ``num_heads``.
        num_heads: Attention heads.
        ffn_expansion_factor: Hidden width of the feed-forward layer over ``dim``.
        bias: Whether the convolutions have a bias.
        norm_type: "WithBias" or "BiasFree".

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
    ) -> None:
        super().__init__()
        self.norm1 = NORMS.get(norm_type)(dim)
        self.attention = TransposedAttention(dim, num_heads, bias)
        self.norm2 = NORMS.get(norm_type)(dim)
        self.feed_forward = GatedFeedForward(dim, ffn_expansion_factor, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))
