"""Exercises of chapter 1: PSNR, luma, the centre crop of a protocol, and a score of one's own."""

from collections.abc import Callable
from functools import cache
from math import inf

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import random_normal
from irlib.data.photos import photo
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


def _blurred(image: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(image, (4, 4, 4, 4), mode="reflect"), 9, 1)


def _hidden(image: Tensor, side: int) -> Tensor:
    """The picture with a square in it, bright or dark, whichever is seen better."""
    spoilt = image.clone()
    place = (..., slice(60, 60 + side), slice(70, 70 + side))
    spoilt[place] = (image[place].mean() < 0.5).float()
    return spoilt


def _at(decibels: float, image: Tensor, error: Tensor) -> Tensor:
    """The picture with as much of the error as gives this PSNR."""
    low, high = 0.0, 8.0
    for _ in range(20):
        middle = (low + high) / 2
        enough = float(psnr(image + middle * error, image)) <= decibels
        low, high = (low, middle) if enough else (middle, high)
    return (image + high * error).clamp(0, 1)


@cache
def _five_errors() -> dict[str, dict[str, Tensor]]:
    """Pictures of one PSNR; only what changes the tone is a tenth of a decibel *worse*."""
    found = {}
    for name, top, left in (("coffee", 100, 200), ("rocket", 200, 250), ("astronaut", 0, 150)):
        image = photo(name)[:, top : top + 120, left : left + 160]
        pictures = {"too bright": _at(24.9, image, torch.ones_like(image))}
        pictures["less contrast"] = _at(24.9, image, image.mean() - image)
        pictures["noise"] = _at(25.0, image, random_normal(*image.shape))
        pictures["blur"] = _at(25.0, image, _blurred(image) - image)
        pictures["one square"] = _at(25.0, image, _hidden(image, 30) - image)
        found[name] = {"target": image} | pictures
    return found


def _target_is_best(answer: Callable) -> None:
    for photograph, pictures in _five_errors().items():
        best = float(answer(pictures["target"], pictures["target"]))
        for kind, image in list(pictures.items())[1:]:
            seen = float(answer(image, pictures["target"]))
            assert seen < best, f"{photograph}: {kind} scores {seen:.4g}, the target {best:.4g}."


def _more_is_worse(answer: Callable) -> None:
    image = 0.2 + 0.6 * _five_errors()["coffee"]["target"]  # so that nothing is clipped
    kinds = {
        "too bright": [image + 0.04, image + 0.12],
        "noise": [image + s * random_normal(*image.shape) for s in (0.03, 0.1)],
        "blur": [_blurred(image), _blurred(_blurred(_blurred(image)))],
        "one square": [_hidden(image, 20), _hidden(image, 50)],
    }
    for kind, pair in kinds.items():
        less, more = (float(answer(x.clamp(0, 1), image)) for x in pair)
        assert more < less - 1e-6, (
            f"{kind}: a little of it scores {less:.4g}, much more of it {more:.4g}. A score must "
            "not look away from any of them."
        )


def _tone_beats(worse: tuple[str, ...], hint: str) -> Callable[[Callable], None]:
    def holds(answer: Callable) -> None:
        for photograph, pictures in _five_errors().items():
            target = pictures["target"]
            scores = {kind: float(answer(image, target)) for kind, image in pictures.items()}
            for tone in ("too bright", "less contrast"):
                for kind in worse:
                    assert scores[tone] > scores[kind], (
                        f"{photograph}: {tone} scores {scores[tone]:.4g}, {kind} "
                        f"{scores[kind]:.4g}. {hint}"
                    )

    return holds


exercise(
    "ch01.score",
    ("nothing scores as much as the target itself", _target_is_best),
    ("more of an error is a lower score", _more_is_worse),
    (
        "a change of tone beats noise and blur of the same PSNR",
        _tone_beats(("noise", "blur"), "Compare structure, window by window, as SSIM does."),
    ),
    (
        "a change of tone beats one spoilt place of the same PSNR",
        _tone_beats(("one square",), "A mean over all windows hides one bad place in many good."),
    ),
)
