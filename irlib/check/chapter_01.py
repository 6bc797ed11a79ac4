"""Exercises of chapter 1: PSNR, luma, and the centre crop of a protocol."""

from collections.abc import Callable
from math import inf

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.metrics import luma, psnr


def _pair(*shape: int) -> tuple[Tensor, Tensor]:
    """Two pictures whose error differs from channel to channel and from picture to picture."""
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(*shape, generator=generator)
    strength = torch.linspace(0.02, 0.2, target[..., 0, 0].numel()).view(*shape[:-2], 1, 1)
    error = strength * torch.randn(*shape, generator=generator)
    return (target + error).clamp(0, 1), target


def _scores(answer: Callable, restored: Tensor, target: Tensor) -> Tensor:
    given = answer(restored, target)
    assert isinstance(given, Tensor), f"it returned {type(given).__name__}, not a tensor"
    batch = len(target)
    assert given.shape == (batch,), (
        f"the shape for a batch of {batch} was {tuple(given.shape)}, not ({batch},): "
        f"one score an image"
    )
    return given.double()


def _one_tenth_is_20_db(answer: Callable) -> None:
    target = torch.full((1, 3, 8, 8), 0.4)
    seen = float(_scores(answer, target + 0.1, target)[0])
    assert abs(seen - 20) < 1e-3, f"you gave {seen:.3f} dB; MSE is 0.01, and 10 log10(1/0.01) = 20"


def _all_channels_together(answer: Callable) -> None:
    restored, target = _pair(1, 3, 16, 16)
    seen, expected = float(_scores(answer, restored, target)), float(psnr(restored, target))
    each = float((-10 * (restored - target).square().mean((2, 3)).log10()).mean())
    hint = "; that is the mean of three PSNRs, one a channel" if abs(seen - each) < 1e-3 else ""
    assert abs(seen - expected) < 1e-3, f"you gave {seen:.3f} dB, not {expected:.3f}{hint}"


def _images_on_their_own(answer: Callable) -> None:
    restored, target = _pair(2, 3, 16, 16)
    seen, expected = _scores(answer, restored, target), psnr(restored, target)
    assert torch.allclose(seen, expected, atol=1e-3), (
        f"the two images scored {seen.tolist()}, alone they score {expected.tolist()}"
    )


def _clips(answer: Callable) -> None:
    target = torch.full((1, 3, 8, 8), 0.9)
    seen = float(_scores(answer, target + 0.5, target)[0])
    assert abs(seen - 20) < 1e-3, (
        f"restored 1.4 against target 0.9 gave {seen:.3f} dB; 1.4 is shown as 1.0, so 20 dB"
    )


def _equal_is_infinite(answer: Callable) -> None:
    target = torch.full((1, 3, 8, 8), 0.5)
    seen = float(_scores(answer, target, target)[0])
    assert seen == inf, f"you gave {seen}; nothing is wrong, so no finite number is right"


exercise(
    "ch01.psnr",
    ("an error of 0.1 everywhere scores 20 dB", _one_tenth_is_20_db),
    ("all values of an image enter one mean squared error", _all_channels_together),
    ("each image of a batch is scored on its own", _images_on_their_own),
    ("restored values outside [0, 1] are clipped first", _clips),
    ("equal images score infinity", _equal_is_infinite),
)


def _flat(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue]).view(3, 1, 1).expand(3, 4, 5)


def _one_channel(answer: Callable) -> None:
    for shape in ((3, 4, 5), (2, 3, 4, 5)):
        seen = tuple(answer(torch.rand(shape)).shape)
        expected = (*shape[:-3], 1, *shape[-2:])
        assert seen == expected, f"the shape {shape} became {seen}, not {expected}"


def _black_and_white(answer: Callable) -> None:
    for value, level in ((0.0, 16), (1.0, 235)):
        seen = float(answer(_flat(value, value, value)).mean()) * 255
        assert abs(seen - level) < 0.01, (
            f"on the 0-255 scale, grey {value:g} became {seen:.2f}, not {level}"
        )


def _primaries(answer: Callable) -> None:
    for name, colour in (("red", (1, 0, 0)), ("green", (0, 1, 0)), ("blue", (0, 0, 1))):
        seen = float(answer(_flat(*map(float, colour))).mean()) * 255
        expected = float(luma(_flat(*map(float, colour))).mean()) * 255
        assert abs(seen - expected) < 0.01, (
            f"on the 0-255 scale, pure {name} became {seen:.2f}, not {expected:.2f}"
        )


def _pixel_by_pixel(answer: Callable) -> None:
    generator = torch.Generator().manual_seed(2)
    image = torch.rand(2, 3, 6, 7, generator=generator)
    gap = float((answer(image) - luma(image)).abs().max())
    assert gap < 1e-5, f"on random pixels the largest difference was {gap:.2g}"


exercise(
    "ch01.luma",
    ("three channels become one, wherever the batch stands", _one_channel),
    ("black is 16/255 and white 235/255", _black_and_white),
    ("red, green and blue have their own weights", _primaries),
    ("every pixel is converted on its own", _pixel_by_pixel),
)


def _numbered(height: int, width: int) -> Tensor:
    """A picture (3, H, W) in which each pixel knows its row and its column."""
    rows = torch.arange(height).view(1, -1, 1).expand(1, height, width)
    columns = torch.arange(width).view(1, 1, -1).expand(1, height, width)
    return torch.cat([rows, columns, rows + columns]).float()


def _sides_are_multiples(answer: Callable) -> None:
    for height, width, multiple in ((321, 481, 16), (50, 33, 8), (40, 61, 20)):
        seen = tuple(answer(_numbered(height, width), multiple).shape)
        expected = (3, height - height % multiple, width - width % multiple)
        assert seen == expected, (
            f"{height} × {width} to a multiple of {multiple} became {seen}, not {expected}"
        )


def _nothing_to_cut(answer: Callable) -> None:
    image = _numbered(32, 48)
    for multiple in (1, 16):
        same = answer(image, multiple)
        assert torch.equal(same, image), (
            f"32 × 48 with the multiple {multiple} changed; the shape became {tuple(same.shape)}"
        )


def _centred(answer: Callable) -> None:
    for height, width, multiple in ((36, 42, 16), (321, 481, 16), (29, 31, 8)):
        seen = answer(_numbered(height, width), multiple)
        first = (int(seen[0, 0, 0]), int(seen[1, 0, 0]))
        expected = ((height % multiple) // 2, (width % multiple) // 2)
        assert first == expected, (
            f"of {height} × {width} and the multiple {multiple}, the first pixel kept was row "
            f"{first[0]}, column {first[1]}; expected row {expected[0]}, column {expected[1]}"
        )


def _pixels_untouched(answer: Callable) -> None:
    image = torch.stack([_numbered(29, 31), 2 * _numbered(29, 31)])
    seen = answer(image, 8)
    assert torch.equal(seen, image[..., 2:26, 3:27]), (
        f"a batch (2, 3, 29, 31) gave the shape {tuple(seen.shape)} or other pixels than rows 2 "
        "to 25 and columns 3 to 26"
    )


exercise(
    "ch01.crop",
    ("both sides become the largest multiple that fits", _sides_are_multiples),
    ("an image that fits already is returned whole", _nothing_to_cut),
    ("the crop is central, the smaller half cut at the top and the left", _centred),
    ("the last two axes are cropped, and no value changes", _pixels_untouched),
)
