"""LPIPS, where the package that defines it and the network it reads are on this machine."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from irlib.errors import IrlibError

HOW = (
    "Ways on: `pip install lpips`, then once with a network "
    "`python -c \"import lpips; lpips.LPIPS(net='alex')\"`, which fetches the AlexNet; or leave "
    "lpips out"
)


@cache
def load_lpips() -> Callable[[Tensor, Tensor], float]:
    """Returns the distance of two pictures as an AlexNet sees them; smaller is more alike.

    LPIPS is its authors' calibrated weights on the features of a network trained on ImageNet: no
    definition that could be written down again, so their package computes it. It takes AlexNet by
    default, as here; with VGG-16 it gives other numbers, and papers seldom say which. Taught in
    chapter 22.

    Returns:
        A function of two (3, H, W) images in [0, 1].

    Raises:
        IrlibError: The package or the weights of the network are not on this machine. Nothing is
            ever downloaded.

    Source:
        Zhang, Isola, Efros, Shechtman and Wang, "The unreasonable effectiveness of deep features as
        a perceptual metric", CVPR 2018.
    """
    try:
        import lpips
    except ImportError as error:
        message = f"LPIPS needs the package lpips, which is not installed. {HOW}."
        raise IrlibError(message) from error
    backbone = alexnet_path()
    if not backbone.is_file():
        raise IrlibError(
            f"LPIPS reads an AlexNet, whose weights are not on this machine: no {backbone.name} in "
            f"{backbone.parent}. {HOW}."
        )
    network = lpips.LPIPS(net="alex", verbose=False).eval()

    def distance(restored: Tensor, target: Tensor) -> float:
        pair = [2 * image[None].float().cpu().clamp(0, 1) - 1 for image in (restored, target)]
        with torch.no_grad():
            return float(network(*pair))

    return distance


def alexnet_path() -> Path:
    """Where torchvision keeps the AlexNet that LPIPS reads."""
    from torch.hub import get_dir
    from torchvision.models import AlexNet_Weights

    name = Path(AlexNet_Weights.IMAGENET1K_V1.url).name
    return Path(get_dir()) / "checkpoints" / name
