"""The exercises of chapter 2: haze, stored noise, a motion kernel, and a curve for even noise."""

from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import random_normal, random_uniform, same_shape
from irlib.degradations import convolve

Answer = Callable[..., Tensor]


def _scene() -> tuple[Tensor, Tensor]:
    """A clean image (3, 12, 16) and a depth (1, 12, 16) that is 0 in its first column."""
    clean = random_uniform(3, 12, 16, seed=2)
    return clean, torch.linspace(0, 1, 16).expand(1, 12, 16)


def _haze_keeps_shape(answer: Answer) -> None:
    clean, depth = _scene()
    same_shape(answer(clean, depth, 1.2, 0.9), clean.shape)


def _no_haze_without_scattering(answer: Answer) -> None:
    clean, depth = _scene()
    error = float((answer(clean, depth, 0.0, 0.9) - clean).abs().max())
    assert error < 1e-6, f"a pixel changed by {error:.3f}"


def _near_is_clear(answer: Answer) -> None:
    clean, depth = _scene()
    error = float((answer(clean, depth, 3.0, 0.9) - clean)[..., 0].abs().max())
    assert error < 1e-6, f"a pixel at depth 0 changed by {error:.3f}"


def _far_is_airlight(answer: Answer) -> None:
    clean, depth = _scene()
    last = answer(clean, depth, 1000.0, 0.9)[..., -1]
    seen = f"at depth 1 and beta 1000 a pixel is {float(last.mean()):.3f}, the airlight is 0.9"
    assert torch.allclose(last, torch.tensor(0.9), atol=1e-5), seen


def _transmission_decays(answer: Answer) -> None:
    value = float(answer(torch.zeros(3, 1, 1), torch.full((1, 1, 1), 0.5), 2.0, 1.0).mean())
    wanted = 1 - float(torch.exp(torch.tensor(-1.0)))
    seen = f"black at depth 0.5, beta 2 and airlight 1 became {value:.4f}; it is 1 - exp(-1)"
    assert abs(value - wanted) < 1e-5, seen


exercise(
    "ch02.haze",
    ("the hazy image has the shape of the clean one", _haze_keeps_shape),
    ("beta 0 returns the image unchanged", _no_haze_without_scattering),
    ("at depth 0 the image is unchanged, whatever beta", _near_is_clear),
    ("very thick haze leaves nothing but the airlight", _far_is_airlight),
    ("the transmission is exp(-beta d)", _transmission_decays),
)


