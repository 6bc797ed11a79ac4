"""Exercises of chapter 0: restoring a picture of any size, and what restoring gained."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from irlib.check import exercise
from irlib.check.answers import random_uniform
from irlib.evaluation.restore import restore_image
from irlib.metrics import get_protocol, psnr

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
