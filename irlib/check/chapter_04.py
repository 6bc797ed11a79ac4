"""Exercises of chapter 4: the parts of a Restormer block, and a table made from a few pixels."""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, same_shape
from irlib.data.photos import photo
from irlib.nn import channel_attention as reference_attention

_TOLERANCE = 1e-5


def _norm_keeps_the_shape(norm: Callable) -> None:
    same_shape(norm(random_normal(2, 6, 4, 5), torch.ones(6)), (2, 6, 4, 5))


def _norm_has_unit_deviation(norm: Callable) -> None:
    deviation = norm(random_normal(2, 6, 4, 5) * 3, torch.ones(6)).var(dim=1, unbiased=False).sqrt()
    close_to(
        deviation,
        torch.ones_like(deviation),
        "Divide by the deviation over the channels of each pixel, with the biased variance "
        "(unbiased=False).",
    )


def _norm_keeps_the_mean(norm: Callable) -> None:
    x = random_normal(1, 6, 3, 3) + 2
    ratio = norm(x, torch.ones(6)) / x
    spread = (ratio.amax(dim=1) - ratio.amin(dim=1)).max().item()
    assert spread < 1e-4, (
        "The channels of one pixel were not all multiplied by the same number. The mean is removed "
        "inside the variance only, never from what is divided."
    )


def _norm_uses_the_weight(norm: Callable) -> None:
    x, weight = random_normal(1, 6, 3, 3), torch.arange(1.0, 7.0)
    expected = norm(x, torch.ones(6)) * weight[:, None, None]
    close_to(norm(x, weight), expected, "weight holds one factor a channel, axis 1 of the map.")


def _norm_survives_a_grey_pixel(norm: Callable) -> None:
    result = norm(torch.full((1, 6, 2, 2), 0.5), torch.ones(6))
    expected = torch.full_like(result, 0.5 / 1e-5**0.5)
    assert torch.isfinite(result).all(), "All channels equal gave a division by zero."
    difference = ((result - expected).abs() / expected).max().item()
    assert difference < 1e-3, "epsilon = 1e-5 is added to the variance, inside the root."


exercise(
    "ch04.norm",
    ("the map keeps its shape (B, C, H, W)", _norm_keeps_the_shape),
    ("every pixel's channels have deviation 1 afterwards", _norm_has_unit_deviation),
    ("all channels of a pixel are scaled alike, so that the mean stays", _norm_keeps_the_mean),
    ("each channel is multiplied by its weight", _norm_uses_the_weight),
    ("a pixel whose channels are all equal stays finite", _norm_survives_a_grey_pixel),
)


def _query_and_key() -> tuple[Tensor, Tensor, Tensor]:
    temperature = torch.tensor([1.0, 3.0]).view(2, 1, 1)
    return random_normal(2, 2, 4, 30, seed=1), random_normal(2, 2, 4, 30, seed=2), temperature


def _attention_is_between_channels(attention: Callable) -> None:
    same_shape(attention(*_query_and_key()), (2, 2, 4, 4))


def _rows_sum_to_one(attention: Callable) -> None:
    result = attention(*_query_and_key())
    assert (result >= 0).all(), "Some entries are negative; a softmax has none."
    off = (result.sum(dim=-1) - 1).abs().max().item()
    assert off < _TOLERANCE, (
        f"A row (the last axis) misses 1 by {off:.2g}. The softmax runs over the key's channels, "
        "dim=-1."
    )


def _length_of_the_query_is_removed(attention: Callable) -> None:
    query, key, temperature = _query_and_key()
    close_to(
        attention(7 * query, key, temperature),
        attention(query, key, temperature),
        "Each row of query and key is divided by its length along the pixels, the last axis.",
    )


def _length_of_the_key_is_removed(attention: Callable) -> None:
    query, key, temperature = _query_and_key()
    close_to(
        attention(query, 7 * key, temperature),
        attention(query, key, temperature),
        "The key's rows are divided by their length too.",
    )


def _no_temperature_is_uniform(attention: Callable) -> None:
    query, key, temperature = _query_and_key()
    result = attention(query, key, 0 * temperature)
    assert torch.isfinite(result).all(), "It divides by the temperature; the code multiplies."
    close_to(result, torch.full_like(result, 0.25), "The temperature multiplies the products.")


def _equals_the_package(attention: Callable) -> None:
    close_to(
        attention(*_query_and_key()),
        reference_attention(*_query_and_key()),
        "Rows belong to the query, columns to the key; the temperature is one number a head.",
    )


exercise(
    "ch04.channel_attention",
    (
        "the result has shape (B, h, d, d), whatever the number of pixels",
        _attention_is_between_channels,
    ),
    ("rows are shares: none negative, each row with sum 1", _rows_sum_to_one),
    ("a query seven times as large changes nothing", _length_of_the_query_is_removed),
    ("a key seven times as large changes nothing", _length_of_the_key_is_removed),
    ("temperature 0 gives every channel the same share", _no_temperature_is_uniform),
    ("the result equals irlib's", _equals_the_package),
)


def _gated_halves_the_channels(gated: Callable) -> None:
    same_shape(gated(random_normal(2, 8, 3, 5)), (2, 4, 3, 5))


