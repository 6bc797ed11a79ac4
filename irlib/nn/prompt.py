"""Prompts: learned feature maps that the image itself mixes, and how they enter the decoder."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.nn.transformer import TransformerBlock


class PromptGeneration(nn.Module):
    r"""Prompt generation (PGM): mixes learned components by weights read from the features.

    Equation: :math:`\omega = \mathrm{softmax}(W\,\mathrm{mean}_{h,w}(x) + b)` and
    :math:`K_{3\times3} * \mathrm{resize}(\sum_n \omega_n \Pi_n)`, with bilinear resizing at
    half-pixel centres, without antialiasing (PromptIR, section 3.1, as in the released code).
    Taught in chapter 05.

    Args:
        dim: Channels of the features that choose the weights.
        prompt_dim: Channels of the prompt.
        prompt_len: Number of components.
        prompt_size: Height and width at which the components are stored.

    Shape: (B, dim, h, w) to (B, prompt_dim, h, w).
    """

    def __init__(self, dim: int, prompt_dim: int, prompt_len: int, prompt_size: int) -> None:
        super().__init__()
        self.components = nn.Parameter(torch.rand(prompt_len, prompt_dim, prompt_size, prompt_size))
        self.weight_head = nn.Linear(dim, prompt_len)
        self.conv = nn.Conv2d(prompt_dim, prompt_dim, 3, padding=1, bias=False)

    def weights(self, x: Tensor) -> Tensor:
        """Returns the share of each component, (B, prompt_len), non-negative and summing to 1."""
        return self.weight_head(x.mean(dim=(2, 3))).softmax(dim=-1)

    def forward(self, x: Tensor, weights: Tensor | None = None) -> Tensor:
        if weights is None:
            weights = self.weights(x)
        # One matrix product mixes the components, so they are never copied for each image.
        prompt = (weights @ self.components.flatten(1)).unflatten(1, self.components.shape[1:])
        prompt = prompt.contiguous(memory_format=torch.channels_last)
        return self.conv(self.stretched(prompt, x.shape[2:]))

    def stretched(self, prompt: Tensor, size: Sequence[int]) -> Tensor:
        """Resizes a mixed prompt (B, prompt_dim, S, S) to the height and width of the features."""
        if prompt.shape[2:] == size:  # as in training: the identity
            return prompt
        return F.interpolate(prompt, size, mode="bilinear", align_corners=False)


class PromptInteraction(nn.Module):
    r"""Prompt interaction (PIM): lets features and prompt meet in one Transformer block.

    Equation: :math:`W_{1\times1}\,\mathrm{TB}([x, p])` (PromptIR, section 3.2; the 3x3 convolution
    of its figure is the one inside the next up-sampling). Taught in chapter 05.

    Args:
        dim: Channels of the features.
        prompt_dim: Channels of the prompt.
        out_dim: Channels that leave.
        num_heads: Heads of the block.
        ffn_expansion_factor: As in :class:`~irlib.nn.transformer.TransformerBlock`.
        bias: Whether the convolutions of block and reduction have a bias.
        norm_type: "WithBias" or "BiasFree".

    Shape: (B, dim, h, w) and (B, prompt_dim, h, w) to (B, out_dim, h, w).
    """

    def __init__(
        self,
        dim: int,
        prompt_dim: int,
        out_dim: int,
        num_heads: int,
        ffn_expansion_factor: float = 2.66,
        bias: bool = False,
        norm_type: str = "WithBias",
    ) -> None:
        super().__init__()
        width = dim + prompt_dim
        self.block = TransformerBlock(width, num_heads, ffn_expansion_factor, bias, norm_type)
        self.reduce = nn.Conv2d(width, out_dim, 1, bias=bias)

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        prompt = prompt.to(x.dtype)
        return self.reduce(self.block(torch.cat([x, prompt], dim=1)))
