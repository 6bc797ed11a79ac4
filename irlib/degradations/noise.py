"""Gaussian noise, with the authors' rounding to 8 bits as an option."""

import torch
from torch import Tensor

from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw, per_image


def gaussian_noise(
    clean: Tensor,
    sigma: Amount = 25.0,
    *,
    generator: torch.Generator,
    quantise: bool = False,
    clipped: bool = False,
) -> Degraded:
    """Adds white Gaussian noise: ``I = J + (sigma / 255) n``, n standard normal.

    Taught in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        sigma: Standard deviation on the 0-255 scale; a number or a (low, high) range.
        generator: A CPU generator.
        quantise: Clip to [0, 255] and cut off the decimals, as ``np.clip(x, 0, 255).astype(uint8)``
            in the code of PromptIR and its relatives does. Cutting off instead of rounding darkens
            the image by half a grey level on average.
        clipped: Clip to [0, 1] without quantising. By default the noise is left as it is, with
            values outside [0, 1]: clipping would shrink its deviation near black and white.

    Returns:
        The noisy image, and ``sigma``.

    Raises:
        UsageError: A wrong shape, a negative sigma or a generator that is not on the CPU.
    """

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        return {
            "sigma": draw("sigma", sigma, generator, high=255),
            "noise": torch.randn(3, height, width, generator=generator),
        }

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        noisy = images + per_image(drawn["sigma"] / 255) * drawn["noise"]
        if quantise:
            return (noisy * 255).clamp(0, 255).floor() / 255
        return noisy.clamp(0, 1) if clipped else noisy

    image, parameters = degrade_batch(clean, generator, draw_one, apply)
    return Degraded(image, {"sigma": parameters["sigma"]})
