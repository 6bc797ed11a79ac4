"""Degradations: pure functions from a clean image and a random generator to a degraded one.

Every function takes float images (..., 3, H, W) in [0, 1] with any batch axes on any device, and a
CPU :class:`torch.Generator`; it returns a :class:`Degraded` with the image and what was drawn.
"""

from irlib.degradations.blur import convolve, frame_average, kernel_of, motion_blur
from irlib.degradations.composition import (
    CDD11,
    CDD11_ORDER,
    COMPOSITE_TASKS,
    cdd11_steps,
    compose,
    dim_illumination,
)
from irlib.degradations.depth import synthetic_depth
from irlib.degradations.haze import haze
from irlib.degradations.low_light import low_light
from irlib.degradations.noise import gaussian_noise
from irlib.degradations.presets import SEVERITIES, degrade, list_degradations
from irlib.degradations.rain import rain
from irlib.degradations.sampling import Amount, Degraded
from irlib.degradations.snow import snow
from irlib.degradations.tasks import FIVE_TASKS, THREE_TASKS, degrade_task
from irlib.degradations.underwater import underwater

__all__ = [
    "CDD11",
    "CDD11_ORDER",
    "COMPOSITE_TASKS",
    "FIVE_TASKS",
    "SEVERITIES",
    "THREE_TASKS",
    "Amount",
    "Degraded",
    "cdd11_steps",
    "compose",
    "convolve",
    "degrade",
    "degrade_task",
    "dim_illumination",
    "frame_average",
    "gaussian_noise",
    "haze",
    "kernel_of",
    "list_degradations",
    "low_light",
    "motion_blur",
    "rain",
    "snow",
    "synthetic_depth",
    "underwater",
]
