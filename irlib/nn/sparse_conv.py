"""Convolutions of which every output sees one or two channels, in a form that CPUs run fast."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_BLOCK = 16  # channels that a matrix unit takes at once


def sparse_conv(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Returns ``conv(x)`` of a convolution with one output channel a group.

    In bf16 a CPU's matrix units are left idle by such layers, whose backward pass is then by far
    the slowest of a network. Sixteen groups are taken together instead, the weights between them
    zero: sixteen times the products, in a small part of the time. Elsewhere nothing changes.

    Args:
        x: (B, C, H, W).
        conv: Depth-wise, or with a few neighbouring channels a group.
    """
    if _plain(x, conv):
        return conv(x)
    outputs, inside = conv.weight.shape[:2]
    own = torch.arange(_BLOCK, device=x.device)
    # Which of its own inputs an output of a block finds at which input of the block.
    place = conv.weight.new_zeros(_BLOCK, _BLOCK * inside, inside)
    for number in range(inside):
        place[own, inside * own + number, number] = 1
    blocks = conv.weight.unflatten(0, (-1, _BLOCK))  # (groups, 16, inside, k, k)
    weight = torch.einsum("gonyx,oin->goiyx", blocks, place).flatten(0, 1)
    return F.conv2d(x, weight, conv.bias, padding=conv.padding, groups=outputs // _BLOCK)


def _plain(x: Tensor, conv: nn.Conv2d) -> bool:
    """Whether the convolution is best left as it is."""
    if x.device.type != "cpu" or conv.out_channels % _BLOCK:
        return True
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    return dtype != torch.bfloat16
