"""Images as an 8-bit file would hold them."""

from torch import Tensor

from irlib.device import in_float64
from irlib.errors import UsageError


def eight_bit(image: Tensor, measure: str) -> Tensor:
    """Returns whole numbers from 0 to 255 as a float64 batch.

    Measures without a reference take logarithms of ratios: a value that an 8-bit file would round
    to 0 must not count as a tiny one.

    Args:
        image: (B, 3, H, W) or (3, H, W), values meant for [0, 1] and clipped to it.
        measure: Whom a message names.

    Returns:
        (B, 3, H, W), float64.

    Raises:
        UsageError: Another shape, or no floats.
    """
    if image.ndim not in (3, 4) or image.shape[-3] != 3 or image.numel() == 0:
        raise UsageError(
            f"{measure} was given the shape {tuple(image.shape)}; expected (B, 3, H, W) or "
            "(3, H, W): three colours, channels before height and width."
        )
    if not image.is_floating_point():
        raise UsageError(
            f"{measure} was given {image.dtype}; expected floats in [0, 1]. Divide 8-bit values by "
            "255 first."
        )
    image = image[None] if image.ndim == 3 else image
    return (in_float64(image).clamp(0, 1) * 255).round()
