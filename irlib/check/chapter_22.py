"""Exercises of chapter 22: quieter noise, contrast, a white balance, a signature, any noise."""

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from irlib.check import exercise
from irlib.check.answers import random_normal, random_uniform


def _noise(side: int = 64, sigma: float = 0.2, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.5 + sigma * torch.randn(3, side, side, generator=generator)


def _smooth(seed: int = 0, height: int = 48, width: int = 64) -> Tensor:
    """A coloured picture without detail, (3, H, W) in [0.1, 0.9]."""
    small = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return 0.1 + 0.8 * functional.interpolate(small, (height, width), mode="bilinear")[0]


def _seen(answer: Callable, noisy: Tensor) -> tuple[Tensor, Tensor]:
    """What the network was given, and what came out."""
    given: list[Tensor] = []

    def restore(image: Tensor) -> Tensor:
        given.append(image)
        return image

    result = answer(restore, noisy)
    assert len(given) == 1, f"The network was asked {len(given)} times, expected once."
    assert given[0].ndim == 3, (
        f"The network was given the shape {tuple(given[0].shape)}, expected (3, H/2, W/2)."
    )
    return given[0], result


def _half_the_sides(answer: Callable) -> None:
    given, result = _seen(answer, _smooth())
    assert given.shape == (3, 24, 32), (
        f"Of 48 by 64 pixels the network was given {tuple(given.shape)}, expected (3, 24, 32)."
    )
    assert result.shape == (3, 48, 64), (
        f"It returned {tuple(result.shape)}, expected the size it was given, (3, 48, 64)."
    )


def _half_the_noise(answer: Callable) -> None:
    given, _ = _seen(answer, _noise())
    left = float(given.std()) / 0.2
    assert abs(left - 0.5) < 0.05, (
        f"Of the noise's deviation {left:.2f} was left, expected a half: the mean of four "
        "independent values. Taking one pixel of four leaves all of it."
    )


def _nothing_moves(answer: Callable) -> None:
    clean = _smooth(1)
    _, result = _seen(answer, clean)
    error = float((result - clean).abs()[:, 4:-4, 4:-4].mean())
    assert error < 0.02, (
        f"With a network that does nothing, a smooth picture came back {error:.3f} away on "
        "average. Enlarge without turning or shifting it, and keep its brightness."
    )


exercise(
    "ch22.quieter",
    ("the network sees half the sides, and the size comes back", _half_the_sides),
    ("the network sees half the noise", _half_the_noise),
    ("a smooth picture hardly changes", _nothing_moves),
)


def _contrast_of(answer: Callable, block: Tensor, expected: float, hint: str) -> None:
    found = float(answer(block))
    assert math.isfinite(found), f"It returned {found}, expected {expected:.4f}. {hint}"
    assert abs(found - expected) < 1e-5, f"It returned {found:.4f}, expected {expected:.4f}. {hint}"


def _block(low: float, high: float) -> Tensor:
    block = torch.full((3, 4, 4), low)
    block[:, 2, 1] = high
    return block


def _flat_block(answer: Callable) -> None:
    hint = "In a flat block r is 0, and r log r goes to 0 with it."
    _contrast_of(answer, _block(90, 90), 0, hint)
    _contrast_of(answer, _block(0, 0), 0, hint)


def _one_third(answer: Callable) -> None:
    hint = "From 40 to 80 the ratio is 40/120; mind the sign: the logarithm of it is negative."
    _contrast_of(answer, _block(40, 80), math.log(3) / 3, hint)


def _black_to_white(answer: Callable) -> None:
    _contrast_of(answer, _block(0, 255), 0, "From black to white r is 1, whose logarithm is 0.")


def _all_channels(answer: Callable) -> None:
    block = torch.stack([torch.full((4, 4), v) for v in (10.0, 20.0, 40.0)])
    hint = "Take the largest and smallest value over the three channels together: 40 and 10."
    _contrast_of(answer, block, -0.6 * math.log(0.6), hint)


exercise(
    "ch22.contrast",
    ("a block from 40 to 80", _one_third),
    ("a flat block has no contrast", _flat_block),
    ("nor has one from black to white", _black_to_white),
    ("the extremes are those of all channels", _all_channels),
)


def _means(image: Tensor) -> Tensor:
    return image.mean(dim=(1, 2))


def _words(values: Tensor) -> str:
    return ", ".join(f"{v:.3f}" for v in values.tolist())


def _equal_means(answer: Callable) -> None:
    found = _means(answer(_smooth(2)))
    assert found.max() - found.min() < 1e-4, (
        f"The means of red, green and blue are {_words(found)}; expected three equal ones."
    )


def _same_brightness(answer: Callable) -> None:
    image = _smooth(3)
    found, expected = float(answer(image).mean()), float(image.mean())
    assert abs(found - expected) < 1e-4, (
        f"The picture's mean went from {expected:.3f} to {found:.3f}; it should stay. Bring every "
        "channel's mean to the mean of all three."
    )


def _factors_alone(answer: Callable) -> None:
    image = _smooth(4)
    cast = torch.tensor([0.4, 0.9, 1.0])[:, None, None]
    found, expected = answer(image * cast), answer(image)
    found = found * expected.mean() / found.mean()
    error = float((found - expected).abs().max())
    assert error < 1e-3, (
        f"A cast that multiplies the channels was not undone: {error:.3f} away at most. Multiply "
        "each channel by one factor; adding to it is another model."
    )


def _without_red(answer: Callable) -> None:
    image = _smooth(5)
    image[0] = 0
    found = answer(image)
    assert bool(torch.isfinite(found).all()), (
        "Of a picture without any red it made NaN or infinity. Keep the divisor away from 0."
    )


exercise(
    "ch22.grey-world",
    ("afterwards the three means are equal", _equal_means),
    ("the mean of all stays", _same_brightness),
    ("a cast by factors is undone", _factors_alone),
    ("a picture without red is no accident", _without_red),
)


def _signature_of(answer: Callable, image: Tensor) -> Tensor:
    found = answer(image)
    assert found.shape == (256,), (
        f"It returned {tuple(found.shape)}, expected (256,): 16 by 16 grey values in a row."
    )
    assert bool(torch.isfinite(found).all()), "It holds NaN or infinity. Keep the divisor from 0."
    return found


def _alike(answer: Callable, first: Tensor, second: Tensor) -> float:
    return float(_signature_of(answer, first) @ _signature_of(answer, second))


def _length_one(answer: Callable) -> None:
    found = _alike(answer, _noise(), _noise())
    assert abs(found - 1) < 1e-4, (
        f"The likeness of a picture to itself is {found:.3f}, expected 1: divide by the length."
    )


def _brightness_is_nothing(answer: Callable) -> None:
    image = _smooth(6)
    found = _alike(answer, image, 0.3 + 0.4 * image)
    assert found > 0.999, (
        f"A copy with less contrast and more light has the likeness {found:.3f}, expected 1. "
        "Subtract the mean before you divide by the length."
    )


def _size_is_nothing(answer: Callable) -> None:
    image = _smooth(7)
    large = functional.interpolate(image[None], scale_factor=2, mode="nearest")[0]
    found = _alike(answer, image, large)
    assert found > 0.999, f"A copy of twice the size has the likeness {found:.3f}, expected 1."


def _others_differ(answer: Callable) -> None:
    found = max(_alike(answer, _noise(seed=0), _noise(seed=s)) for s in (1, 2, 3))
    assert found < 0.5, (
        f"Pictures of independent noise have the likeness {found:.3f}, expected near 0. With the "
        "mean left in, all pictures are alike."
    )


def _one_colour(answer: Callable) -> None:
    found = _signature_of(answer, torch.full((3, 32, 32), 0.4))
    assert float(found.abs().max()) < 1e-2, "A picture of one colour has no shape: expected zeros."


exercise(
    "ch22.signature",
    ("a picture is wholly like itself", _length_one),
    ("light and contrast do not count", _brightness_is_nothing),
    ("size does not count", _size_is_nothing),
    ("other pictures are not alike", _others_differ),
    ("a picture of one colour is like nothing", _one_colour),
)


_LEVELS, _SIDE = (15, 25, 100, 150), 64


@cache
def _trial() -> tuple[Callable, list[tuple[Tensor, Tensor]], dict[str, float]]:
    """The network of the equal budget, noisy and clean crops, and what two fixed ways score."""
    from irlib.data.photos import photo
    from irlib.evaluation import restore_image
    from irlib.models import load_weights

    network = load_weights("promptir-equal")
    pairs = []
    for name in ("astronaut", "motorcycle_left"):  # not among the photographs that are tested on
        whole = photo(name)
        top, left = ((side - _SIDE) // 2 for side in whole.shape[1:])
        clean = whole[:, top : top + _SIDE, left : left + _SIDE]
        noise = (random_normal(*clean.shape, seed=level) * level / 255 for level in _LEVELS)
        pairs += [((clean + one).clamp(0, 1), clean) for one in noise]

    def restore(image: Tensor) -> Tensor:
        return restore_image(network, image, tile=None)

    def at_half_size(restore: Callable, noisy: Tensor) -> Tensor:
        small = functional.avg_pool2d(noisy[None], 2)[0]
        return functional.interpolate(restore(small)[None], scale_factor=2, mode="bicubic")[0]

    ways = {"the whole": lambda restore, noisy: restore(noisy), "half the size": at_half_size}
    return restore, pairs, {title: _mean_score(way, restore, pairs) for title, way in ways.items()}


def _mean_score(way: Callable, restore: Callable, pairs: list) -> float:
    scores = []
    for noisy, clean in pairs:
        found = way(restore, noisy.clone())
        assert tuple(found.shape) == tuple(clean.shape), (
            f"It returned {tuple(found.shape)} for a picture {tuple(clean.shape)}."
        )
        error = (found.clamp(0, 1) - clean).square().mean().item()
        scores.append(-10 * math.log10(error))
    return sum(scores) / len(scores)


def _keeps_the_shape(answer: Callable) -> None:
    pair = (random_uniform(3, 32, 48), random_uniform(3, 32, 48, seed=1))
    _mean_score(answer, lambda image: image, [pair])


def _beats_both(answer: Callable) -> None:
    restore, pairs, fixed = _trial()
    reached = _mean_score(answer, restore, pairs)
    best = max(fixed, key=fixed.get)
    assert reached >= fixed[best] + 1 / 3, (
        f"Over noise of 15, 25, 100 and 150 it reaches {reached:.2f} dB; always {best} reaches "
        f"{fixed[best]:.2f} dB, and a third of a decibel more is asked for. Estimate the noise "
        "from the picture: differences of neighbours tell it from large shapes, the deviation "
        "over the whole picture does not."
    )


exercise(
    "ch22.any-noise",
    ("the result has the size of the picture", _keeps_the_shape),
    ("it beats each fixed way over all levels", _beats_both),
)
