"""Degradations: pure functions from a clean image and a random generator to a degraded one.

Every function takes float images (..., 3, H, W) in [0, 1] with any batch axes on any device, and a
CPU :class:`torch.Generator`; it returns a :class:`Degraded` with the image and what was drawn.
"""

from irlib.degradations.blur import frame_average, kernel_of, motion_blur
from irlib.degradations.depth import synthetic_depth
from irlib.degradations.haze import haze
from irlib.degradations.low_light import low_light
from irlib.degradations.noise import gaussian_noise
from irlib.degradations.rain import rain
from irlib.degradations.sampling import Amount, Degraded
from irlib.degradations.tasks import FIVE_TASKS, THREE_TASKS, degrade_task

__all__ = [
    "FIVE_TASKS",
    "THREE_TASKS",
    "Amount",
    "Degraded",
    "degrade_task",
    "frame_average",
    "gaussian_noise",
    "haze",
    "kernel_of",
    "low_light",
    "motion_blur",
    "rain",
    "synthetic_depth",
]
