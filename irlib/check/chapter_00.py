"""Exercises of chapter 0: what restoring gained, any size, asking twice, and leaving alone."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, random_uniform, same_shape
from irlib.data.photos import test_photos
from irlib.evaluation.restore import restore_image
from irlib.metrics import get_protocol, psnr
from irlib.models import load_weights

_TOLERANCE = 1e-5


class _Contrast(nn.Module):
    """Stands for a network: takes multiples of 8 only, and leaves [0, 1]."""

    multiple = 8

    def forward(self, x: Tensor) -> Tensor:
        shape = tuple(x.shape)
        assert x.ndim == 4, f"The network was given the shape {shape}; it takes (B, 3, H, W)."
        fits = all(side % self.multiple == 0 for side in x.shape[-2:])
        assert fits, (
            f"The network was given {x.shape[-2]}x{x.shape[-1]} pixels; it takes multiples of 8. "
            "Extend the picture with pad_to_multiple(image, model.multiple) first."
        )
        # Each pixel also looks at the mean of its row, so that padding by zeros is noticed.
        return 2 * x - 0.5 + 0.2 * x.mean(dim=-1, keepdim=True)


def _picture(height: int, width: int) -> Tensor:
    return random_uniform(3, height, width)


def _keeps_the_shape(restore: Callable) -> None:
    for height, width in ((16, 24), (50, 61)):
        result = restore(_Contrast(), _picture(height, width))
        assert isinstance(result, Tensor), f"It returned {type(result).__name__}, not a tensor."
        shape = tuple(result.shape)
        assert shape == (3, height, width), (
            f"A picture of (3, {height}, {width}) came back as {shape}. Add the batch axis with "
            "[None], take it off with [0], and cut back what padding added."
        )


def _stays_between_0_and_1(restore: Callable) -> None:
    result = restore(_Contrast(), _picture(16, 24))
    low, high = result.min().item(), result.max().item()
    assert 0 <= low <= high <= 1, (
        f"Values from {low:.2f} to {high:.2f} came back. A network may leave [0, 1]; clamp at the "
        "end."
    )


def _leaves_the_picture_alone(restore: Callable) -> None:
    image = _picture(16, 24)
    restore(_Contrast(), image)
    assert torch.equal(image, _picture(16, 24)), "The picture that was given in has been changed."


def _equals_restore_image(restore: Callable) -> None:
    image = _picture(50, 61)
    difference = (restore(_Contrast(), image) - restore_image(_Contrast(), image)).abs().max()
    assert difference < _TOLERANCE, (
        f"The largest difference is {difference:.2g}. Pad by mirroring at the right and at the "
        "bottom, as pad_to_multiple does; zeros there would be seen by the network."
    )


exercise(
    "ch00.restore",
    ("a picture of any size comes back with the same shape", _keeps_the_shape),
    ("all values lie in [0, 1]", _stays_between_0_and_1),
    ("the given picture is left as it was", _leaves_the_picture_alone),
    ("the result equals restore_image's", _equals_restore_image),
)


def _triple() -> tuple[Tensor, Tensor, Tensor]:
    clean = 0.25 + 0.5 * _picture(16, 16)
    error = 0.2 * (random_uniform(3, 16, 16, seed=1) - 0.5)
    return clean + error, clean + error / 2, clean


def _same(result: object, expected: float, hint: str) -> None:
    seen = float(result)  # type: ignore[arg-type]
    assert abs(seen - expected) < 1e-3, f"It gave {seen:.3f} dB, not {expected:.3f} dB. {hint}"


def _nothing_done(gain: Callable) -> None:
    degraded, _, clean = _triple()
    _same(gain(degraded, degraded, clean), 0, "The result is the PSNR after minus the PSNR before.")


def _half_the_error(gain: Callable) -> None:
    expected = 20 * torch.tensor(2.0).log10().item()
    _same(
        gain(*_triple()),
        expected,
        "Half the error is a quarter of the mean squared error; the gain is in dB, ten times a "
        "logarithm to base 10.",
    )


def _harm_is_negative(gain: Callable) -> None:
    degraded, restored, clean = _triple()
    seen = float(gain(restored, degraded, clean))
    assert seen < 0, f"A restoration worse than its input gave {seen:+.3f} dB; expected below 0."


def _equals_the_package(gain: Callable) -> None:
    degraded, restored, clean = _triple()
    protocol = get_protocol("all-in-one")
    after, before = (psnr(x[None], clean[None], protocol).item() for x in (restored, degraded))
    _same(gain(degraded, restored, clean), after - before, "Compare both with the clean picture.")


exercise(
    "ch00.gain",
    ("a result equal to its input gains 0 dB", _nothing_done),
    ("half the error gains 20 log10(2), about six dB", _half_the_error),
    ("a result worse than its input has a negative gain", _harm_is_negative),
    ("the gain equals the one of irlib's PSNR", _equals_the_package),
)


def _looks_left(image: Tensor) -> Tensor:
    """Stands for a restoration with a preferred side: each pixel takes from its left neighbour."""
    return 0.6 * image + 0.4 * image.roll(1, dims=-1)


def _twice_keeps_the_shape(twice: Callable) -> None:
    same_shape(twice(_looks_left, _picture(6, 10)), (3, 6, 10))


def _twice_of_nothing_is_nothing(twice: Callable) -> None:
    image = _picture(6, 10)
    close_to(
        twice(lambda x: x, image),
        image,
        "A restoration that changes nothing must come out as the picture itself: mirror the second "
        "answer back, and take the mean of two answers, not their sum.",
    )


def _twice_has_no_preferred_side(twice: Callable) -> None:
    image = _picture(6, 10)
    close_to(
        twice(_looks_left, image.flip(-1)),
        twice(_looks_left, image).flip(-1),
        "Left and right is the last axis: flip(-1).",
    )


def _twice_is_the_mean_of_both(twice: Callable) -> None:
    image = _picture(6, 10)
    close_to(
        twice(_looks_left, image),
        0.6 * image + 0.2 * (image.roll(1, dims=-1) + image.roll(-1, dims=-1)),
        "Here the mean of both answers takes from the left and the right neighbour alike.",
    )


exercise(
    "ch00.twice",
    ("the picture keeps its shape", _twice_keeps_the_shape),
    ("a restoration that changes nothing still changes nothing", _twice_of_nothing_is_nothing),
    ("a mirrored picture gives the mirrored result", _twice_has_no_preferred_side),
    ("both answers count by half", _twice_is_the_mean_of_both),
)


class _Case(NamedTuple):
    clean: Tensor
    given: Tensor
    restored: Tensor
    sigma: int


@cache
def _cases() -> list[_Case]:
    """Cuts of the held-out photographs with noise, and what the shipped network makes of them."""
    network = load_weights("promptir-pocket")
    corners = {"chelsea": (50, 150), "coffee": (100, 200), "rocket": (200, 250)}
    found = []
    for name, image in test_photos().items():
        top, left = corners[name]
        clean = image[:, top : top + 64, left : left + 64]
        for sigma in (2, 25):
            noise = random_normal(3, 64, 64, seed=sigma)
            given = (clean + sigma / 255 * noise).clamp(0, 1)
            found.append(_Case(clean, given, restore_image(network, given), sigma))
    return found


def _decibels(image: Tensor, clean: Tensor) -> float:
    return psnr(image[None], clean[None], get_protocol("whole")).item()


def _means(share: Callable, *sigmas: int) -> tuple[float, float, float]:
    """Mean PSNR of the pictures as given, restored, and mixed by the reader's share."""
    rows = []
    for clean, given, restored, sigma in _cases():
        if sigma in sigmas:
            mixed = given + float(share(given, restored)) * (restored - given)
            rows.append([_decibels(image, clean) for image in (given, restored, mixed)])
    alone, always, ruled = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return alone, always, ruled


