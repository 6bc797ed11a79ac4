"""Letting tiles share what a network with global attention reads from a whole image.

Attention between channels weighs them by sums over all pixels; PromptIR mixes its prompts and
NAFNet scales its channels by means over all pixels. A tile alone gives other sums, hence another
restoration: brighter here than next door. Sums over tiles can be added, so a first pass over the
tiles gathers them, and a second one restores every tile by the same. A difference is
left: in the first pass deeper layers still saw tiles, prompts are stretched over a tile, and edges
are padded. It is small on most degradations and large in the dark, where light is multiplied;
`irlib tiles` measures it. Taught in chapter 0.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn

from irlib.nn import ChannelMean, PromptGeneration, TransposedAttention


def reads_globally(model: nn.Module) -> bool:
    """Tells whether a model has parts whose statistics tiles can share."""
    return any(
        isinstance(m, (TransposedAttention, PromptGeneration)) or _is_global_mean(m)
        for m in model.modules()
    )


def _is_global_mean(module: nn.Module) -> bool:
    """Means over windows are local by intention and stay so."""
    return isinstance(module, ChannelMean) and module.window is None


def seeing_whole(model: nn.Module, image: Tensor) -> AbstractContextManager[None]:
    """Lets a model that is told what an encoder sees be told of the whole image in every tile.

    Args:
        model: One with a method ``seeing``, as :class:`~irlib.models.WithSemantics` has; for any
            other nothing happens.
        image: (3, H, W), the whole.
    """
    seeing = getattr(model, "seeing", None)
    return nullcontext() if seeing is None else seeing(image[None])


class SharedStatistics:
    """Sums over tiles for every part of a model that reads the whole image.

    Use :meth:`gathering` around passes over tiles, then :meth:`applied` around those that restore
    them. Both leave the model as it was, whatever happens inside.

    Args:
        model: Its :class:`~irlib.nn.TransposedAttention`, :class:`~irlib.nn.PromptGeneration` and
            :class:`~irlib.nn.ChannelMean` modules take part; a batch of one image is expected.
    """

    def __init__(self, model: nn.Module) -> None:
        modules = list(model.modules())
        self._attentions = [m for m in modules if isinstance(m, TransposedAttention)]
        self._prompts = [m for m in modules if isinstance(m, PromptGeneration)]
        self._means = [m for m in modules if _is_global_mean(m)]
        self._sums: dict[nn.Module, list[Tensor]] = {}

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Within it, each pass of the model adds to the sums and is otherwise as ever."""

        def attention_gatherer(module: TransposedAttention):
            def attention(query: Tensor, key: Tensor) -> Tensor:
                wide = torch.promote_types(query.dtype, torch.float32)
                query, key = query.to(wide), key.to(wide)
                # Squares by vector_norm, which needs no second map of the features' size.
                squares = [torch.linalg.vector_norm(x, dim=-1).square() for x in (query, key)]
                self._add(module, query @ key.transpose(-2, -1), *squares)
                return type(module).attention(module, query, key)

            return attention

        def prompt_gatherer(module: PromptGeneration):
            def weights(features: Tensor) -> Tensor:
                self._add_mean(module, features)
                return type(module).weights(module, features)

            return weights

        def mean_gatherer(module: ChannelMean):
            def means(features: Tensor) -> Tensor:
                self._add_mean(module, features)
                return type(module).means(module, features)

            return means

        with self._replaced(attention_gatherer, prompt_gatherer, mean_gatherer):
            yield

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within it, each pass of the model uses the sums instead of those of its own input."""

        def shared_attention(module: TransposedAttention):
            products, query_squares, key_squares = self._sums[module]
            lengths = query_squares.sqrt().unsqueeze(-1) * key_squares.sqrt().unsqueeze(-2)
            cosines = products / lengths.clamp_min(torch.finfo(lengths.dtype).tiny)
            shared = (module.temperature.to(cosines.dtype) * cosines).softmax(dim=-1)
            return lambda query, key: shared

        def shared_weights(module: PromptGeneration):
            total, pixels = self._sums[module]
            mean = (total / pixels).to(module.weight_head.weight.dtype)
            shared = module.weight_head(mean).softmax(dim=-1)
            return lambda features: shared

        def shared_means(module: ChannelMean):
            total, pixels = self._sums[module]
            return lambda features: (total / pixels).to(features.dtype)[:, :, None, None]

        with self._replaced(shared_attention, shared_weights, shared_means):
            yield

    def _add_mean(self, module: nn.Module, features: Tensor) -> None:
        pixels = features.shape[2] * features.shape[3]
        # Widened first, since a sum over many pixels leaves float16's range.
        wide = torch.promote_types(features.dtype, torch.float32)
        total = features.mean(dim=(2, 3)).to(wide) * pixels
        self._add(module, total, torch.as_tensor(float(pixels), device=total.device))

    def _add(self, module: nn.Module, *terms: Tensor) -> None:
        before = self._sums.get(module)
        self._sums[module] = [
            term if before is None else term + before[i] for i, term in enumerate(terms)
        ]

    @contextmanager
    def _replaced(self, of_attention, of_prompt, of_mean) -> Iterator[None]:
        """Puts other methods in place of a module's own, on this instance alone."""
        try:
            for module in self._attentions:
                module.attention = of_attention(module)
            for module in self._prompts:
                module.weights = of_prompt(module)
            for module in self._means:
                module.means = of_mean(module)
            yield
        finally:
            for module in self._attentions:
                module.__dict__.pop("attention", None)
            for module in self._prompts:
                module.__dict__.pop("weights", None)
            for module in self._means:
                module.__dict__.pop("means", None)
