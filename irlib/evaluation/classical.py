"""The methods a reader would reach for before training a network.

Each is a function from a degraded (3, H, W) image in [0, 1] to a restored one. They know less than
a network has learnt, yet are told more: BM3D is given the deviation of the noise, and
deconvolution the blur kernel it should assume.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from irlib.errors import IrlibError, UsageError
from irlib.evaluation.dark_channel import dehaze_dark_channel
from irlib.evaluation.deconvolution import point_spread, richardson_lucy
from irlib.registry import Registry

Method = Callable[[Tensor], Tensor]
METHODS: Registry[Callable[..., Tensor]] = Registry("classical method")
METHOD_OF_TASK = {
    "denoise": "bm3d",
    "dehaze": "dark-channel",
    "derain": "streak-median",
    "deblur": "richardson-lucy",
    "lowlight": "gamma",
}
"""The classical method to compare with, by task."""


def classical_method(name: str, *, sigma: float | None = None, psf: str | None = None) -> Method:
    """A classical method as a function of the image alone.

    Args:
        name: ``bm3d``, ``dark-channel``, ``clahe``, ``gamma``, ``richardson-lucy``,
            ``streak-median`` or ``identity``.
        sigma: Deviation of the noise on the 0-255 scale, which BM3D must be told.
        psf: Blur kernel that Richardson-Lucy assumes, such as ``gaussian:1.5`` or
            ``linear:15:30`` (length in pixels, angle in degrees).

    Raises:
        UsageError: An unknown method, or one that was not told what it must know.
    """
    function = METHODS.get(name)
    if name == "bm3d":
        if sigma is None or sigma <= 0:
            raise UsageError(
                f"bm3d must know the deviation of the noise, but sigma is {sigma}; give it with "
                "--sigma, such as --sigma 25."
            )
        return lambda image: function(image, sigma)
    if name == "richardson-lucy":
        kernel = point_spread(psf or "gaussian:1.5")
        return lambda image: function(image, kernel)
    if psf is not None:
        raise UsageError(f"a blur kernel (psf) was given, but {name} does not use one.")
    return function


@METHODS.register("identity")
def identity(image: Tensor) -> Tensor:
    """The degraded image itself."""
    return image


@METHODS.register("bm3d")
def bm3d(image: Tensor, sigma: float) -> Tensor:
    """Block matching and 3D filtering in colour (Dabov et al., TIP 2007), by the ``bm3d`` package.

    Args:
        image: (3, H, W) in [0, 1].
        sigma: True deviation of the noise, 0-255 scale.

    Raises:
        IrlibError: The package is not installed.
    """
    try:
        from bm3d import bm3d_rgb
    except ImportError as error:
        raise IrlibError(
            "BM3D needs the package `bm3d`, which is not installed; install it with: "
            "pip install bm3d"
        ) from error
    return _tensor(bm3d_rgb(_array(image), sigma / 255))


@METHODS.register("dark-channel")
def dark_channel(image: Tensor) -> Tensor:
    """Dehazing by the dark channel prior (He, Sun and Tang, CVPR 2009)."""
    return dehaze_dark_channel(image)


@METHODS.register("clahe")
def clahe(image: Tensor, clip: float = 0.01) -> Tensor:
    """Contrast-limited adaptive histogram equalisation of the brightness (Zuiderveld, 1994).

    Brightness is the value channel of HSV, so that hue and saturation stay.

    Args:
        image: (3, H, W) in [0, 1].
        clip: Clip limit in [0, 1]; scikit-image's default.
    """
    from skimage.exposure import equalize_adapthist

    return _tensor(equalize_adapthist(_array(image), clip_limit=clip))


@METHODS.register("gamma")
def gamma(image: Tensor, mean: float = 0.45) -> Tensor:
    """Brighten or darken by the exponent that takes the mean luminance to `mean`.

    ``J = I^g`` with ``g = log(mean) / log(mean luminance)``, held in [0.2, 2]: one number for the
    whole image, read from the image itself.

    Args:
        image: (3, H, W) in [0, 1].
        mean: The mean luminance aimed at, in (0, 1); the middle grey of most photographs.
    """
    from skimage.color import rgb2gray
    from skimage.exposure import adjust_gamma

    array = _array(image)
    luminance = float(np.clip(rgb2gray(array).mean(), 1e-4, 1 - 1e-4))
    exponent = float(np.clip(np.log(mean) / np.log(luminance), 0.2, 2.0))
    return _tensor(adjust_gamma(array, exponent))


@METHODS.register("richardson-lucy")
def deconvolve(image: Tensor, kernel: np.ndarray) -> Tensor:
    """Richardson-Lucy deconvolution with an assumed blur kernel, the same for every image."""
    return _tensor(richardson_lucy(_array(image), kernel))


@METHODS.register("streak-median")
def streak_median(image: Tensor, width: int = 7, threshold: float = 0.03) -> Tensor:
    """Rain removal by a median across the streaks.

    Rain adds light in thin, nearly vertical streaks. A median over `width` pixels of the same row
    does not see what is thinner than half of it, so a pixel that all three channels show brighter
    than that median by more than `threshold` is taken for rain and replaced. Fine bright texture
    is lost with it, and streaks that lean far over or are wide stay: what a method without
    learning can do.

    Args:
        image: (3, H, W) in [0, 1].
        width: Odd number of pixels.
        threshold: Excess brightness that counts as rain.
    """
    half = width // 2
    columns = torch.nn.functional.pad(image[None], (half, half, 0, 0), mode="replicate")[0]
    median = columns.unfold(-1, width, 1).median(dim=-1).values
    streak = (image - median).amin(dim=-3, keepdim=True) > threshold
    return torch.where(streak, median, image)


def _array(image: Tensor) -> np.ndarray:
    return image.detach().cpu().clamp(0, 1).permute(1, 2, 0).double().numpy()


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).permute(2, 0, 1).float().clamp(0, 1)
