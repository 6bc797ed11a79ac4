"""Letting tiles share what a network with global attention reads from a whole image.

Attention between channels weighs them by sums over all pixels; PromptIR mixes its prompts and
NAFNet scales its channels by means over all pixels. A tile alone gives other sums, hence another
restoration: brighter here than next door. Sums over tiles can be added, so passes over the tiles
gather them, and a last one restores every tile by the same.

Two things decide whether these sums are those of the whole. Each pixel must count once, although
tiles overlap: else the sums belong to another image, however often they are gathered. And the sums
of a layer are right only where the layers before it worked by those of the whole, which one pass
over tiles on their own does not give. Every further pass works by the sums gathered before, and so
brings one more layer in order, and all later ones closer. Most of a network's time goes into its
last layers, where features are large; the passes before the last one leave these out.

It matters most in the dark, where restoring multiplies the light, and errors of the sums with it.
A third thing is no sum: PromptIR stretches its prompts over what it sees; a tile must be given its
part of the prompts of the whole, not prompts of its own. What is left of a difference comes from
the tiles' edges. `irlib tiles` measures it. Taught in chapter 24.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial

import torch
from torch import Tensor, nn

from irlib.evaluation.tiling import Part, Span
from irlib.nn import ChannelMean, PromptGeneration, TransposedAttention

# How far into the network each pass over the tiles gathers, as a share of its layers that read
# globally. The last layer may be new in the last pass alone: else it would be summed behind one
# that still saw tiles. The first pass ends within the encoder, where passes are cheap.
DEPTHS = (0.37, 0.95, 1.0)
_ROWS = 64  # copied at a time where only part of a tile counts, to hold little memory


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


class _EnoughError(Exception):
    """A pass has gathered as deep as was asked for."""


class SharedStatistics:
    """Sums over tiles for every part of a model that reads the whole image.

    Use :meth:`gathering` around passes over tiles, again and again, then :meth:`applied` around
    those that restore them. Both leave the model as it was, whatever happens inside.

    Args:
        model: Its :class:`~irlib.nn.TransposedAttention`, :class:`~irlib.nn.PromptGeneration` and
            :class:`~irlib.nn.ChannelMean` modules take part; a batch of one image is expected.
        whole: Height and width of the whole image. With it, a pass within :meth:`at` or
            :meth:`placed` meets its part of the prompts of the whole.
    """

    def __init__(self, model: nn.Module, whole: tuple[int, int] | None = None) -> None:
        modules = list(model.modules())
        self._attentions = [m for m in modules if isinstance(m, TransposedAttention)]
        self._prompts = [m for m in modules if isinstance(m, PromptGeneration)]
        self._means = [m for m in modules if _is_global_mean(m)]
        self._sums: dict[nn.Module, list[Tensor]] = {}  # to work by
        self._gathered: dict[nn.Module, list[Tensor]] = {}
        self._whole = whole
        self._tile: tuple[Part, Part] | None = None
        self._place: tuple[Part | Span, Part | Span] | None = None
        self._limit = 0
        self._met: set[nn.Module] = set()

    @contextmanager
    def gathering(self, depth: float = 1.0) -> Iterator[None]:
        """Within it, each pass of the model adds to new sums and works by those gathered before.

        Where there are none yet, a pass is as ever.

        Args:
            depth: Share of the layers with sums after which a pass within :meth:`at` ends.
        """
        self._gathered = {}
        layers = len(self._attentions) + len(self._prompts) + len(self._means)
        self._limit = max(1, round(depth * layers))

        def attention_gatherer(module: TransposedAttention):
            def attention(query: Tensor, key: Tensor) -> Tensor:
                self._add_products(module, query, key)
                if module in self._sums:
                    return _attention_from(module, self._sums[module])
                return type(module).attention(module, query, key)

            return attention

        def prompt_gatherer(module: PromptGeneration):
            def weights(features: Tensor) -> Tensor:
                self._add_mean(module, features)
                if module in self._sums:
                    return _weights_from(module, self._sums[module])
                return type(module).weights(module, features)

            return weights

        def mean_gatherer(module: ChannelMean):
            def means(features: Tensor) -> Tensor:
                self._add_mean(module, features)
                if module in self._sums:
                    return _means_from(self._sums[module], features)
                return type(module).means(module, features)

            return means

        try:
            with self._replaced(attention_gatherer, prompt_gatherer, mean_gatherer):
                yield
        finally:
            self._sums |= self._gathered

    @contextmanager
    def at(self, rows: Part, columns: Part) -> Iterator[None]:
        """Within it, a pass over this tile counts the tile's own pixels alone, and may end early.

        What the pass would have returned is lost if it ends.
        """
        self._tile, self._met = (rows, columns), set()
        try:
            with suppress(_EnoughError), self.placed(rows, columns):
                yield
        finally:
            self._tile = None

    @contextmanager
    def placed(self, rows: Part | Span, columns: Part | Span) -> Iterator[None]:
        """Within it, a pass knows where in the whole the tile lies that it sees."""
        self._place = rows, columns
        try:
            yield
        finally:
            self._place = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within it, each pass of the model uses the sums instead of those of its own input."""

        def shared_attention(module: TransposedAttention):
            shared = _attention_from(module, self._sums[module])
            return lambda query, key: shared

        def shared_weights(module: PromptGeneration):
            shared = _weights_from(module, self._sums[module])
            return lambda features: shared

        def shared_means(module: ChannelMean):
            return lambda features: _means_from(self._sums[module], features)

        with self._replaced(shared_attention, shared_weights, shared_means):
            yield

    def _stretched(self, module: PromptGeneration, prompt: Tensor, size: Sequence[int]) -> Tensor:
        """The tile's part (1, P, h, w) of a prompt that is stretched over the whole."""
        if self._whole is None or self._place is None:
            return type(module).stretched(module, prompt, size)
        for axis, (length, place, whole) in enumerate(
            zip(size, self._place, self._whole, strict=True), start=2
        ):
            smaller = (place.stop - place.start) // length  # pixels of the image to one here
            start, over = place.start // smaller, whole // smaller
            prompt = _part_of_stretched(prompt, axis, range(start, start + length), over)
        return prompt

    def _add_products(self, module: nn.Module, query: Tensor, key: Tensor) -> None:
        wide = torch.promote_types(query.dtype, torch.float32)
        for some in self._own_pixels(query, key):
            q, k = (x.to(wide) for x in some)
            # Squares by vector_norm, which needs no second map of the features' size.
            squares = [torch.linalg.vector_norm(x, dim=-1).square() for x in (q, k)]
            self._add(module, q @ k.transpose(-2, -1), *squares)
        self._end_early(module)

    def _own_pixels(self, query: Tensor, key: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields (1, h, d, n) of the pixels that count, all at once or some rows at a time."""
        size = None if self._tile is None else _size(*self._tile, query.shape[-1])
        if size is None:
            yield query, key
            return
        rows, columns = self._own(*size)
        maps = [x.unflatten(-1, size) for x in (query, key)]
        for start in range(rows.start, rows.stop, _ROWS):
            some = slice(start, min(start + _ROWS, rows.stop))
            yield tuple(x[..., some, columns].flatten(-2) for x in maps)

    def _own(self, height: int, width: int) -> tuple[slice, slice]:
        """Where in a map of this size the tile's own pixels lie."""
        if self._tile is None:
            return slice(0, height), slice(0, width)
        return tuple(
            slice(
                (part.own_start - part.start) * length // (part.stop - part.start),
                (part.own_stop - part.start) * length // (part.stop - part.start),
            )
            for part, length in zip(self._tile, (height, width), strict=True)
        )

    def _add_mean(self, module: nn.Module, features: Tensor) -> None:
        rows, columns = self._own(*features.shape[2:])
        features = features[:, :, rows, columns]
        pixels = features.shape[2] * features.shape[3]
        # Widened first, since a sum over many pixels leaves float16's range.
        wide = torch.promote_types(features.dtype, torch.float32)
        total = features.mean(dim=(2, 3)).to(wide) * pixels
        self._add(module, total, torch.as_tensor(float(pixels), device=total.device))
        self._end_early(module)

    def _add(self, module: nn.Module, *terms: Tensor) -> None:
        before = self._gathered.get(module)
        self._gathered[module] = [
            term if before is None else term + before[i] for i, term in enumerate(terms)
        ]

    def _end_early(self, module: nn.Module) -> None:
        self._met.add(module)
        if self._tile is not None and len(self._met) >= self._limit:
            raise _EnoughError

    @contextmanager
    def _replaced(self, of_attention, of_prompt, of_mean) -> Iterator[None]:
        """Puts other methods in place of a module's own, on this instance alone."""
        try:
            for module in self._attentions:
                module.attention = of_attention(module)
            for module in self._prompts:
                module.weights = of_prompt(module)
                module.stretched = partial(self._stretched, module)
            for module in self._means:
                module.means = of_mean(module)
            yield
        finally:
            for module in self._attentions:
                module.__dict__.pop("attention", None)
            for module in self._prompts:
                module.__dict__.pop("weights", None)
                module.__dict__.pop("stretched", None)
            for module in self._means:
                module.__dict__.pop("means", None)


def _part_of_stretched(x: Tensor, axis: int, places: range, length: int) -> Tensor:
    """Those places of ``x``, resized along one axis to ``length`` as bilinear resizing does it."""
    stored = x.shape[axis]
    # in float64, which Apple's GPUs lack
    middle = torch.arange(places.start, places.stop, dtype=torch.float64) + 0.5
    source = (middle * stored / length - 0.5).clamp_min(0)
    below = source.long()
    shape = [-1 if dim == axis else 1 for dim in range(x.ndim)]
    share = (source - below).to(x.dtype).view(shape).to(x.device)
    below = below.to(x.device)
    lower = x.index_select(axis, below)
    return lower + share * (x.index_select(axis, (below + 1).clamp_max(stored - 1)) - lower)


def _size(rows: Part, columns: Part, pixels: int) -> tuple[int, int] | None:
    """Height and width of a map of so many pixels, made of this tile; None where none fits."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    smaller = max(round((height * width / pixels) ** 0.5), 1)
    size = height // smaller, width // smaller
    return size if size[0] * size[1] == pixels else None


def _attention_from(module: TransposedAttention, sums: list[Tensor]) -> Tensor:
    products, query_squares, key_squares = sums
    lengths = query_squares.sqrt().unsqueeze(-1) * key_squares.sqrt().unsqueeze(-2)
    cosines = products / lengths.clamp_min(torch.finfo(lengths.dtype).tiny)
    return (module.temperature.to(cosines.dtype) * cosines).softmax(dim=-1)


def _weights_from(module: PromptGeneration, sums: list[Tensor]) -> Tensor:
    total, pixels = sums
    mean = (total / pixels).to(module.weight_head.weight.dtype)
    return module.weight_head(mean).softmax(dim=-1)


def _means_from(sums: list[Tensor], features: Tensor) -> Tensor:
    total, pixels = sums
    return (total / pixels).to(features.dtype)[:, :, None, None]
