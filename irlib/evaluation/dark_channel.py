"""Dehazing by the dark channel prior, with the transmission refined by a guided filter.

He, Sun and Tang, "Single Image Haze Removal Using Dark Channel Prior" (CVPR 2009; TPAMI 2011) and
"Guided Image Filtering" (ECCV 2010). In a haze-free outdoor photograph nearly every patch has a
pixel that is dark in some colour; haze fills this darkness with airlight, and how far tells its
thickness. Skies and white walls break the prior.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

PATCH = 15
KEPT_HAZE = 0.95
LEAST_TRANSMISSION = 0.1
GUIDE_RADIUS = 40
GUIDE_EPS = 1e-3
BRIGHTEST = 0.001


def dehaze_dark_channel(image: Tensor) -> Tensor:
    """Estimate airlight and transmission from the image, and invert ``I = J t + A (1 - t)``.

    ``t = 1 - w min_patch min_c (I_c / A_c)`` with w = 0.95, refined by a guided filter, and
    ``J = (I - A) / max(t, 0.1) + A`` (CVPR 2009, Eqs. 12 and 16).

    Args:
        image: (3, H, W) in [0, 1].

    Returns:
        (3, H, W) in [0, 1].
    """
    airlight = estimate_airlight(image)
    rough = 1 - KEPT_HAZE * dark_channel(image / airlight.clamp_min(1e-3))
    luma = (image * image.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0, keepdim=True)
    transmission = guided_filter(luma, rough).clamp(LEAST_TRANSMISSION, 1)
    return ((image - airlight) / transmission + airlight).clamp(0, 1)


def dark_channel(image: Tensor, patch: int = PATCH) -> Tensor:
    """The darkest colour of the darkest pixel in the patch around each pixel (Eq. 5).

    Args:
        image: (3, H, W).
        patch: Odd side of the patch; cut off at the border.

    Returns:
        (1, H, W).
    """
    darkest = image.amin(dim=0, keepdim=True)
    # A minimum is a maximum upside down; max_pool2d ignores its own padding.
    return -max_pool2d(-darkest[None], patch, stride=1, padding=patch // 2)[0]


def estimate_airlight(image: Tensor) -> Tensor:
    """Colour of the haze: the mean colour where the dark channel is brightest.

    Args:
        image: (3, H, W) in [0, 1].

    Returns:
        (3, 1, 1). The mean over the brightest 0.1 % is steadier than the single brightest pixel of
        the paper, which a lamp can be.
    """
    dark = dark_channel(image).flatten()
    chosen = dark.topk(max(1, round(BRIGHTEST * dark.numel()))).indices
    return image.flatten(1)[:, chosen].mean(dim=1)[:, None, None]


def guided_filter(
    guide: Tensor, source: Tensor, radius: int = GUIDE_RADIUS, eps: float = GUIDE_EPS
) -> Tensor:
    """Smooth `source` while its edges follow those of `guide` (ECCV 2010, Eqs. 5, 6 and 8).

    In each window the output is the affine function of the guide that fits the source best;
    every pixel takes the mean of the windows that hold it.

    Args:
        guide: (1, H, W) grey image.
        source: (1, H, W) image to refine.
        radius: Half side of the square window.
        eps: Variance of the guide below which a window counts as flat.

    Returns:
        (1, H, W).
    """

    def mean(x: Tensor) -> Tensor:
        return box_mean(x, radius)

    mean_guide, mean_source = mean(guide), mean(source)
    covariance = mean(guide * source) - mean_guide * mean_source
    variance = mean(guide * guide) - mean_guide * mean_guide
    slope = covariance / (variance + eps)
    offset = mean_source - slope * mean_guide
    return mean(slope) * guide + mean(offset)


def box_mean(image: Tensor, radius: int) -> Tensor:
    """Mean over the part of a (2r+1)-square window that lies inside the image.

    Args:
        image: (C, H, W).
        radius: Half side of the window, held to the image's size.
    """
    for axis in (0, 1):
        reach = min(radius, image.shape[1 + axis] - 1)
        sides = (reach, reach, 0, 0) if axis else (0, 0, reach, reach)
        window = (1, 2 * reach + 1) if axis else (2 * reach + 1, 1)
        total = avg_pool2d(pad(image[None], sides), window, stride=1)[0]
        inside = avg_pool2d(pad(torch.ones_like(image[None]), sides), window, stride=1)[0]
        image = total / inside
    return image
