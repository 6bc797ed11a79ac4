"""Attention between channels: its cost grows with the pixels, not with their square."""

import torch
from torch import Tensor, nn

from irlib.nn.channel_parts import channel_parts
from irlib.nn.precision import full_precision

SMALLEST_NORM = 1e-12


def channel_attention(query: Tensor, key: Tensor, temperature: Tensor) -> Tensor:
    r"""Returns how much each output channel of a head takes from each of its input channels.

    Equation: :math:`A = \mathrm{softmax}(L)` of :func:`channel_logits`, whose arguments it takes.
    Taught in chapter 04.

    Returns:
        (B, h, d, d) in float32 (float64 for float64), rows summing to 1.
    """
    return channel_logits(query, key, temperature).softmax(dim=-1)


def channel_logits(query: Tensor, key: Tensor, temperature: Tensor) -> Tensor:
    r"""Returns how alike the channels of a head are in query and key, before the softmax.

    Equation: :math:`L = \tau_h\, \hat Q \hat K^\top`, where :math:`\hat Q` and
    :math:`\hat K` have rows of unit length along the pixels (Restormer, section 3.1, with the
    normalisation and the multiplied temperature of its released code). The unit rows are never
    formed: the small product :math:`Q K^\top` is divided by the two lengths instead, which is the
    same number and spares two passes over full-resolution maps. Taught in chapter 04.

    Args:
        query: (B, h, d, N), h heads of d channels over N pixels.
        key: (B, h, d, N).
        temperature: (h, 1, 1), multiplied.

    Returns:
        (B, h, d, d) in float32 (float64 for float64), within plus and minus the temperature.
    """
    if query.dtype == torch.float16:  # a sum over many pixels leaves float16's range
        query, key = query.float(), key.float()
    with full_precision(query):
        wide = torch.promote_types(query.dtype, torch.float32)
        products = (query @ key.transpose(-2, -1)).to(wide)  # (B, h, d, d)
        lengths = _row_lengths(query, wide).unsqueeze(-1) * _row_lengths(key, wide).unsqueeze(-2)
        return temperature.to(wide) * products / lengths


def _row_lengths(rows: Tensor, dtype: torch.dtype) -> Tensor:
    """Euclidean length along the pixels, (B, h, d, N) to (B, h, d), never zero."""
    if rows.device.type == "cpu" and rows.dtype == dtype:
        # On a CPU, vector_norm is slow along an axis that is not the last in memory.
        return rows.square().sum(dim=-1).clamp_min(SMALLEST_NORM**2).sqrt()
    return torch.linalg.vector_norm(rows, dim=-1, dtype=dtype).clamp_min(SMALLEST_NORM)


def attend_and_project(
    attention: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Applies attention and the output projection to the values in one pass.

    Both are linear in the values, so they are multiplied into one (C, C) matrix an image first:
    W (A v) = (W A) v. Taught in chapter 04.

    Args:
        attention: (B, h, d, d) from :func:`channel_attention`.
        value: (B, C, H, W) with C = h d.
        weight: (C, C) of the 1x1 output projection.
        bias: (C,) or None.

    Returns:
        (B, C, H, W), channels-last.
    """
    heads, per_head = attention.shape[1:3]
    by_head = weight.unflatten(1, (heads, per_head)).transpose(0, 1)  # (h, C, d)
    folded = (by_head.to(attention.dtype) @ attention).to(value.dtype)  # (B, h, C, d)
    folded = folded.transpose(-2, -1).flatten(1, 2)  # (B, C in, C out)
    pixels = value.flatten(2).transpose(1, 2)  # (B, N, C): a view of a channels-last map
    projected = pixels @ folded
    if bias is not None:
        projected = projected + bias.to(projected.dtype)
    return projected.transpose(1, 2).unflatten(2, value.shape[2:])


class TransposedAttention(nn.Module):
    """Multi-DConv head transposed attention (MDTA), Restormer section 3.1.

    Queries, keys and values come from a 1x1 and a depth-wise 3x3 convolution; attention runs
    between the channels of a head. Taught in chapter 04.

    Args:
        dim: Channels, a multiple of ``num_heads``.
        num_heads: Heads; each is a block of consecutive channels.
        bias: Whether the three convolutions have a bias.

    Shape: (B, dim, H, W) to the same.
    """

    def __init__(self, dim: int, num_heads: int, bias: bool = False) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv = nn.Conv2d(dim, 3 * dim, 1, bias=bias)
        self.depthwise = nn.Conv2d(3 * dim, 3 * dim, 3, padding=1, groups=3 * dim, bias=bias)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = channel_parts(x, (self.qkv, self.depthwise), 3)  # (B, C, H, W)
        attention = self.attention(self._by_head(query), self._by_head(key))
        weight = self.project_out.weight.flatten(1)
        with full_precision(x):
            return attend_and_project(attention, value, weight, self.project_out.bias)

    def attention(self, query: Tensor, key: Tensor) -> Tensor:
        """:func:`channel_attention` at this layer's temperature."""
        return channel_attention(query, key, self.temperature)

    def _by_head(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, h, d, N)."""
        return x.flatten(2).unflatten(1, (self.num_heads, -1))
