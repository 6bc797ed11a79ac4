"""The mean of every channel: over the whole map, or over a window around each pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ChannelMean(nn.Module):
    """Mean of each channel over all pixels, or over windows of the size seen in training.

    A network trained on patches has only ever seen means over a patch. With ``window`` set, a
    larger map gets a mean for each pixel over a window about that size instead of one mean over
    everything (test-time local converter, TLC). A map that the window covers in both directions
    keeps its one mean. Source: Chu and others, "Improving Image Restoration by Revisiting Global
    Information Aggregation", ECCV 2022, as in NAFNet's released code. Taught in chapter 06.

    Args:
        window: Height and width of the window in pixels of this map, or None for the whole map.

    Shape: (B, C, H, W) to (B, C, 1, 1), or to (B, C, H, W) where windows are used.
    """

    def __init__(self, window: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        return self.means(x)

    def means(self, x: Tensor) -> Tensor:
        """Returns the means; tiles that share theirs replace this method."""
        height, width = x.shape[2:]
        if self.window is None or (self.window[0] >= height and self.window[1] >= width):
            return x.mean(dim=(2, 3), keepdim=True)
        return local_mean(x, self.window)

    def extra_repr(self) -> str:
        return f"window={self.window}"


def local_mean(x: Tensor, window: tuple[int, int]) -> Tensor:
    """Returns the mean over a window around each pixel.

    The window is cut to the map's size. Means are taken where it fits inside and repeated to the
    borders, the smaller part of the border at the top and left. Two running sums give them, so that
    a window of any size costs the same. Taught in chapter 06.

    Args:
        x: (B, C, H, W).
        window: Height and width in pixels.

    Returns:
        (B, C, H, W), channels-last, in the dtype of ``x``.
    """
    height, width = x.shape[2:]
    rows, columns = min(window[0], height), min(window[1], width)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    # Sums of differences from the mean stay small, and so do the errors of subtracting them.
    centre = wide.mean(dim=(2, 3), keepdim=True)
    inner = _running_mean(_running_mean(wide - centre, rows, 2), columns, 3)
    top, left = (height - inner.shape[2]) // 2, (width - inner.shape[3]) // 2
    border = (left, width - inner.shape[3] - left, top, height - inner.shape[2] - top)
    spread = F.pad(inner, border, mode="replicate") + centre
    return spread.to(x.dtype).contiguous(memory_format=torch.channels_last)


def _running_mean(x: Tensor, length: int, axis: int) -> Tensor:
    """Mean of each ``length`` neighbours along an axis, at every place where they fit."""
    if length == 1:
        return x
    sums = x.cumsum(dim=axis)
    last = sums.narrow(axis, length - 1, x.shape[axis] - length + 1)
    before = sums.narrow(axis, 0, x.shape[axis] - length)
    start = torch.zeros_like(sums.narrow(axis, 0, 1))
    return (last - torch.cat([start, before], dim=axis)) / length
