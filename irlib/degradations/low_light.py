"""Low light: a short exposure, a steeper tone curve and the noise that few photons bring."""

import torch
from torch import Tensor

from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw, per_image


def low_light(
    clean: Tensor,
    exposure: Amount = (0.05, 0.4),
    gamma: Amount = (1.3, 2.2),
    shot: Amount = (0.0, 0.001),
    read: Amount = (0.0, 0.006),
    *,
    cast: float = 0.0,
    quantise: bool = False,
    generator: torch.Generator,
) -> Degraded:
    """Darkens, then adds shot and read noise: ``D = e J^gamma``, ``I = D + sqrt(s D + r^2) n``.

    The Poisson noise of photons is written as a Gaussian whose variance grows with the light (Foi
    et al., "Practical Poissonian-Gaussian Noise Modeling", IEEE TIP 2008). Taught in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        exposure: The factor e; 1 keeps white white.
        gamma: Exponent of the tone curve; 1 keeps contrasts, more sinks the shadows.
        shot: The variance s of the shot noise at white, per unit of light.
        read: Standard deviation r of the read noise, with white at 1.
        cast: Each channel's exposure differs by at most this share, as a wrong white balance does.
        quantise: Round to 8 bits, as a camera stores it; brightened again, the steps are visible.
        generator: A CPU generator.

    Returns:
        The dark image in [0, 1], and ``exposure`` (3 channels), ``gamma``, ``shot`` and ``read``.

    Raises:
        UsageError: A wrong shape, a value out of range, or a generator that is not on the CPU.
    """

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        factor = draw("exposure", exposure, generator, high=1)
        tint = 1 + cast * (2 * torch.rand(3, generator=generator) - 1)
        return {
            "exposure": factor * tint,
            "gamma": draw("gamma", gamma, generator, low=0.1, high=10),
            "shot": draw("shot", shot, generator, high=1),
            "read": draw("read", read, generator, high=1),
            "noise": torch.randn(3, height, width, generator=generator),
        }

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        curve = images.clamp(min=0) ** per_image(drawn["gamma"])
        dark = drawn["exposure"][:, :, None, None] * curve
        variance = per_image(drawn["shot"]) * dark + per_image(drawn["read"]) ** 2
        noisy = (dark + variance.sqrt() * drawn["noise"]).clamp(0, 1)
        return (noisy * 255).round() / 255 if quantise else noisy

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    del parameters["noise"]
    return Degraded(image, parameters)
