"""Richardson-Lucy deconvolution, and the blur kernels one may assume for it."""

import math

import numpy as np

from irlib.errors import UsageError

ITERATIONS = 15
_LARGEST = 200.0


def point_spread(words: str) -> np.ndarray:
    """A blur kernel from words.

    Real blur is unknown and differs from pixel to pixel, while this method needs one kernel for the
    whole image; which one was assumed belongs beside every number it gives.

    Args:
        words: ``gaussian:SIGMA`` or ``linear:LENGTH:ANGLE`` (pixels; degrees from the horizontal,
            counter-clockwise).

    Returns:
        (K, K) float64 with K odd, non-negative, summing to 1.

    Raises:
        UsageError: Other words, or sizes out of range.
    """
    kind, *numbers = words.split(":")
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        values = []
    finite = bool(values) and all(math.isfinite(v) for v in values)
    if kind == "gaussian" and len(values) == 1 and finite and 0 < values[0] <= _LARGEST / 6:
        return _gaussian(values[0])
    if kind == "linear" and len(values) == 2 and finite and 1 <= values[0] <= _LARGEST:
        return _linear(*values)
    raise UsageError(
        f"'{words}' is no blur kernel: give gaussian:SIGMA (such as gaussian:1.5) or "
        "linear:LENGTH:ANGLE (such as linear:15:30, pixels and degrees)."
    )


def richardson_lucy(
    image: np.ndarray, kernel: np.ndarray, iterations: int = ITERATIONS
) -> np.ndarray:
    """Each channel deconvolved by Richardson and Lucy's iteration (1972, 1974).

    The border is mirrored before and cut off after, because the iteration rings where the image
    ends. More iterations sharpen more and raise more noise.

    Args:
        image: (H, W, 3) in [0, 1].
        kernel: (K, K), sums to 1.
        iterations: Steps of the iteration.

    Returns:
        (H, W, 3) in [0, 1].
    """
    from skimage.restoration import richardson_lucy as iterate

    # numpy's mirror needs more than one pixel a side; "symmetric" works down to one.
    margin = kernel.shape[0]
    padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    # Zero is a fixed point of a multiplicative iteration, and a division by it is undefined.
    channels = [
        iterate(np.maximum(padded[..., c], 1e-6), kernel, num_iter=iterations, clip=True)
        for c in range(image.shape[-1])
    ]
    whole = np.stack(channels, axis=-1)
    return whole[margin : margin + image.shape[0], margin : margin + image.shape[1]].clip(0, 1)


def _gaussian(sigma: float) -> np.ndarray:
    half = max(1, math.ceil(3 * sigma))
    x = np.arange(-half, half + 1)
    row = np.exp(-(x**2) / (2 * sigma**2))
    kernel = np.outer(row, row)
    return kernel / kernel.sum()


def _linear(length: float, angle: float) -> np.ndarray:
    half = math.ceil(length / 2)
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    direction = math.radians(angle)
    # Points closer than a pixel, each shared among its four neighbours.
    for t in np.linspace(-(length - 1) / 2, (length - 1) / 2, max(2, 8 * math.ceil(length))):
        x, y = half + t * math.cos(direction), half - t * math.sin(direction)
        left, top = math.floor(x), math.floor(y)
        for dy in (0, 1):
            for dx in (0, 1):
                weight = (1 - abs(x - left - dx)) * (1 - abs(y - top - dy))
                if weight > 0:
                    kernel[top + dy, left + dx] += weight
    return kernel / kernel.sum()
