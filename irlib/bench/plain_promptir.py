"""PromptIR as its specification reads: a prompt for every image, then a block that merges it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.bench.plain_restormer import PlainRestormer, PlainTransformerBlock, plain_up


class PlainPrompt(nn.Module):
    """Weights from the mean of the features; components repeated for each image, weighted, summed.

    Shape: (B, dim, h, w) to (B, prompt_dim, h, w).
    """

    def __init__(self, dim: int, prompt_dim: int, prompt_len: int, prompt_size: int) -> None:
        super().__init__()
        self.components = nn.Parameter(torch.rand(prompt_len, prompt_dim, prompt_size, prompt_size))
        self.weight_head = nn.Linear(dim, prompt_len)
        self.conv = nn.Conv2d(prompt_dim, prompt_dim, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.weight_head(x.mean(dim=(2, 3))).softmax(dim=-1)
        components = self.components[None].repeat(len(x), 1, 1, 1, 1)
        prompt = (weights[:, :, None, None, None] * components).sum(dim=1)
        return self.conv(F.interpolate(prompt, x.shape[2:], mode="bilinear"))


class PlainInteraction(nn.Module):
    """A Transformer block over features and prompt, then a 1x1 convolution."""

    def __init__(self, width: int, out_dim: int, *style: Any) -> None:
        super().__init__()
        self.block = PlainTransformerBlock(width, *style)
        self.reduce = nn.Conv2d(width, out_dim, 1, bias=style[2])

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        return self.reduce(self.block(torch.cat([x, prompt], dim=1)))


class PlainPromptIR(PlainRestormer):
    """PromptIR; arguments are those of :class:`~irlib.models.PromptIR`, which has prompts here.

    Shape: (B, 3, H, W) to the same.
    """

    def __init__(
        self,
        dim: int,
        heads: Sequence[int],
        ffn_expansion_factor: float,
        bias: bool,
        norm_type: str,
        prompt_dims: Sequence[int],
        prompt_sizes: Sequence[int],
        prompt_lens: Sequence[int],
        **more: Any,
    ) -> None:
        style = {"ffn_expansion_factor": ffn_expansion_factor, "bias": bias, "norm_type": norm_type}
        super().__init__(dim=dim, heads=heads, **style, **more)
        self.up4_3 = plain_up(4 * dim)
        self.reduce_level3 = nn.Conv2d(6 * dim, 4 * dim, 1, bias=bias)
        for level, (width, out) in enumerate(((2, 2), (4, 4), (8, 4))):
            sizes = (prompt_dims[level], prompt_lens[level], prompt_sizes[level])
            joined = width * dim + prompt_dims[level]
            self.add_module(f"prompt{level + 1}", PlainPrompt(width * dim, *sizes))
            self.add_module(
                f"interaction{level + 1}",
                PlainInteraction(
                    joined, out * dim, heads[2], ffn_expansion_factor, bias, norm_type
                ),
            )

    def prompted(self, features: Tensor, level: int) -> Tensor:
        prompt = getattr(self, f"prompt{level}")(features)
        return getattr(self, f"interaction{level}")(features, prompt)
