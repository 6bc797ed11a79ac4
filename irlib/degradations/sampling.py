"""How every degradation draws its random numbers, and the result they all return.

Numbers come from a CPU generator, image by image: all draws of the first image, then all of the
second. So a batch equals its images degraded one after the other with the same generator, and the
device of the images changes nothing but the speed. The drawn values are then applied to the whole
batch at once, where the images are.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from irlib.errors import UsageError

Amount = float | tuple[float, float]
"""A fixed number, or a (low, high) range from which each image draws uniformly."""


class Degraded(NamedTuple):
    """A degraded image and what was drawn to make it.

    Attributes:
        image: (..., 3, H, W), as the clean image.
        parameters: Each drawn value by name, on the CPU, with the batch shape of the image leading.
    """

    image: Tensor
    parameters: dict[str, Tensor]


def draw(name: str, amount: Amount, generator: torch.Generator, *, low: float = 0.0,
         high: float = float("inf")) -> Tensor:  # fmt: skip
    """Draws one value of an :data:`Amount` (0-d float32 tensor).

    A fixed number consumes a random number as well, so that fixing one argument leaves every other
    draw as it was.

    Args:
        name: The argument's name, for the error message.
        amount: A number or a (low, high) range.
        generator: A CPU generator.
        low: The smallest value that makes sense.
        high: The largest value that makes sense.

    Raises:
        UsageError: A range that is not two ordered numbers, or values outside ``low`` to ``high``.
    """
    first, last = bounds(name, amount, low, high)
    share = float(torch.rand((), generator=generator))
    return torch.tensor(first + share * (last - first) if last > first else first)


def bounds(name: str, amount: Amount, low: float, high: float) -> tuple[float, float]:
    """Returns an :data:`Amount` as (low, high), or raises :class:`UsageError` if it is none."""
    ends = tuple(amount) if isinstance(amount, tuple | list) else (amount, amount)
    try:
        first, last = (float(end) for end in ends)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} is {amount!r}; expected a number or a (low, high) pair of numbers."
        ) from error
    if not low <= first <= last <= high:
        raise UsageError(
            f"{name} is {amount!r}; expected a number, or a (low, high) pair with low not above "
            f"high, between {low:g} and {high:g}."
        )
    return first, last


def check_images(clean: Tensor, generator: torch.Generator) -> None:
    """Refuses what no degradation can work on.

    Raises:
        UsageError: ``clean`` is not a float tensor (..., 3, H, W) with at least one image and one
            pixel, or ``generator`` is not a CPU generator.
    """
    if not isinstance(clean, Tensor) or not clean.is_floating_point():
        kind = str(clean.dtype) if isinstance(clean, Tensor) else type(clean).__name__
        raise UsageError(
            f"the image is of type {kind}; expected a float tensor in [0, 1]. "
            "Divide 8-bit pixels by 255 first."
        )
    if clean.ndim < 3 or clean.shape[-3] != 3 or clean.numel() == 0:
        raise UsageError(
            f"the image has shape {tuple(clean.shape)}; expected (..., 3, height, width) with at "
            "least one image and one pixel. Move the colour axis to the third place from the end."
        )
    if not isinstance(generator, torch.Generator) or generator.device.type != "cpu":
        given = getattr(generator, "device", type(generator).__name__)
        raise UsageError(
            f"the generator is on {given}; expected a CPU torch.Generator, such as "
            "torch.Generator().manual_seed(0), whatever the device of the images."
        )


def degrade_batch(
    clean: Tensor,
    generator: torch.Generator,
    draw_one: Callable[[int, int], dict[str, Tensor]],
    apply: Callable[[Tensor, dict[str, Tensor]], Tensor],
) -> Degraded:
    """Draws for each image in turn, then applies to all at once.

    Args:
        clean: (..., 3, H, W), float.
        generator: A CPU generator; checked here, drawn from inside ``draw_one``.
        draw_one: ``(height, width) -> parameters`` of one image.
        apply: ``(images (B, 3, H, W), parameters stacked on the images' device) -> images``.
    """
    check_images(clean, generator)
    *batch, _, height, width = clean.shape
    images = clean.reshape(-1, 3, height, width)
    # Half precision has no FFT on the CPU and would lose the physics: work in float32.
    working = images.float() if images.element_size() < 4 else images
    rows = [draw_one(height, width) for _ in range(len(images))]
    stacked = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
    moved = {name: value.to(working.device, working.dtype) for name, value in stacked.items()}
    degraded = apply(working, moved).to(clean.dtype).reshape(clean.shape)
    return Degraded(
        degraded,
        {name: value.reshape([*batch, *value.shape[1:]]) for name, value in stacked.items()},
    )


def one_by_one(
    clean: Tensor,
    generator: torch.Generator,
    degrade_one: Callable[[Tensor, int], Degraded],
) -> Degraded:
    """Degrades each image by itself: for chains and mixtures, where images differ in their steps.

    Args:
        clean: (..., 3, H, W), float.
        generator: A CPU generator; checked here, drawn from inside ``degrade_one``.
        degrade_one: ``(image (3, H, W), its place in the flattened batch) -> Degraded``.

    Returns:
        The images together. A parameter that some images did not draw is NaN for them.
    """
    check_images(clean, generator)
    *batch, _, height, width = clean.shape
    results = [
        degrade_one(image, index) for index, image in enumerate(clean.reshape(-1, 3, height, width))
    ]
    examples: dict[str, Tensor] = {}
    for result in results:
        examples.update(result.parameters)
    parameters = {}
    for name, example in examples.items():
        absent = torch.full_like(example, float("nan"), dtype=torch.float32)
        rows = torch.stack([result.parameters.get(name, absent) for result in results])
        parameters[name] = rows.reshape([*batch, *example.shape])
    return Degraded(
        torch.stack([result.image for result in results]).reshape(clean.shape), parameters
    )


def per_image(value: Tensor) -> Tensor:
    """Reshapes one number an image, (B,), to multiply images (B, 3, H, W)."""
    return value[:, None, None, None]