def _moments(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Centre of mass (2,) from the middle and covariance (2, 2), as (y, x) in pixels."""
    radius = kernel.shape[0] // 2
    place = torch.arange(-radius, radius + 1, dtype=torch.float64)
    places = torch.stack(torch.meshgrid(place, place, indexing="ij"), -1).reshape(-1, 2)
    weights = kernel.double().reshape(-1, 1) / kernel.double().sum()
    centre = (weights * places).sum(0)
    away = places - centre
    return centre, (weights * away).T @ away


def _odd_square(answer: Answer) -> None:
    for length, angle in ((0.0, 0.0), (9.0, 0.0), (11.0, 30.0)):
        kernel = answer(length, angle)
        assert isinstance(kernel, Tensor), f"it is a {type(kernel).__name__}; return a tensor"
        shape = tuple(kernel.shape)
        good = len(shape) == 2 and shape[0] == shape[1] and shape[0] % 2 == 1
        assert good, f"length {length:g} gives the shape {shape}; expected (K, K) with K odd"


def _sums_to_one(answer: Answer) -> None:
    for length, angle in ((0.0, 0.0), (9.0, 0.0), (11.0, 30.0)):
        total = float(answer(length, angle).sum())
        assert abs(total - 1) < 1e-4, f"length {length:g} gives the sum {total:.3f}"


def _not_negative(answer: Answer) -> None:
    lowest = float(answer(11.0, 30.0).min())
    assert lowest >= 0, f"the smallest value is {lowest:.3f}"


def _no_path_no_blur(answer: Answer) -> None:
    kernel = answer(0.0, 45.0)
    middle = kernel.shape[0] // 2
    seen = f"its middle is {float(kernel[middle, middle]):.3f}"
    assert abs(float(kernel[middle, middle]) - 1) < 1e-4, seen


def _centred(answer: Answer) -> None:
    for angle in (0.0, 30.0, 90.0):
        off = float(_moments(answer(9.0, angle))[0].norm())
        seen = f"at {angle:g} degrees the centre of mass is {off:.2f} pixels from the middle"
        assert off < 0.1, seen


def _right_length(answer: Answer) -> None:
    for length, angle in ((9.0, 0.0), (11.0, 30.0), (21.0, 90.0)):
        spread = float(_moments(answer(length, angle))[1].trace())
        looks = (12 * spread) ** 0.5
        seen = f"length {length:g} at {angle:g} degrees is as wide as a line of {looks:.1f} pixels"
        assert abs(looks / length - 1) < 0.1, seen


def _right_direction(answer: Answer) -> None:
    for angle in (0.0, 30.0, 90.0):
        (yy, yx), (_, xx) = _moments(answer(21.0, angle))[1].tolist()
        along = float(0.5 * torch.rad2deg(torch.atan2(torch.tensor(2 * yx), torch.tensor(xx - yy))))
        off = abs((along - angle + 90) % 180 - 90)
        assert off < 4, f"for {angle:g} degrees the line lies at {along % 180:.0f} degrees"


def _constant_stays(answer: Answer) -> None:
    grey = torch.full((3, 24, 24), 0.3)
    error = float((convolve(grey, answer(9.0, 30.0).float()) - grey).abs().max())
    assert error < 1e-4, f"grey 0.3 changed by {error:.3f}"


exercise(
    "ch02.kernel",
    ("the kernel is a square of odd size", _odd_square),
    ("no value is negative", _not_negative),
    ("the values sum to 1", _sums_to_one),
    ("a path of length 0 is a single 1 in the middle", _no_path_no_blur),
    ("the centre of mass is the middle", _centred),
    ("the line is as long as asked, within a tenth", _right_length),
    ("0 degrees is horizontal, and more turn it downwards on the right", _right_direction),
    ("a constant image stays constant", _constant_stays),
)


def _grey(level: int, seed: int = 4) -> tuple[Tensor, Tensor]:
    """A grey image (3, 300, 300) of an 8-bit level, and standard normal noise for it."""
    noise = random_normal(3, 300, 300, seed=seed)
    # A hundredth of a level above, so that float rounding cannot change which level is stored.
    return torch.full((3, 300, 300), (level + 0.01) / 255), noise


def _noise_keeps_shape(answer: Answer) -> None:
    clean, noise = _grey(128)
    same_shape(answer(clean, 25.0, noise), clean.shape)


def _sigma_in_grey_levels(answer: Answer) -> None:
    clean, noise = _grey(128)
    spread = 255 * float(answer(clean, 10.0, noise).std())
    assert abs(spread - 10) < 0.3, f"sigma 10 gave a deviation of {spread:.2f} grey levels"


def _in_range(answer: Answer) -> None:
    for level in (0, 255):
        noisy = answer(*_with_sigma(level, 25.0))
        low, high = float(noisy.min()), float(noisy.max())
        seen = f"a noisy image of level {level} reaches from {low:.3f} to {high:.3f}"
        assert low >= 0, seen
        assert high <= 1 + 1e-6, seen


def _with_sigma(level: int, sigma: float) -> tuple[Tensor, float, Tensor]:
    clean, noise = _grey(level)
    return clean, sigma, noise


def _eight_bits(answer: Answer) -> None:
    levels = 255 * answer(*_with_sigma(128, 25.0))
    off = float((levels - levels.round()).abs().max())
    assert off < 1e-3, f"a value lies {off:.3f} grey levels from the nearest whole one"


def _cut_not_rounded(answer: Answer) -> None:
    clean, sigma, noise = _with_sigma(128, 10.0)
    shift = 255 * float((answer(clean, sigma, noise) - clean).mean())
    seen = f"the mean of grey 128 moved by {shift:+.2f} grey levels; cutting off moves it by -0.5"
    assert abs(shift + 0.5) < 0.15, seen


def _no_wrap_around(answer: Answer) -> None:
    clean, sigma, noise = _with_sigma(255, 25.0)
    darkest = float(answer(clean, sigma, noise).min())
    seen = f"noise on white made a pixel of {darkest:.3f}; clip before converting to 8 bits"
    assert darkest > 0.3, seen


exercise(
    "ch02.noise",
    ("the noisy image has the shape of the clean one", _noise_keeps_shape),
    ("sigma counts grey levels of 0 to 255", _sigma_in_grey_levels),
    ("values stay in [0, 1]", _in_range),
    ("values are whole grey levels, divided by 255", _eight_bits),
    ("decimals are cut off, not rounded", _cut_not_rounded),
    ("a value above 255 becomes 255 and does not wrap around to black", _no_wrap_around),
)


_LEVELS = torch.linspace(0, 1, 101)
#: The deviation of a camera's noise at a level, by the camera's name.
_CAMERAS: dict[str, Callable[[Tensor], Tensor]] = {
    "the same noise everywhere": lambda level: torch.full_like(level, 0.02),
    "photons and electronics": lambda level: (0.002 * level + 0.01**2).sqrt(),
    "noisy shadows": lambda level: 0.006 / (level + 0.15),
    "two gains": lambda level: torch.where(level < 0.5, 0.01, 0.03),
}


def _curve(answer: Answer, camera: str) -> Tensor:
    return same_shape(answer(_LEVELS, _CAMERAS[camera](_LEVELS)), _LEVELS.shape)


def _deviations(answer: Answer, camera: str) -> Tensor:
    """Deviation of the noise of flat pictures, behind the reader's curve (drawn by lines)."""
    curve = _curve(answer, camera)
    flat = torch.tensor([0.15, 0.25, 0.35, 0.65, 0.75, 0.85])[:, None]
    noisy = flat + _CAMERAS[camera](flat) * random_normal(6, 40_000)
    place = (noisy * 100).clamp(0, 99.999)
    below = place.long()
    return (curve[below] + (place - below) * (curve[below + 1] - curve[below])).std(dim=1)


def _curve_rises(answer: Answer) -> None:
    for camera in _CAMERAS:
        lowest = float(_curve(answer, camera).diff().min())
        assert lowest > 0, (
            f"{camera}: the curve has a step of {lowest:.3g}; where it does not rise, different "
            "levels become one, and nobody can go back."
        )


def _even_noise(answer: Answer) -> None:
    for camera in _CAMERAS:
        after = _deviations(answer, camera)
        ratio = float(after.max() / after.min())
        before = _CAMERAS[camera](torch.tensor([0.15, 0.85]))
        assert ratio < 1.05, (
            f"{camera}: the largest deviation is {ratio:.2f} times the smallest; it was "
            f"{float(before.max() / before.min()):.2f} times without a curve. A curve stretches "
            "the noise at a level by its slope there."
        )


def _unit_noise(answer: Answer) -> None:
    for camera in _CAMERAS:
        after = float(_deviations(answer, camera).mean())
        assert abs(after - 1) < 0.05, f"{camera}: the mean deviation is {after:.3f}, not 1."


exercise(
    "ch02.even_noise",
    ("the curve rises everywhere, so that it can be undone", _curve_rises),
    ("noise is equal at all levels, to five percent, for four cameras", _even_noise),
    ("its deviation is 1, so that all cameras end alike", _unit_noise),
)