def _closed_gate(gated: Callable) -> None:
    features = random_normal(1, 8, 3, 3)
    features[:, :4] = 0
    seen = gated(features).abs().max().item()
    assert seen == 0, (
        f"With a first half of zeros the result reaches {seen:.2g}; GELU(0) is 0, so nothing "
        "passes a closed gate. Gate and content are multiplied."
    )


def _negative_gate(gated: Callable) -> None:
    features = torch.ones(1, 8, 3, 3)
    features[:, :4] = -20
    seen = gated(features).abs().max().item()
    assert seen < 1e-6, f"A first half of -20 lets {seen:.2g} pass: GELU goes on the first half."


def _open_gate(gated: Callable) -> None:
    features = random_normal(1, 8, 3, 3)
    features[:, :4] = 10
    expected = 10 * features[:, 4:]
    close_to(
        gated(features), expected, "The second half is the content: it gets no GELU of its own."
    )


def _exact_gelu(gated: Callable) -> None:
    features = random_normal(1, 8, 16, 16)
    expected = F.gelu(features[:, :4]) * features[:, 4:]
    close_to(
        gated(features), expected, "GELU is the exact form with erf, not the tanh approximation."
    )


exercise(
    "ch04.gated",
    ("two halves of the channels become one", _gated_halves_the_channels),
    ("a gate of zero lets nothing pass", _closed_gate),
    ("a very negative first half closes the gate", _negative_gate),
    ("a large first half multiplies the second, unchanged", _open_gate),
    ("the gate is the exact GELU", _exact_gelu),
)


_HEIGHT, _WIDTH, _FEW = 240, 320, 300


def _places(pick: Callable, count: int = _FEW) -> Tensor:
    torch.manual_seed(0)
    places = same_shape(pick(_HEIGHT, _WIDTH, count), (count,)).long()
    low, high = int(places.min()), int(places.max())
    assert low >= 0, f"A place is {low}; the first pixel is 0."
    assert high < _HEIGHT * _WIDTH, f"A place is {high}; the last pixel is {_HEIGHT * _WIDTH - 1}."
    different = len(places.unique())
    assert different == count, f"Of {count} places only {different} are different pixels."
    return places


def _table(maps: Tensor) -> Tensor:
    """Attention table (d, d) of feature maps (d, N), at temperature 5."""
    return reference_attention(maps[None, None], maps[None, None], torch.full((1, 1, 1), 5.0))[0, 0]


@cache
def _photograph_maps() -> list[Tensor]:
    """Colours, blur, detail and slopes of cuts of photographs, each (7, H W)."""
    found = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        image = photo(name)[:, :_HEIGHT, :_WIDTH]
        grey = image.mean(0, keepdim=True)
        blur = F.avg_pool2d(grey, 9, 1, 4, count_include_pad=False)
        slopes = [F.pad(grey.diff(dim=2), (0, 1)), F.pad(grey.diff(dim=1), (0, 0, 0, 1))]
        maps = torch.cat([image, blur, grey - blur, *slopes]).flatten(1)
        found.append(maps - maps.mean(dim=1, keepdim=True))
    return found


@cache
def _stripe_maps() -> Tensor:
    """Stripes of seven widths, upright and lying: no two of them alike."""
    row, column = torch.meshgrid(torch.arange(_HEIGHT), torch.arange(_WIDTH), indexing="ij")
    waves = [
        torch.cos(2 * torch.pi * x / n) for x in (row, column) for n in (2, 4, 5, 8, 10, 16, 32)
    ]
    return torch.stack(waves).flatten(1)


def _places_are_pixels(pick: Callable) -> None:
    for count in (50, _FEW):
        _places(pick, count)


def _all_pixels_are_all(pick: Callable) -> None:
    _places(pick, _HEIGHT * _WIDTH)


def _nearer_than_a_cut(pick: Callable) -> None:
    side = int(_FEW**0.5)
    square = (100 + torch.arange(side))[:, None] * _WIDTH + 150 + torch.arange(side)
    errors = []
    for places in (_places(pick), square.flatten()):
        gaps = [
            (_table(maps[:, places]) - _table(maps)).abs().mean() for maps in _photograph_maps()
        ]
        errors.append(torch.stack(gaps).mean().item())
    assert errors[0] < errors[1] / 3, (
        f"Over four photographs the entries are off by {errors[0]:.4f} on average, those of a "
        f"square cut by {errors[1]:.4f}. Neighbours are alike and teach little: spread out."
    )


def _no_stripe_deceives(pick: Callable) -> None:
    maps = _stripe_maps()
    off = (_table(maps[:, _places(pick)]) - _table(maps)).abs().max().item()
    assert off < 0.1, (
        f"With stripes as feature maps an entry is off by {off:.2f}: seen at your places, two "
        "kinds of stripes look alike. Places in step with a pattern see one phase of it only."
    )


exercise(
    "ch04.few_pixels",
    ("it returns as many different pixels as asked for", _places_are_pixels),
    ("asked for all pixels, it returns each of them", _all_pixels_are_all),
    ("the table is three times nearer than that of a square cut", _nearer_than_a_cut),
    ("stripes of any width do not deceive it", _no_stripe_deceives),
)
