"""Haze: light lost on its way to the camera, and airlight scattered into it."""

import torch
from torch import Tensor

from irlib.degradations.depth import depth_rows, synthetic_depth
from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw, per_image


def haze(
    clean: Tensor,
    beta: Amount = 1.2,
    airlight: Amount = (0.7, 1.0),
    *,
    generator: torch.Generator,
    depth: Tensor | None = None,
    cast: float = 0.0,
) -> Degraded:
    """Atmospheric scattering: ``I = J t + A (1 - t)`` with ``t = exp(-beta d)``.

    Source: Koschmieder's law, in the form of Narasimhan and Nayar, "Vision and the Atmosphere"
    (IJCV 2002). Taught in chapter 2.

    Args:
        clean: The scene radiance J, (..., 3, H, W), float in [0, 1].
        beta: Scattering coefficient per unit of depth; 0 is clear air, infinity leaves only A.
        airlight: The grey level A of the airlight, in [0, 1].
        generator: A CPU generator.
        depth: The true depth d, (..., 1, H, W) or (1, H, W), 0 near; in the unit that beta counts
            in. Without it, a smooth one in [0, 1] is drawn (see
            :func:`irlib.degradations.synthetic_depth`).
        cast: The airlight's channels differ from its grey level by at most this much.

    Returns:
        The hazy image, and ``beta``, ``airlight`` (3 channels) and ``depth``.

    Raises:
        UsageError: A wrong shape, a negative beta or depth, an airlight outside [0, 1], or a
            generator that is not on the CPU.
    """
    known_depth = depth_rows(depth, clean)

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        strength = draw("beta", beta, generator)
        grey = draw("airlight", airlight, generator, high=1)
        tint = cast * (2 * torch.rand(3, generator=generator) - 1)
        drawn = {"beta": strength, "airlight": (grey + tint).clamp(0, 1)}
        if known_depth is None:
            drawn["depth"] = synthetic_depth(height, width, generator)
        return drawn

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        distance = drawn["depth"] if known_depth is None else known_depth.to(images)
        # Infinite beta at depth 0 would be inf * 0; physics says that nothing lies in between.
        optical = torch.where(distance > 0, per_image(drawn["beta"]) * distance, 0.0)
        transmission = torch.exp(-optical)
        return torch.lerp(drawn["airlight"][:, :, None, None], images, transmission)

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    if depth is not None:
        parameters["depth"] = depth.expand(*clean.shape[:-3], 1, *clean.shape[-2:]).cpu()
    return Degraded(image, parameters)
