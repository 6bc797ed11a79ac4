"""The block that all stages of AM-PromptIR repeat."""

from torch import Tensor, nn

from irlib.nn.layer_norm import NORMS
from irlib.nn.mixed_attention import MixedAttention
from irlib.nn.two_scale_feed_forward import TwoScaleFeedForward


class MixedBlock(nn.Module):
    r"""Mixed attention, then a feed-forward layer of two scales, each added to its input.

    Equation: :math:`y = x + \mathrm{SMAM}(\mathrm{LN}_1(x))` and :math:`z = y +
    \mathrm{FFN}(\mathrm{LN}_2(y))` ("Transform" in AM-PromptIR's figure). Taught in chapter 14.

    Args:
        dim: Channels.
        ffn_expansion_factor: Hidden width of the feed-forward layer over ``dim``.
        bias: Whether the feed-forward layer and the joining convolution have a bias.
        norm_type: "WithBias" or "BiasFree".
        local_expansion: See :class:`~irlib.nn.mixed_attention.MixedAttention`.
        strip_expansion: See :class:`~irlib.nn.mixed_attention.MixedAttention`.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(
        self,
        dim: int,
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
        local_expansion: int = 2,
        strip_expansion: int = 3,
    ) -> None:
        super().__init__()
        self.norm1 = NORMS.get(norm_type)(dim)
        self.attention = MixedAttention(dim, bias, local_expansion, strip_expansion)
        self.norm2 = NORMS.get(norm_type)(dim)
        self.feed_forward = TwoScaleFeedForward(dim, ffn_expansion_factor, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))
