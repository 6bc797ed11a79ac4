"""Restoring one image of any size with a trained model, whole or in tiles. Taught in chapter 0."""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from irlib.errors import IrlibError, UsageError
from irlib.evaluation.memory import affordable_pixels, is_out_of_memory
from irlib.evaluation.shared_statistics import (
    DEPTHS,
    SharedStatistics,
    reads_globally,
    seeing_whole,
)
from irlib.evaluation.tiling import Span, check_tile, parts, spans
from irlib.models import uncompiled
from irlib.nn.padding import pad_to_multiple

Progress = Callable[[int, int], None]

# Where even this does not fit, no smaller tile would help.
_LEAST_TILE = 64
# Every model takes so small an image whole; no need to measure it first.
_SMALL_ENOUGH_UNTRIED = 256 * 256
# What padding makes of a tile's edge is not counted so far in; deeper it hardly shows.
_MARGIN = 8


def restore_image(
    model: nn.Module,
    image: Tensor,
    tile: str | int | None = "auto",
    overlap: int = 32,
    device: str | torch.device | None = None,
    progress: Progress | None = None,
    share: bool = True,
) -> Tensor:
    """Returns the restored image, of the size of the given one.

    The image is extended to the multiple that the model needs, by reflection unless the model has
    another ``padding``, and cropped after.
    A network with global attention (Restormer, PromptIR) computes statistics over all it sees, so
    with tiles it gives other values than without, most of all where it changes the brightness; a
    purely local one gives the same. Tiles therefore share their statistics, which brings them
    close to the whole and takes about twice the time
    (:mod:`irlib.evaluation.shared_statistics`; :func:`irlib.evaluation.tiling_cost` measures it).

    Args:
        model: Maps (1, 3, H, W) to the same; ``model.multiple`` is what H and W must be multiples
            of (1 where absent), ``model.smallest`` what they must reach.
        image: (3, H, W) in [0, 1], any size from 1 × 1.
        tile: Side of a tile in pixels, rounded up to the model's multiple; ``None`` for the whole
            image at once; ``"auto"`` for the whole image where memory allows and otherwise for
            the largest tile that fits, and smaller ones if that runs out of memory all the same.
        overlap: Pixels that neighbouring tiles share at least.
        device: Where to compute; the model is moved there. By default where the model is.
        progress: Called with (tiles done, tiles in all); starts again if the tile is made smaller.
            Tiles that only give their statistics count too.
        share: Whether tiles share their statistics; without, each is restored on its own.

    Returns:
        (3, H, W) float32 in [0, 1] on the device of ``image``.

    Raises:
        UsageError: The image's shape, the tile or the overlap cannot be used.
        IrlibError: The model's output has another shape or is not finite, or memory ran out.
    """
    _check_image(image)
    if isinstance(tile, str) and tile != "auto":
        raise UsageError(f"a tile of {tile!r} was given; expected 'auto', None or a whole number.")
    check_tile(max(2 * overlap, 1) if tile in ("auto", None) else int(tile), overlap)
    if device is not None:
        model.to(device)
    multiple = int(getattr(model, "multiple", 1))
    padding = getattr(model, "padding", "reflect")
    if not isinstance(padding, str):  # a bare convolution's is a pair of numbers
        padding = "reflect"
    smallest = int(getattr(model, "smallest", 1))
    padded, (height, width) = pad_to_multiple(image, multiple, padding, smallest)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            restored = _restore(model, padded, tile, overlap, multiple, progress, share)
    finally:
        model.train(was_training)
    return restored[..., :height, :width]


def _check_image(image: Tensor) -> None:
    if image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape:
        raise UsageError(
            f"an image of the shape {tuple(image.shape)} was given, but (3, H, W) was expected: "
            f"one colour image of at least one pixel."
        )
    if not image.is_floating_point():
        raise UsageError(
            f"an image of the type {image.dtype} was given, but floats in [0, 1] were expected. "
            f"Divide 8-bit values by 255 first."
        )


