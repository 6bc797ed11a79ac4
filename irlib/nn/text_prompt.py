"""AM-PromptIR's prompt: learned maps that the image mixes, and words that gate them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.nn.channel_mean import ChannelMean
from irlib.nn.precision import full_precision

REDUCTION = 8  # of the layers that read the words; the channel gate has twice that


class WordSigns(nn.Module):
    r"""Turns token ids into a grid of signs, which is all that the authors' code makes of them.

    The ids, as numbers, pass a linear layer; its result is laid out along the width, the same in
    every channel, and divided by its length over the channels. A vector of C equal numbers e,
    divided by its length, is :math:`\mathrm{sign}(e) / \sqrt C`: the grid holds two values, and no
    gradient reaches the layer. Taught in chapter 14.

    Args:
        dim: Channels C of the features.

    Shape: ids (B, L) and the width W to (B, dim, 1, W), or, mixed, to (1, dim, H, W).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim // 2, dim)

    def entries(self, ids: Tensor) -> Tensor:
        """Returns e, (B, dim), before anything of it but the sign is lost."""
        context = self.linear.in_features
        ids = ids[:, :context].to(self.linear.weight.dtype)
        with full_precision(ids):  # half formats would round the ids
            return self.linear(F.pad(ids, (0, context - ids.shape[1])))

    def forward(self, ids: Tensor, size: tuple[int, int], mix_batch: bool = False) -> Tensor:
        entries = self.entries(ids)
        signs = entries.sign() / entries.shape[1] ** 0.5
        dim = signs.shape[1]
        columns = torch.arange(size[1], device=signs.device) % dim
        if mix_batch:  # one grid for all images; its rows take the texts in turn
            rows = torch.arange(size[0], device=signs.device) % len(signs)
            return signs[rows][:, columns][None, None].expand(1, dim, -1, -1)
        return signs[:, columns][:, None, None].expand(-1, dim, -1, -1)


class WordVector(nn.Module):
    r"""Turns a frozen text vector into features: a linear map of the vector, at every pixel.

    Our reading of the figure, which draws a frozen text encoder; unlike :class:`WordSigns` it
    learns, and depends neither on the width nor on the batch. Taught in chapter 14.

    Args:
        text_dim: Length D of the vectors.
        dim: Channels C of the features.

    Shape: (B, text_dim) to (B, dim, 1, 1).
    """

    def __init__(self, text_dim: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(text_dim, dim)

    def forward(
        self, vectors: Tensor, size: tuple[int, int] | None = None, mix_batch: bool = False
    ) -> Tensor:
        return self.linear(F.normalize(vectors, dim=1))[:, :, None, None]


class TextPrompt(nn.Module):
    r"""Adaptive multi-modal prompt generation (AMPG).

    Equation: the image mixes learned maps, :math:`P = \mathrm{resize}(\sum_k \omega_k \Pi_k)` as in
    :class:`~irlib.nn.PromptGeneration` but without its convolution; the words make a map R; each
    gates the other, :math:`Z = W(P \odot s(R) + R \odot g(P)) + b`, with a spatial gate s (a 7x7
    convolution of maximum and mean over the channels) and a channel gate g (a shared bottleneck on
    mean and maximum over the pixels); the result is :math:`\alpha \odot Z + \beta \odot F`, alpha 1
    and beta 0 at first (AM-PromptIR's released code). Taught in chapter 14.

    Args:
        dim: Channels C of features and prompt, at least 16.
        prompt_len: Number of learned maps.
        prompt_size: Height and width at which they are stored.
        text_dim: Length of the text vectors, or 0 where the words come as token ids.
        least_gate: Hidden channels that the channel gate has at least; else a sixteenth of C.

    Shape: (B, C, H, W) and what was told, (B, L) or (B, text_dim), to (B, C, H, W).
    """

    def __init__(
        self,
        dim: int,
        prompt_len: int,
        prompt_size: int,
        text_dim: int = 0,
        least_gate: int = 1,
    ) -> None:
        super().__init__()
        self.components = nn.Parameter(torch.rand(prompt_len, dim, prompt_size, prompt_size))
        self.mean = ChannelMean()
        self.weight_head = nn.Linear(dim, prompt_len)
        self.words = WordVector(text_dim, dim) if text_dim else WordSigns(dim)
        self.read_words = nn.Sequential(
            nn.Conv2d(dim, dim // REDUCTION, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(dim // REDUCTION, dim, 1),
        )
        narrow = max(dim // (2 * REDUCTION), least_gate)
        self.spatial = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.channel = nn.Sequential(
            nn.Conv2d(dim, narrow, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(narrow, dim, 1, bias=False),
        )
        self.join = nn.Conv2d(dim, dim, 1)
        self.prompt_scale = nn.Parameter(torch.ones(dim, 1, 1))
        self.feature_scale = nn.Parameter(torch.zeros(dim, 1, 1))

    def weights(self, x: Tensor) -> Tensor:
        """Returns the share of each map, (B, prompt_len), non-negative and summing to 1."""
        return self.weight_head(self.mean(x).flatten(1)).softmax(dim=-1)

    def visual(self, x: Tensor) -> Tensor:
        """Returns the prompt P that the image chooses, (B, C, H, W)."""
        weights = self.weights(x)
        prompt = (weights @ self.components.flatten(1)).unflatten(1, self.components.shape[1:])
        prompt = prompt.contiguous(memory_format=torch.channels_last)
        if prompt.shape[2:] != x.shape[2:]:  # equal sizes, as in training: the identity
            prompt = F.interpolate(prompt, x.shape[2:], mode="bilinear", align_corners=False)
        return prompt

    def spatial_gate(self, text: Tensor, size: tuple[int, int]) -> Tensor:
        """Returns s, (B, 1, H, W), from the map of the words."""
        highest = text.amax(dim=1, keepdim=True)
        both = torch.cat([highest, text.mean(dim=1, keepdim=True)], dim=1)
        return self.spatial(both.expand(-1, -1, *size)).sigmoid()

    def channel_gate(self, prompt: Tensor) -> Tensor:
        """Returns g, (B, C, 1, 1), from the prompt of the image."""
        mean, highest = prompt.mean(dim=(2, 3), keepdim=True), prompt.amax(dim=(2, 3), keepdim=True)
        return (self.channel(mean) + self.channel(highest)).sigmoid()

    def forward(self, x: Tensor, told: Tensor, mix_batch: bool = False) -> Tensor:
        size = (x.shape[2], x.shape[3])
        # The words make one row, or one pixel; broadcasting spreads it over the map.
        text = self.read_words(self.words(told, size, mix_batch))
        prompt = self.visual(x)
        gated = prompt * self.spatial_gate(text, size) + text * self.channel_gate(prompt)
        joined = self.join(gated)
        ours, theirs = self.prompt_scale.to(joined.dtype), self.feature_scale.to(x.dtype)
        return ours * joined + theirs * x


def check_told(told: Tensor | None, batch: int | None) -> None:
    """Refuses words that are not one row for each image.

    Args:
        told: What the network was told, if anything.
        batch: Number of images; None where any number of rows will do.

    Raises:
        UsageError: Not a tensor (B, ...) with that many rows.
    """
    if (
        not isinstance(told, Tensor)
        or told.ndim != 2
        or (batch is not None and told.shape[0] not in (1, batch))
    ):
        given = tuple(told.shape) if isinstance(told, Tensor) else type(told).__name__
        raise UsageError(
            f"the network was told {given}; expected (B, numbers), one row for each "
            "image or one for all. Make it with network.told([task, ...])."
        )
