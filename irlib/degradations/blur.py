"""Motion blur: one kernel from a camera path, or the mean of frames taken along it."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from irlib.degradations.sampling import Amount, Degraded, degrade_batch, draw
from irlib.degradations.trajectory import POINTS, draw_trajectory

MAX_LENGTH = 256.0


def motion_blur(
    clean: Tensor,
    length: Amount = (2.0, 25.0),
    *,
    wander: Amount = (0.0, 0.15),
    generator: torch.Generator,
) -> Degraded:
    """Convolves with the kernel of a random camera path: ``I = k * J``, k summing to 1.

    Borders are mirrored. Taught in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1].
        length: Length of the path in pixels, up to 256; 0 leaves the image as it is.
        wander: How much the camera's heading drifts from point to point of the path, in radians; 0
            is a straight line.
        generator: A CPU generator.

    Returns:
        The blurred image, and ``length``, ``wander`` and ``trajectory`` (65, 2); see
        :func:`kernel_of` for the kernel.

    Raises:
        UsageError: A wrong shape, a value out of range, or a generator that is not on the CPU.
    """

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        drawn = {
            "length": draw("length", length, generator, high=MAX_LENGTH),
            "wander": draw("wander", wander, generator, high=math.pi),
        }
        return drawn | {"trajectory": draw_trajectory(*drawn.values(), generator)}

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        blurred = [
            convolve(image, kernel_of(path))
            for image, path in zip(images, drawn["trajectory"], strict=True)
        ]
        return torch.stack(blurred).clamp(0, 1)

    return degrade_batch(clean, generator, draw_one, apply)


def frame_average(
    clean: Tensor,
    length: Amount = (2.0, 25.0),
    *,
    frames: Amount = (7, 13),
    wander: Amount = (0.0, 0.1),
    rotation: Amount = (-1.0, 1.0),
    zoom: Amount = (-0.01, 0.01),
    gamma: float = 2.2,
    generator: torch.Generator,
) -> Degraded:
    """Averages frames moved along a camera path, as the GoPro set averages those of a fast camera.

    ``I = (mean over frames of J_f^gamma)^(1 / gamma)``: light adds up linearly, and pixels are
    gamma-compressed light. The camera also turns and zooms evenly, so that the blur differs from
    place to place. Source: Nah et al., "Deep Multi-scale Convolutional Neural Network for Dynamic
    Scene Deblurring" (CVPR 2017), Eq. 2. Taught in chapter 2.

    Args:
        clean: (..., 3, H, W), float in [0, 1]; the sharp frame in the middle of the exposure.
        length: Length of the path in pixels, up to 256.
        frames: Number of frames (rounded), 1 to 99.
        wander: Drift of the heading, as in :func:`motion_blur`.
        rotation: Turn during the exposure about the image's middle, in degrees.
        zoom: Change of scale during the exposure.
        gamma: 2.2 averages in linear light; 1 averages the pixels.
        generator: A CPU generator.

    Returns:
        The blurred image, and ``length``, ``frames``, ``wander``, ``rotation``, ``zoom`` and
        ``trajectory`` (65, 2).

    Raises:
        UsageError: A wrong shape, a value out of range, or a generator that is not on the CPU.
    """

    def draw_one(height: int, width: int) -> dict[str, Tensor]:
        drawn = {
            "length": draw("length", length, generator, high=MAX_LENGTH),
            "wander": draw("wander", wander, generator, high=math.pi),
            "frames": draw("frames", frames, generator, low=1, high=99).round(),
            "rotation": draw("rotation", rotation, generator, low=-45, high=45),
            "zoom": draw("zoom", zoom, generator, low=-0.5, high=0.5),
        }
        path = draw_trajectory(drawn["length"], drawn["wander"], generator)
        return drawn | {"trajectory": path}

    def apply(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        light = images.clamp(min=0) ** gamma
        blurred = [
            _mean_frame(light[i], {name: value[i] for name, value in drawn.items()})
            for i in range(len(light))
        ]
        return (torch.stack(blurred).clamp(0, 1)) ** (1 / gamma)

    return degrade_batch(clean, generator, draw_one, apply)


def _mean_frame(light: Tensor, drawn: dict[str, Tensor]) -> Tensor:
    """Averages the frames of one image (3, H, W) in linear light."""
    _, height, width = light.shape
    count = int(drawn["frames"])
    # Moments from the shutter's opening to its closing, the middle one being 0.
    moments = torch.linspace(-0.5, 0.5, count).to(light) if count > 1 else light.new_zeros(1)
    places = ((moments + 0.5) * (POINTS - 1)).round().long()
    shift = drawn["trajectory"][places]  # (F, 2) as (y, x)
    turn = torch.deg2rad(drawn["rotation"]) * moments
    scale = 1 + drawn["zoom"] * moments
    cos, sin = torch.cos(turn) * scale, torch.sin(turn) * scale
    # Rows of the affine map in grid_sample's units, in which the image spans -1 to 1.
    ratio = height / width
    theta = torch.stack(
        [
            torch.stack([cos, -sin * ratio, 2 * shift[:, 1] / width], 1),
            torch.stack([sin / ratio, cos, 2 * shift[:, 0] / height], 1),
        ],
        dim=1,
    )  # (F, 2, 3)
    grid = functional.affine_grid(theta, [count, 3, height, width], align_corners=False)
    moved = functional.grid_sample(
        light.expand(count, -1, -1, -1), grid, padding_mode="reflection", align_corners=False
    )
    return moved.mean(0)


def kernel_of(trajectory: Tensor) -> Tensor:
    """Rasterises a camera path (N, 2) of (y, x) pixels to a kernel (K, K), K odd, summing to 1.

    Each moment deposits its light on the four pixels around it in proportion to nearness, so that
    the kernel's centre of mass is the path's, to a fraction of a pixel.
    """
    longest = float((trajectory[1:] - trajectory[:-1]).norm(dim=1).max())
    if longest > 0.75:  # more points than pixels, or the line would have gaps
        finer = (len(trajectory) - 1) * math.ceil(longest / 0.75) + 1
        trajectory = functional.interpolate(
            trajectory.T[None], finer, mode="linear", align_corners=True
        )[0].T
    radius = math.ceil(float(trajectory.abs().max()) - 1e-6) if len(trajectory) else 0
    size = 2 * radius + 1
    # The trapezoid rule: the path's ends belong to one step, every other point to two.
    light = trajectory.new_ones(len(trajectory))
    light[[0, -1]] = 0.5
    corner = trajectory.floor()
    part = trajectory - corner
    corner = corner.long() + radius
    kernel = trajectory.new_zeros(size * size)
    for dy in (0, 1):
        for dx in (0, 1):
            weight_y = part[:, 0] if dy else 1 - part[:, 0]
            weight_x = part[:, 1] if dx else 1 - part[:, 1]
            # A path point exactly on the rim has no neighbour beyond it, and no weight there.
            y = (corner[:, 0] + dy).clamp(0, size - 1)
            x = (corner[:, 1] + dx).clamp(0, size - 1)
            kernel.index_add_(0, y * size + x, light * weight_y * weight_x)
    return (kernel / kernel.sum()).reshape(size, size)


def convolve(image: Tensor, kernel: Tensor) -> Tensor:
    """Convolves (..., H, W) with an odd (K, K) kernel by FFT, mirroring the borders."""
    height, width = image.shape[-2:]
    radius = kernel.shape[-1] // 2
    if radius == 0:
        return image * kernel.sum()
    mirrored = image[..., mirror(height, radius, image.device), :]
    mirrored = mirrored[..., mirror(width, radius, image.device)]
    size = [fast_length(n) for n in mirrored.shape[-2:]]
    spectrum = torch.fft.rfft2(mirrored, s=size) * torch.fft.rfft2(kernel.to(image), s=size)
    full = torch.fft.irfft2(spectrum, s=size)
    skip = 2 * radius  # the first rows mix with the wrapped-around end
    return full[..., skip : skip + height, skip : skip + width]


def mirror(size: int, margin: int, device: torch.device | str = "cpu") -> Tensor:
    """Indices that mirror an axis at its ends (edge repeated), whatever the margin."""
    place = torch.arange(-margin, size + margin, device=device) % (2 * size)
    return torch.minimum(place, 2 * size - 1 - place)


def fast_length(size: int) -> int:
    """The next length whose only prime factors are 2, 3 and 5, where FFTs are fast."""
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 1