def _up_to(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _restore(
    model: nn.Module,
    padded: Tensor,
    tile: str | int | None,
    overlap: int,
    multiple: int,
    progress: Progress | None,
    share: bool,
) -> Tensor:
    whole = max(padded.shape[-2:])
    side = whole if tile is None else tile
    if isinstance(side, int):
        # Tiles of equal size for the statistics may come out half as large.
        side = max(side, 2 * int(getattr(model, "smallest", 1)))
    while True:
        try:
            if side == "auto":
                side = _affordable_side(model, padded, multiple)
                overlap = min(overlap, side // 2)
            rows, columns = (
                spans(length, _up_to(side, multiple), overlap, multiple)
                for length in padded.shape[-2:]
            )
            return _restore_tiles(model, padded, rows, columns, multiple, progress, share)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            # Outside this block the error would keep the failed pass's tensors alive.
            tried = min(whole if side == "auto" else side, whole)
        least = max(_LEAST_TILE, multiple)
        if tile != "auto" or tried <= least:
            raise IrlibError(
                f"out of memory while restoring {padded.shape[-2]} × {padded.shape[-1]} pixels "
                f"(height × width) in tiles of {tried}. "
                + ("Free some memory." if tile == "auto" else "Use the tile 'auto'.")
            )
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        side = max(tried // 2, least)
        overlap = min(overlap, side // 2)


def _affordable_side(model: nn.Module, padded: Tensor, multiple: int) -> int:
    height, width = padded.shape[-2:]
    if height * width <= _SMALL_ENOUGH_UNTRIED:
        return max(height, width)
    like = padded.new_empty(0, device=_device(model), dtype=_dtype(model, padded))
    with torch.inference_mode(), uncompiled(model):  # its layers are measured
        of_a_whole, of_a_tile = affordable_pixels(model, multiple, like)
    if height * width <= of_a_whole:
        return max(height, width)
    return max(int(of_a_tile**0.5) // multiple * multiple, _LEAST_TILE)


def _device(model: nn.Module) -> torch.device:
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def _dtype(model: nn.Module, image: Tensor) -> torch.dtype:
    return next((p.dtype for p in model.parameters() if p.is_floating_point()), image.dtype)


def _restore_tiles(
    model: nn.Module,
    padded: Tensor,
    rows: list[Span],
    columns: list[Span],
    multiple: int,
    progress: Progress | None,
    share: bool,
) -> Tensor:
    tiles = [(row, column) for row in rows for column in columns]
    if not share or len(tiles) == 1 or not reads_globally(model):
        return _blend(model, padded, tiles, progress)
    sides = zip(padded.shape[-2:], (rows[0].stop, columns[0].stop), strict=True)
    along, across = (parts(length, tile, _MARGIN, multiple) for length, tile in sides)
    sources = [(row, column) for row in along for column in across]
    statistics, done = SharedStatistics(model, tuple(padded.shape[-2:])), 0
    seen = seeing_whole(model, padded.to(_device(model), _dtype(model, padded)))
    with seen, uncompiled(model):
        for depth in DEPTHS:
            with statistics.gathering(depth):
                for row, column in sources:
                    with statistics.at(row, column):
                        _pass(model, padded[:, row.start : row.stop, column.start : column.stop])
                    done += 1
                    if progress is not None:
                        progress(done, len(DEPTHS) * len(sources) + len(tiles))
        with statistics.applied():
            return _blend(model, padded, tiles, progress, done, statistics.placed)


def _pass(model: nn.Module, part: Tensor) -> Tensor:
    """Returns what the model makes of a part of the image, (3, h, w), where the model is."""
    with torch.inference_mode():
        restored = model(part[None].to(_device(model), _dtype(model, part)))
    if restored.shape[1:] != part.shape:
        raise IrlibError(
            f"the model returned the shape {tuple(restored.shape)} for an image of "
            f"{(1, *part.shape)}; restoring needs a model that keeps the size."
        )
    if not restored.isfinite().all():
        raise IrlibError(
            "the model's output holds values that are not finite (NaN or infinity). Check its "
            "weights, and compute in float32 if it ran in a shorter type."
        )
    return restored[0]


def _blend(
    model: nn.Module,
    padded: Tensor,
    tiles: list[tuple[Span, Span]],
    progress: Progress | None,
    before: int = 0,
    placed: Callable[[Span, Span], AbstractContextManager] = lambda *_: nullcontext(),
) -> Tensor:
    """Restores tile by tile into one image, the only other one that is held."""
    blended = torch.zeros(padded.shape, device=padded.device)
    for done, (row, column) in enumerate(tiles, start=1):
        with placed(row, column):
            restored = _pass(model, padded[:, row.start : row.stop, column.start : column.stop])
        restored = restored.to(padded.device, torch.float32).clamp(0, 1)
        restored *= (row.weights[:, None] * column.weights).to(padded.device)
        blended[:, row.start : row.stop, column.start : column.stop] += restored
        if progress is not None:
            progress(before + done, before + len(tiles))
    return blended.clamp_(0, 1)
