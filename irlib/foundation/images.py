"""What every foundation model does to an image first: resize, subtract a mean, divide."""

import torch.nn.functional as F
from torch import Tensor

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def resize(images: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Bicubic resize to a square or to (height, width), the aspect ratio not kept.

    Without antialiasing and without clamping afterwards: bicubic interpolation overshoots a
    little, and a clamp would cut gradients (Perceive-IR specification, 2.4 and 3.4). Without
    antialiasing the noise of a large picture keeps its strength when the picture is shrunk.

    Args:
        images: (B, 3, H, W).
        size: Sides in pixels.
    """
    target = (size, size) if isinstance(size, int) else size
    if tuple(images.shape[-2:]) == target:
        return images
    return F.interpolate(images, size=target, mode="bicubic", align_corners=False, antialias=False)


def normalise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """``(images - mean) / std`` for each of the three channels."""
    shift = images.new_tensor(mean).view(3, 1, 1)
    scale = images.new_tensor(std).view(3, 1, 1)
    return (images - shift) / scale
