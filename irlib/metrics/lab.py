"""CIE L*a*b*, where distances between colours come closer to what an eye sees."""

import torch
from torch import Tensor

# IEC 61966-2-1 (sRGB) to CIE XYZ, white D65 of the 2° observer.
_XYZ_OF_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)


def cielab(image: Tensor) -> Tensor:
    """Returns an sRGB image in CIE L*a*b*, relative to the white D65.

    ``L = 116 f(Y) - 16``, ``a = 500 (f(X) - f(Y))``, ``b = 200 (f(Y) - f(Z))``, with f the cube
    root, and a line near black. Taught in chapter 22.

    Args:
        image: RGB, shape (…, 3, H, W), values in [0, 1].

    Returns:
        Same shape and dtype: L in [0, 100]; a, b about -100 to 100, 0 for a grey.

    Source:
        CIE 15; the matrix of IEC 61966-2-1.
    """
    linear = torch.where(image > 0.04045, ((image + 0.055) / 1.055) ** 2.4, image / 12.92)
    matrix = torch.tensor(_XYZ_OF_RGB, dtype=image.dtype, device=image.device)
    white = torch.tensor(_WHITE, dtype=image.dtype, device=image.device)
    xyz = torch.einsum("ij,...jhw->...ihw", matrix / white[:, None], linear)
    bent = torch.where(xyz > 0.008856, xyz.clamp(min=0) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = bent.unbind(-3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-3)