def _share_is_a_share(share: Callable) -> None:
    for _, given, restored, _ in _cases():
        seen = float(share(given, restored))
        assert 0 <= seen <= 1, f"It returned {seen:.2f}; expected a number from 0 to 1."


def _noise_still_goes(share: Callable) -> None:
    _, always, ruled = _means(share, 25)
    assert ruled > always - 0.5, (
        f"At sigma 25 your mixture has {ruled:.1f} dB, the network's answer {always:.1f} dB. Where "
        "the noise is strong, take the restoration."
    )


def _nearly_clean_stays(share: Callable) -> None:
    alone, always, ruled = _means(share, 2)
    assert ruled > always + 3, (
        f"At sigma 2 the pictures have {alone:.1f} dB as they are, {always:.1f} dB restored and "
        f"{ruled:.1f} dB by your share. Where little is wrong, leave the picture alone."
    )


def _beats_both(share: Callable) -> None:
    alone, always, ruled = _means(share, 2, 25)
    assert ruled > max(alone, always) + 1, (
        f"Never restoring has {alone:.1f} dB on average, always restoring {always:.1f} dB, your "
        f"rule {ruled:.1f} dB."
    )


exercise(
    "ch00.share",
    ("the share is a number from 0 to 1", _share_is_a_share),
    ("strong noise is still taken out, to half a decibel", _noise_still_goes),
    ("nearly clean pictures lose much less than by restoring", _nearly_clean_stays),
    ("over all, the rule beats always and never by a decibel", _beats_both),
)
