"""Several degradations of one image, in a stated order, and the eleven mixtures of CDD-11."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from irlib.degradations.depth import depth_rows, synthetic_depth
from irlib.degradations.haze import haze
from irlib.degradations.presets import DEGRADATIONS, Degradation, Severity, check_severity
from irlib.degradations.rain import rain
from irlib.degradations.sampling import (
    Amount,
    Degraded,
    check_images,
    degrade_batch,
    draw,
    one_by_one,
    per_image,
)
from irlib.degradations.snow import snow
from irlib.degradations.steps import step_of
from irlib.degradations.tasks import TASKS
from irlib.errors import UsageError

CDD11 = (
    "low", "haze", "rain", "snow", "low_haze", "low_rain", "low_snow", "haze_rain", "haze_snow",
    "low_haze_rain", "low_haze_snow",
)  # fmt: skip
"""The eleven classes of CDD-11; here under the prefix ``cdd11_``."""
COMPOSITE_TASKS = tuple(f"cdd11_{name}" for name in CDD11)
"""The same as tasks to train for; the parameters of each are drawn over the whole range."""
CDD11_ORDER = ("low", "rain", "snow", "haze")
"""The order in which CDD-11's degradations happen, whatever the order in a class's name."""
FURTHEST = 0.7
"""CDD-11's haze thickens with depth up to here and no further."""


def compose(
    clean: Tensor,
    names: Sequence[str],
    *,
    severity: Severity = "medium",
    generator: torch.Generator,
    depth: Tensor | None = None,
) -> Degraded:
    """Applies degradations one after the other, in the order of ``names``.

    Order matters: noise after blur is grain, noise before blur is smeared away. Taught in chapter
    2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        names: Names of :func:`irlib.degradations.list_degradations`, first step first. With
            arguments, such as ``haze:beta=1.2``, the severity plays no part; see
            :func:`irlib.degradations.steps.step_of`.
        severity: As in :func:`irlib.degradations.degrade`.
        generator: A CPU generator.
        depth: (..., 1, H, W) or (1, H, W), 0 near to 1 far.

    Returns:
        The image, and the parameters of each step as ``rain.density``; the second step of the
        same name is ``rain_2``.

    Raises:
        UsageError: No names, an unknown one, a wrong shape, or a generator not on the CPU.
    """
    if isinstance(names, str) or not names:
        raise UsageError(
            f"the steps are {names!r}; expected a list of names, first step first, such as "
            "['blur', 'noise25']."
        )
    return _chain(
        clean,
        [(text.partition(":")[0], step_of(text)) for text in names],
        check_severity(severity),
        generator,
        depth,
    )


def _chain(
    clean: Tensor,
    steps: Sequence[tuple[str, Degradation]],
    severity: str,
    generator: torch.Generator,
    depth: Tensor | None,
) -> Degraded:
    check_images(clean, generator)
    depths = depth_rows(depth, clean)

    def degrade_one(image: Tensor, index: int) -> Degraded:
        parameters: dict[str, Tensor] = {}
        met: list[str] = []
        for name, step in steps:
            met.append(name)
            label = name if met.count(name) == 1 else f"{name}_{met.count(name)}"
            here = None if depths is None else depths[index]
            image, drawn = step(image, severity, generator, here)
            parameters |= {f"{label}.{key}": value for key, value in drawn.items()}
        return Degraded(image, parameters)

    return one_by_one(clean, generator, degrade_one)


def dim_illumination(
    clean: Tensor,
    gamma: Amount = (2.0, 3.0),
    noise: Amount = (0.03, 0.08),
    *,
    generator: torch.Generator,
) -> Degraded:
    """CDD-11's low light: ``I = (J / L) L^gamma + e``, with L the illumination and e Gaussian.

    Source: Guo et al., "OneRestore" (ECCV 2024). The authors take L from a network; ours is the
    brightest channel, averaged over a sixteenth of each side, which needs no weights.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        gamma: Exponent of the illumination; 1 keeps it.
        noise: Standard deviation of the noise, with white at 1.
        generator: A CPU generator.

    Returns:
        The dim image in [0, 1], and ``gamma`` and ``noise``.

    Raises:
        UsageError: A wrong shape, a value out of range, or a generator that is not on the CPU.
    """

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        return {
            "gamma": draw("gamma", gamma, generator, low=1, high=10),
            "noise": draw("noise", noise, generator, high=1),
            "grain": torch.randn(3, height, width, generator=generator),
        }

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        # (J / L) L^gamma is J L^(gamma - 1), which needs no guard where L is 0.
        dimmed = images * illumination(images) ** per_image(drawn["gamma"] - 1)
        return (dimmed + per_image(drawn["noise"]) * drawn["grain"]).clamp(0, 1)

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    del parameters["grain"]
    return Degraded(image, parameters)


def illumination(images: Tensor) -> Tensor:
    """Estimates the light falling on each place: the brightest channel, smoothed (B, 1, H, W)."""
    brightest = images.amax(1, keepdim=True)
    height, width = brightest.shape[-2:]
    coarse = functional.adaptive_avg_pool2d(brightest, (min(16, height), min(16, width)))
    smooth = functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    return smooth.clamp(0, 1)


def _third(low: float, high: float, severity: str) -> tuple[float, float]:
    """The lower, middle or upper third of CDD-11's range; all of it for training."""
    if severity == "train":
        return low, high
    part = ("light", "medium", "heavy").index(severity)
    return low + (high - low) * part / 3, low + (high - low) * (part + 1) / 3


def _low(
    clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
) -> Degraded:
    gamma, noise = _third(2.0, 3.0, severity), _third(0.03, 0.08, severity)
    return dim_illumination(clean, gamma, noise, generator=generator)


def _rain(
    clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
) -> Degraded:
    return rain(
        clean,
        density=_third(0.15, 0.6, severity),
        length=(40.0, 140.0),
        angle=(-20.0, 20.0),
        layers=(2, 4),
        brightness=_third(0.2, 0.6, severity),
        width=(1.0, 2.0),
        generator=generator,
    )


def _snow(
    clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
) -> Degraded:
    density, size = _third(0.04, 0.25, severity), _third(1.5, 4.5, severity)
    return snow(clean, density=density, size=size, generator=generator)


def _haze(
    clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
) -> Degraded:
    if depth is None:
        depth = synthetic_depth(*clean.shape[-2:], generator)
    return haze(
        clean,
        _third(1.0, 2.0, severity),
        (0.6, 0.9),
        generator=generator,
        depth=depth.clamp(max=FURTHEST),
    )


STEPS: dict[str, Degradation] = {"low": _low, "rain": _rain, "snow": _snow, "haze": _haze}


def cdd11_steps(name: str) -> list[str]:
    """Returns the steps of a CDD-11 class in the order in which they happen."""
    return [step for step in CDD11_ORDER if step in name.split("_")]


def _training(name: str) -> Callable[..., Degraded]:
    """The class ``name`` as the training degradation of a task."""
    mixture = _cdd11(name)

    def draw(clean: Tensor, generator: torch.Generator, depth: Tensor | None) -> Degraded:
        return mixture(clean, "train", generator, depth)

    return draw


def _cdd11(name: str) -> Callable[..., Degraded]:
    steps = [(step, STEPS[step]) for step in cdd11_steps(name)]

    def mixture(
        clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
    ) -> Degraded:
        return _chain(clean, steps, severity, generator, depth)

    return mixture


for _name in CDD11:
    DEGRADATIONS.register(f"cdd11_{_name}")(_cdd11(_name))
    TASKS.register(f"cdd11_{_name}")(_training(_name))
