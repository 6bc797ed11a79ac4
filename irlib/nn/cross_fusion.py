"""Cross-attention from pixels to a handful of prompts."""

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.nn.layer_norm import WithBiasLayerNorm
from irlib.nn.precision import full_precision

QUERIES = ("pixels", "pooled")


class CrossFusion(nn.Module):
    r"""Cross-fusion (CF): every pixel asks the prompts, and gets a weighted sum of their values.

    Equation: :math:`W_O * (A V)` with :math:`A = \mathrm{softmax}_S(Q K^\top / \sqrt{C/h})`,
    :math:`Q = W_Q * \mathrm{LN}(x)`, :math:`K = P W_K`, :math:`V = P W_V`; no biases.
    :math:`W_O` starts at zero, so a fresh network is its backbone. Taught in chapter 13.

    Prompts are few, so neither queries nor values are ever formed for each pixel: :math:`W_Q` is
    multiplied into the keys and :math:`W_O` into the values, two (C, h S) matrices an image, which
    gives the same numbers for less work.

    Our reading of the block "CF" in the framework figure of Wu and others (TIP 2025), who released
    no code.

    Args:
        dim: Channels C, of features and prompts.
        num_heads: Heads h, blocks of consecutive channels.
        query: Who asks: "pixels", each for itself, or "pooled", the mean of the features, whose
            answer all pixels get.

    Raises:
        UsageError: An unknown query, or heads that do not divide the channels.

    Shape: (B, C, H, W) and prompts (B, S, C) to a term (B, C, H, W) or, with "pooled", (B, C, 1, 1)
    that is added to the features; and the attention (B, h, N, S).
    """

    def __init__(self, dim: int, num_heads: int, query: str = "pixels") -> None:
        super().__init__()
        if query not in QUERIES:
            raise UsageError(f"query is {query!r}; expected {' or '.join(QUERIES)}.")
        if num_heads < 1 or dim % num_heads:
            raise UsageError(f"{num_heads} heads do not divide the {dim} channels of the prompts.")
        self.num_heads, self.query = num_heads, query
        self.norm = WithBiasLayerNorm(dim)
        self.to_query = nn.Conv2d(dim, dim, 1, bias=False)
        self.to_key = nn.Linear(dim, dim, bias=False)
        self.to_value = nn.Linear(dim, dim, bias=False)
        self.project_out = nn.Conv2d(dim, dim, 1, bias=False)
        nn.init.zeros_(self.project_out.weight)

    def forward(self, x: Tensor, prompts: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the term to add, and the attention over the prompts.

        Args:
            x: (B, C, H, W).
            prompts: (B, S, C).
            pooled: (B, C, 1, 1), the mean of ``x`` over its pixels.
        """
        asking = x if self.query == "pixels" else pooled
        pixels = self.norm(asking).flatten(2).transpose(1, 2)  # (B, N, C)
        keys, values = self._folded(prompts)
        with full_precision(x):
            scores = pixels @ keys.to(pixels.dtype)  # (B, N, h S)
            wide = torch.promote_types(scores.dtype, torch.float32)
            by_head = scores.to(wide).unflatten(2, (self.num_heads, -1))  # (B, N, h, S)
            attention = by_head.softmax(dim=-1)
            term = attention.flatten(2).to(pixels.dtype) @ values.to(pixels.dtype)  # (B, N, C)
        term = term.transpose(1, 2).unflatten(2, asking.shape[2:])
        return term, attention.transpose(1, 2)

    def _folded(self, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """Returns keys behind :math:`W_Q`, (B, C, h S), and values before :math:`W_O`."""
        heads = (self.num_heads, -1)
        with full_precision(prompts):
            prompts = prompts.to(self.to_key.weight.dtype)
            keys = self.to_key(prompts).unflatten(2, heads)  # (B, S, h, d)
            values = self.to_value(prompts).unflatten(2, heads)
            asked = self.to_query.weight.flatten(1).unflatten(0, heads)  # (h, d, C)
            given = self.project_out.weight.flatten(1).unflatten(1, heads)  # (C, h, d)
            scale = keys.shape[-1] ** -0.5
            keys = torch.einsum("hdc,bshd->bchs", asked, keys) * scale
            values = torch.einsum("chd,bshd->bhsc", given, values)
            return keys.flatten(2), values.flatten(1, 2)
