"""AM-PromptIR's way of merging a skip: a local map or a global vector, chosen pixel by pixel."""

from torch import Tensor, nn

from irlib.nn.channel_mean import ChannelMean


class SkipFusion(nn.Module):
    r"""Feature enhancement and fusion (FEFM): mixes a map with what the whole picture holds.

    Equation: :math:`(1 - t) \odot v + t \odot m` with the map :math:`m = W x`, the vector :math:`v
    = W_2\,\mathrm{ReLU}(W_1\,\mathrm{mean}_{h,w} x)` and the share :math:`t = \sigma(K_2 *
    \mathrm{ReLU}(K_1 * m))` (AM-PromptIR's released code). Taught in chapter 14.

    Args:
        dim: Channels in.
        out_dim: Channels out.
        reduction: ``dim`` over the hidden width of v, and ``out_dim`` over that of t.

    Shape: (B, dim, H, W) to (B, out_dim, H, W).
    """

    def __init__(self, dim: int, out_dim: int, reduction: int) -> None:
        super().__init__()
        self.local = nn.Conv2d(dim, out_dim, 1)
        self.whole = nn.Sequential(
            ChannelMean(),
            nn.Conv2d(dim, dim // reduction, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(dim // reduction, out_dim, 1, bias=False),
        )
        self.share = nn.Sequential(
            nn.Conv2d(out_dim, out_dim // reduction, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_dim // reduction, out_dim, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        local = self.local(x)
        whole = self.whole(x)  # (B, out_dim, 1, 1)
        share = self.share(local).sigmoid()
        return whole + share * (local - whole)
