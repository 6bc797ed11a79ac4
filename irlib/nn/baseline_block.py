"""The block that NAFNet was simplified from: GELU and squeeze-and-excitation still in place."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.channel_mean import ChannelMean
from irlib.nn.naf_block import NafBlock, scale_and_project, scaled_conv


class SqueezeExcitation(nn.Module):
    r"""Channel attention (SE): scales each channel by a number between 0 and 1.

    Equation: :math:`x \odot \sigma(W_2\,\mathrm{ReLU}(W_1\,\mathrm{mean}_{h,w}(x) + b_1) + b_2)`
    with half the channels between (NAFNet, Eq. 5). Taught in chapter 06.

    Args:
        dim: Channels.
        window: Of the means, as in :class:`~irlib.nn.ChannelMean`.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, window: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.mean = ChannelMean(window)
        self.squeeze = nn.Conv2d(dim, dim // 2, 1)
        self.excite = nn.Conv2d(dim // 2, dim, 1)

    def scales(self, x: Tensor) -> Tensor:
        """Returns the factor of each channel, (B, dim, 1, 1); with windows (B, dim, H, W)."""
        return self.excite(self.squeeze(self.mean(x)).relu()).sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scales(x)


class BaselineMixer(nn.Module):
    """First half of a Baseline block: as :class:`~irlib.nn.NafMixer`, with GELU for the gate.

    Args:
        dim: Channels.
        expansion: Width inside over ``dim``; nothing halves it.
        window: Of the channel means, as in :class:`~irlib.nn.ChannelMean`.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: int = 1, window: tuple[int, int] | None = None) -> None:
        super().__init__()
        wide = expansion * dim
        self.project_in = nn.Conv2d(dim, wide, 1)
        self.depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.attention = SqueezeExcitation(wide, window)
        self.project_out = nn.Conv2d(wide, dim, 1)

    def forward(self, x: Tensor, out_scale: Tensor | None = None) -> Tensor:
        active = F.gelu(self.depthwise(self.project_in(x)))
        return scale_and_project(active, self.attention.scales(active), self.project_out, out_scale)


class GeluFeedForward(nn.Module):
    """Second half of a Baseline block: 1x1 convolution, exact GELU, 1x1 convolution back.

    Args:
        dim: Channels.
        expansion: Width inside over ``dim``.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, expansion: int = 2) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(dim, expansion * dim, 1)
        self.project_out = nn.Conv2d(expansion * dim, dim, 1)

    def forward(self, x: Tensor, out_scale: Tensor | None = None) -> Tensor:
        return scaled_conv(F.gelu(self.project_in(x)), self.project_out, out_scale)


class BaselineBlock(NafBlock):
    """The block of NAFNet's Baseline network: the same skeleton around the classical halves.

    Source: "Simple Baselines for Image Restoration", section 3, and the released code. Taught in
    chapter 06.

    Arguments as those of :class:`~irlib.nn.NafBlock`; the released networks take ``dw_expansion`` 1
    at width 32 and 2 at width 64.

    Shape: (B, dim, H, W) to the same.
    """

    mixer_class: ClassVar[type[nn.Module]] = BaselineMixer
    feed_forward_class: ClassVar[type[nn.Module]] = GeluFeedForward
