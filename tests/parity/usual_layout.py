"""Restormer's mathematics in the order of the paper's equations, for paired comparisons.

Layer norm through a reshape to (B, HW, C), unit queries and keys formed at full size, attention
applied to the values and then projected. :func:`use_usual_layout` turns a network of irlib into
this form in place; its weights stay.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn import TransposedAttention, WithBiasLayerNorm


class UsualLayerNorm(nn.Module):
    """Layer norm of the channels, by mean and variance on a (B, HW, C) copy."""

    def __init__(self, ours: WithBiasLayerNorm) -> None:
        super().__init__()
        self.weight, self.bias = ours.weight, ours.bias

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows = x.flatten(2).transpose(1, 2).contiguous()
        mean = rows.mean(-1, keepdim=True)
        variance = rows.var(-1, keepdim=True, unbiased=False)
        rows = (rows - mean) / torch.sqrt(variance + 1e-5) * self.weight + self.bias
        return rows.transpose(1, 2).unflatten(2, (height, width)).contiguous()


class UsualAttention(nn.Module):
    """Channel attention with full-size unit queries and keys, then the projection."""

    def __init__(self, ours: TransposedAttention) -> None:
        super().__init__()
        self.ours = ours

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        heads = self.ours.num_heads
        parts = self.ours.depthwise(self.ours.qkv(x)).chunk(3, dim=1)
        query, key, value = (part.flatten(2).unflatten(1, (heads, -1)) for part in parts)
        query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
        attention = (query @ key.transpose(-2, -1) * self.ours.temperature).softmax(dim=-1)
        return self.ours.project_out((attention @ value).flatten(1, 2).unflatten(2, size))


def use_usual_layout(model: nn.Module) -> nn.Module:
    """Replaces the norms and attentions of ``model`` by their usual form; returns it."""
    for name, child in list(model.named_children()):
        if isinstance(child, WithBiasLayerNorm):
            setattr(model, name, UsualLayerNorm(child))
        elif isinstance(child, TransposedAttention):
            setattr(model, name, UsualAttention(child))
        else:
            use_usual_layout(child)
    if hasattr(model, "patch_embed"):  # hand the blocks the plain layout instead of channels-last
        model.patch_embed.register_forward_hook(lambda _, __, output: output.contiguous())
    return model
