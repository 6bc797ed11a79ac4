"""What a chain of convolutions makes of a map, in parts of its channels instead of all at once.

Halves and thirds of a channels-last map are not contiguous: every later pass over one is slow, and
its gradient has to be joined with the others'. On a CPU each part is therefore computed by itself;
smaller maps also stay in caches, and the memory for them is used again instead of asked for anew.
Elsewhere one large convolution is faster. Taught in chapter 04.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

_SLICE = 2**22  # numbers in a slice: 16 MB in 32 bits
_MULTIPLE = 16  # channels that a vector unit takes at once


def channel_parts(x: Tensor, convs: Sequence[nn.Conv2d], count: int) -> Sequence[Tensor]:
    """Returns equal parts of the channels that the convolutions make of ``x``, in order.

    Args:
        x: (B, C, H, W).
        convs: One after the other; all but the first are depth-wise.
        count: Number of parts; divides the channels.

    Returns:
        ``count`` maps (B, D / count, H, W).
    """
    if x.device.type != "cpu":
        for conv in convs:
            x = conv(x)
        return x.chunk(count, dim=1)
    size = convs[-1].out_channels // count
    return [channel_range(x, convs, i * size, (i + 1) * size) for i in range(count)]


def channel_range(x: Tensor, convs: Sequence[nn.Conv2d], start: int, stop: int) -> Tensor:
    """Returns channels ``start`` to ``stop`` of what the convolutions make of ``x``.

    Arguments and shapes as in :func:`channel_parts`.
    """
    for conv in convs:
        bias = None if conv.bias is None else conv.bias[start:stop]
        groups = 1 if conv.groups == 1 else stop - start
        x = F.conv2d(x, conv.weight[start:stop], bias, padding=conv.padding, groups=groups)
    return x


def slice_width(x: Tensor) -> int:
    """Returns how many channels of the size of ``x`` make a slice that fits a CPU's caches well."""
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    return max(_SLICE // pixels // _MULTIPLE, 1) * _MULTIPLE
