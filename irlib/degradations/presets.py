"""Degradations by the field's names, each with presets of severity."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from irlib.degradations.blur import frame_average, motion_blur
from irlib.degradations.haze import haze
from irlib.degradations.low_light import low_light
from irlib.degradations.noise import gaussian_noise
from irlib.degradations.rain import rain
from irlib.degradations.sampling import Degraded
from irlib.degradations.snow import snow
from irlib.degradations.tasks import degrade_task
from irlib.degradations.underwater import underwater
from irlib.errors import UsageError
from irlib.registry import Registry, unknown_name

Severity = Literal["light", "medium", "heavy", "train"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
Degradation = Callable[[Tensor, str, torch.Generator, Tensor | None], Degraded]
DEGRADATIONS: Registry[Degradation] = Registry("degradation")
USES_DEPTH = (haze, underwater)

FIXED_NOISE = {"noise15": 15.0, "noise25": 25.0, "noise50": 50.0}
TASK_OF = {
    "noise": "denoise",
    "haze": "dehaze",
    "rain": "derain",
    "blur": "deblur",
    "lowlight": "lowlight",
}
"""At severity ``train`` these are the training degradation of a task."""

RANGES: Mapping[str, tuple[Callable[..., Degraded], dict[str, dict[str, Any]]]] = {
    "noise": (
        gaussian_noise,
        {
            "light": {"sigma": (5.0, 15.0), "quantise": True},
            "medium": {"sigma": (20.0, 30.0), "quantise": True},
            "heavy": {"sigma": (40.0, 55.0), "quantise": True},
        },
    ),
    "haze": (
        haze,
        {
            "light": {"beta": (0.4, 0.6), "airlight": (0.8, 0.95)},
            "medium": {"beta": (1.0, 1.4), "airlight": (0.8, 0.95)},
            "heavy": {"beta": (2.2, 3.0), "airlight": (0.8, 0.95)},
        },
    ),
    "rain": (
        rain,
        {
            "light": {"density": (0.03, 0.05), "layers": 1, "brightness": (0.25, 0.4)},
            "medium": {"density": (0.12, 0.16), "layers": 2, "brightness": (0.45, 0.6)},
            "heavy": {
                "density": (0.25, 0.35),
                "layers": 3,
                "brightness": (0.7, 0.9),
                "veil": (0.05, 0.15),
            },
        },
    ),
    "blur": (
        motion_blur,
        {
            "light": {"length": (3.0, 6.0)},
            "medium": {"length": (10.0, 15.0)},
            "heavy": {"length": (22.0, 32.0)},
        },
    ),
    "blur_frames": (
        frame_average,
        {
            "light": {"length": (3.0, 6.0)},
            "medium": {"length": (10.0, 15.0)},
            "heavy": {"length": (22.0, 32.0), "frames": (15, 21)},
            "train": {"length": (1.0, 24.0)},
        },
    ),
    "lowlight": (
        low_light,
        {
            "light": {"exposure": (0.5, 0.65), "gamma": (1.1, 1.4), "quantise": True},
            "medium": {"exposure": (0.2, 0.3), "gamma": (1.5, 1.8), "quantise": True},
            "heavy": {"exposure": (0.05, 0.1), "gamma": (1.9, 2.3), "quantise": True},
        },
    ),
    "underwater": (
        underwater,
        {
            "light": {"distance": (0.3, 0.5)},
            "medium": {"distance": (0.8, 1.2)},
            "heavy": {"distance": (1.8, 2.5)},
            "train": {"distance": (0.3, 2.5)},
        },
    ),
    "snow": (
        snow,
        {
            "light": {"density": (0.02, 0.03), "size": (2.0, 4.0)},
            "medium": {"density": (0.07, 0.1), "size": (3.0, 7.0)},
            "heavy": {"density": (0.2, 0.3), "size": (5.0, 10.0)},
            "train": {"density": (0.02, 0.25), "size": (2.0, 9.0)},
        },
    ),
}


def degrade(
    clean: Tensor,
    name: str,
    *,
    severity: Severity = "medium",
    generator: torch.Generator,
    depth: Tensor | None = None,
) -> Degraded:
    """Degrades by name: ``degrade(clean, "rain", severity="heavy", generator=g)``.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        name: One of :func:`list_degradations`.
        severity: ``light``, ``medium``, ``heavy``, or ``train``, the whole range a network is
            trained against. The named noise levels are the same at every severity.
        generator: A CPU generator.
        depth: (..., 1, H, W) or (1, H, W), 0 near to 1 far; haze and water use it, and draw one
            without it.

    Returns:
        The degraded image in [0, 1] and the parameters drawn.

    Raises:
        UsageError: An unknown name or severity, a wrong shape, or a generator not on the CPU.
    """
    return DEGRADATIONS.get(name)(clean, check_severity(severity), generator, depth)


def list_degradations() -> list[str]:
    """Returns the names :func:`degrade` knows: single degradations, then those of CDD-11."""
    return DEGRADATIONS.names()


def check_severity(severity: str) -> str:
    """Returns a known severity, or raises :class:`UsageError`."""
    if severity not in SEVERITIES:
        raise UsageError(unknown_name("severity", severity, list(SEVERITIES)))
    return severity


def _fixed_noise(sigma: float) -> Degradation:
    def at_level(
        clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
    ) -> Degraded:
        return gaussian_noise(clean, sigma, generator=generator, quantise=True)

    return at_level


def _by_severity(name: str) -> Degradation:
    function, ranges = RANGES[name]

    def at_severity(
        clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
    ) -> Degraded:
        if severity not in ranges:
            return degrade_task(clean, TASK_OF[name], generator, depth)
        extra = {"depth": depth} if function in USES_DEPTH else {}
        return function(clean, **ranges[severity], **extra, generator=generator)

    return at_severity


for _name, _sigma in FIXED_NOISE.items():
    DEGRADATIONS.register(_name)(_fixed_noise(_sigma))
for _name in RANGES:
    DEGRADATIONS.register(_name)(_by_severity(_name))
