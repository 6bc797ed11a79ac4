"""Exercises of chapter 24: places of tiles, a fade, noise, a steady flicker, a moving film."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise

_CASES = [(100, 40, 10), (256, 112, 32), (97, 32, 0), (70, 40, 10), (41, 40, 8)]


def _starts_of(answer: Callable, case: tuple[int, int, int]) -> list[int]:
    found = list(answer(*case))
    assert found, f"For {_words(case)} it returned no tile."
    return found


def _words(case: tuple[int, int, int]) -> str:
    return "a length of {}, tiles of {} and an overlap of {}".format(*case)


def _one_tile(answer: Callable) -> None:
    for length in (20, 40):
        found = _starts_of(answer, (length, 40, 10))
        assert found == [0], f"For {_words((length, 40, 10))} it returned {found}, expected [0]."


def _ends_meet(answer: Callable) -> None:
    for case in _CASES:
        found = _starts_of(answer, case)
        last = found[-1] + case[1]
        assert found[0] == 0, f"For {_words(case)} the first tile starts at {found[0]}, expected 0."
        assert last == case[0], (
            f"For {_words(case)} the last tile ends at {last}, expected {case[0]}. A tile beyond "
            "the picture has nothing to see there."
        )


def _share_enough(answer: Callable) -> None:
    for case in _CASES:
        found = _starts_of(answer, case)
        shared = [a + case[1] - b for a, b in itertools.pairwise(found)]
        assert min(shared) >= case[2], (
            f"For {_words(case)} neighbours share {min(shared)} pixels at one place, expected "
            f"{case[2]} or more; the starts are {found}."
        )


def _no_more_than_needed(answer: Callable) -> None:
    for case in _CASES:
        length, tile, overlap = case
        found, least = len(_starts_of(answer, case)), -(-(length - tile) // (tile - overlap)) + 1
        assert found == least, f"For {_words(case)} it uses {found} tiles; {least} suffice."


exercise(
    "ch24.starts",
    ("one tile holds a short side", _one_tile),
    ("the first starts at 0 and the last ends with the picture", _ends_meet),
    ("neighbours share the overlap at least", _share_enough),
    ("there are no more than needed", _no_more_than_needed),
)


def _picture(seed: int = 0, height: int = 12, width: int = 40) -> Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def _joined(answer: Callable, left: Tensor, right: Tensor, overlap: int) -> Tensor:
    found = answer(left, right, overlap)
    expected = (*left.shape[:2], left.shape[2] + right.shape[2] - overlap)
    assert found.shape == expected, (
        f"Two tiles {tuple(left.shape)} that share {overlap} columns became "
        f"{tuple(found.shape)}, expected {expected}."
    )
    return found


def _agreeing(answer: Callable) -> None:
    image = _picture()
    found = _joined(answer, image[..., :24], image[..., 16:], 8)
    error = float((found - image).abs().max())
    assert error < 1e-5, (
        f"Two tiles cut from one picture came back {error:.3f} away from it at most: the two "
        "weights must add up to 1."
    )


def _no_step(answer: Callable) -> None:
    dark, bright = torch.zeros(3, 4, 24), torch.ones(3, 4, 24)
    found = _joined(answer, dark, bright, 8)
    largest = float(found.diff(dim=-1).abs().max())
    assert largest < 1.5 / 8, (
        f"Between a black and a white tile that share 8 columns the largest step is {largest:.2f}, "
        "expected about an eighth: fade along a straight line."
    )
    assert float(found.diff(dim=-1).min()) >= -1e-6, (
        "From a black tile to a white one the brightness falls somewhere: the fade runs backwards."
    )


def _outside_alone(answer: Callable) -> None:
    left, right = _picture(1, width=24), _picture(2, width=24)
    found = _joined(answer, left, right, 8)
    expected = torch.cat([left[..., :16], right[..., 8:]], dim=-1)
    assert torch.equal(torch.cat([found[..., :16], found[..., 24:]], dim=-1), expected), (
        "Columns that only one tile holds were changed; only the shared ones fade."
    )


exercise(
    "ch24.join",
    ("tiles of one picture give it back", _agreeing),
    ("there is no step where they disagree", _no_step),
    ("what one tile holds alone stays", _outside_alone),
)


def _noise(sigma: float, mean: float = 0.5) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return mean + sigma / 255 * torch.randn(3, 96, 128, generator=generator)


def _finds_noise(answer: Callable) -> None:
    for sigma in (5.0, 25.0):
        found = float(answer(_noise(sigma)))
        assert abs(found - sigma) < 0.08 * sigma, (
            f"Of noise of level {sigma:g} it finds {found:.2f}. Mind the 6, the square root of "
            "half of pi, and the scale of 255."
        )


def _slope_is_none(answer: Callable) -> None:
    slope = torch.linspace(0, 1, 96)[:, None] * 0.5 + torch.linspace(0, 0.5, 128)
    found = float(answer(slope.expand(3, -1, -1)))
    assert found < 0.1, (
        f"In a slope of brightness without any noise it finds {found:.2f}, expected 0. The "
        "mask has no answer to a slope; a deviation or a first difference has."
    )


def _on_a_slope(answer: Callable) -> None:
    slope = torch.linspace(-0.3, 0.3, 128).expand(3, 96, -1)
    found = float(answer(_noise(10.0) + slope))
    assert abs(found - 10) < 1, f"Of noise of level 10 on a slope it finds {found:.2f}."


exercise(
    "ch24.noise",
    ("a slope of brightness is no noise", _slope_is_none),
    ("the level of noise is found", _finds_noise),
    ("noise on a slope is found too", _on_a_slope),
)


def _film(sigma: float = 0.02, frames: int = 12) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    still = torch.rand(3, 24, 32, generator=generator)
    return still + sigma * torch.randn(frames, 3, 24, 32, generator=generator)


def _standing(answer: Callable) -> None:
    found = float(answer(_film(0.0)))
    assert found < 1e-3, f"A film that stands still has the flicker {found:.3f}, expected 0."


def _of_noise(answer: Callable) -> None:
    found, expected = float(answer(_film())), 255 * 0.02
    assert abs(found - expected) < 0.05 * expected, (
        f"Fresh noise of level {expected:.1f} gave the flicker {found:.2f}, expected {expected:.1f}"
        ": the deviation over time, root mean square over pixels, on the scale of 255."
    )


def _a_lamp(answer: Callable) -> None:
    lamp = 0.1 * torch.sin(torch.arange(12.0))[:, None, None, None]
    found, expected = float(answer(_film() + lamp)), float(answer(_film()))
    assert abs(found - expected) < 0.02, (
        f"A swinging lamp moved the flicker from {expected:.2f} to {found:.2f}; it should not. "
        "Bring each frame to the mean brightness of the film first."
    )


def _one_colour(answer: Callable) -> None:
    tint = (
        0.1
        * torch.sin(torch.arange(12.0))[:, None, None, None]
        * torch.tensor([1.0, -1, 0])[:, None, None]
    )
    found = float(answer(_film(0.0) + tint))
    assert found > 1, (
        f"A film whose colours swing at constant brightness got {found:.2f}; that is flicker. "
        "Take one mean of all values of a frame, not one of each channel."
    )


exercise(
    "ch24.flicker",
    ("a standing film does not flicker", _standing),
    ("noise does flicker", _of_noise),
    ("a swinging lamp does not count", _a_lamp),
    ("swinging colours do", _one_colour),
)


_WINDOW, _LEVEL, _MARGIN = 64, 5, 8


def _window(name: str, top: int = 0, left: int = 0) -> Tensor:
    from irlib.data.photos import photo

    return photo(name)[:, 60 + top :, 180 + left :][:, :_WINDOW, :_WINDOW]


def _gain(answer: Callable, frames: list[Tensor]) -> float:
    """What an answer adds to noisy frames, in dB over all of them, away from the edges."""
    clean = torch.stack(frames)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(3))
    noisy = clean + _LEVEL / 255 * noise
    found = answer(noisy.clone())
    assert tuple(found.shape) == tuple(clean.shape), (
        f"For frames {tuple(clean.shape)} it returned {tuple(found.shape)}."
    )
    inner = slice(_MARGIN, -_MARGIN)
    errors = [(film - clean)[..., inner, inner].square().mean() for film in (noisy, found)]
    return float(10 * torch.log10(errors[0] / errors[1].clamp(min=1e-12)))


def _standing(answer: Callable) -> None:
    gain = _gain(answer, [_window("astronaut")] * 5)
    assert gain >= 3, f"On a standing scene it gains {gain:.1f} dB; the mean of two frames gives 3."


def _moving(answer: Callable) -> None:
    path = ((0, 0), (1, 2), (3, 3), (4, 5), (6, 5))
    gain = _gain(answer, [_window("astronaut", *place) for place in path])
    assert gain >= 3, (
        f"With a camera that moves by a pixel or two a frame it gains {gain:.1f} dB, expected 3. "
        "Find the shift at which a neighbour differs least, and move it there before the mean."
    )


def _cut(answer: Callable) -> None:
    gain = _gain(answer, [_window("astronaut")] * 3 + [_window("motorcycle_left")] * 3)
    assert gain >= 1.5, (
        f"Where the film cuts to another scene it gains {gain:.1f} dB, expected 1.5. A frame that "
        "fits at no shift belongs to no mean."
    )


exercise(
    "ch24.film",
    ("a standing scene gets quieter", _standing),
    ("a moving camera leaves no ghosts", _moving),
    ("a cut is not blended", _cut),
)
