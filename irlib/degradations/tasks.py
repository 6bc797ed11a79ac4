"""The training degradation of each task: what an all-in-one network is trained against."""

from collections.abc import Callable

import torch
from torch import Tensor

from irlib.degradations.blur import frame_average, motion_blur
from irlib.degradations.haze import haze
from irlib.degradations.low_light import low_light
from irlib.degradations.noise import gaussian_noise
from irlib.degradations.rain import rain
from irlib.degradations.sampling import Degraded, one_by_one
from irlib.registry import Registry

THREE_TASKS = ("denoise", "dehaze", "derain")
"""The tasks of the field's three-degradation setting."""
FIVE_TASKS = ("denoise", "dehaze", "derain", "deblur", "lowlight")
"""The tasks of the field's five-degradation setting; a training sample's task is its index here."""

Draw = Callable[[Tensor, torch.Generator, Tensor | None], Degraded]
TASKS: Registry[Draw] = Registry("task")


def degrade_task(
    clean: Tensor, task: str, generator: torch.Generator, depth: Tensor | None = None
) -> Degraded:
    """Draws one training degradation of a task for each image, over the whole range of strengths.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        task: One of :data:`FIVE_TASKS`, or of the composite ones of
            :data:`irlib.degradations.COMPOSITE_TASKS`.
        generator: A CPU generator.
        depth: (..., 1, H, W), 0 near to 1 far; haze alone uses it, and draws one without it.

    Returns:
        The degraded image in [0, 1] and the parameters drawn.

    Raises:
        UsageError: An unknown task, a wrong shape or a generator that is not on the CPU.
    """
    return TASKS.get(task)(clean, generator, depth)


@TASKS.register("denoise")
def _denoise(clean: Tensor, generator: torch.Generator, depth: Tensor | None) -> Degraded:
    def one(image: Tensor, _: int) -> Degraded:
        # Weighted towards the levels that tables report, with weak noise and none included.
        often = float(torch.rand((), generator=generator)) < 0.75
        sigma = (15.0, 50.0) if often else (0.0, 55.0)
        return gaussian_noise(image, sigma, generator=generator, quantise=True)

    return one_by_one(clean, generator, one)


@TASKS.register("dehaze")
def _dehaze(clean: Tensor, generator: torch.Generator, depth: Tensor | None) -> Degraded:
    return haze(clean, (0.1, 1.7), (0.75, 1.0), generator=generator, depth=depth, cast=0.02)


@TASKS.register("derain")
def _derain(clean: Tensor, generator: torch.Generator, depth: Tensor | None) -> Degraded:
    return rain(
        clean,
        density=(0.04, 0.24),
        length=(20.0, 90.0),
        angle=(-38.0, 38.0),
        layers=(1, 3),
        veil=(0.0, 0.02),
        brightness=(0.25, 0.8),
        width=(1.2, 3.2),
        generator=generator,
    )


@TASKS.register("deblur")
def _deblur(clean: Tensor, generator: torch.Generator, depth: Tensor | None) -> Degraded:
    def one(image: Tensor, _: int) -> Degraded:
        averaged = float(torch.rand((), generator=generator)) < 0.5
        blur = frame_average if averaged else motion_blur
        return blur(image, (1.0, 24.0), generator=generator)

    return one_by_one(clean, generator, one)


@TASKS.register("lowlight")
def _lowlight(clean: Tensor, generator: torch.Generator, depth: Tensor | None) -> Degraded:
    return low_light(
        clean,
        exposure=(0.04, 0.45),
        gamma=(1.2, 2.2),
        shot=(0.0, 0.002),
        read=(0.0, 0.007),
        cast=0.2,
        quantise=True,
        generator=generator,
    )
