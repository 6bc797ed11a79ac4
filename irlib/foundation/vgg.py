"""VGG-16's first sixteen layers: how alike two pictures look, not pixel by pixel.

Taught in chapter 10.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.foundation.checkpoints import fill, read_header, read_state, require_kind
from irlib.foundation.frozen import Frozen, check_images
from irlib.foundation.images import IMAGENET_MEAN, IMAGENET_STD, normalise
from irlib.foundation.sources import Published, Source, locate
from irlib.registry import unknown_name

PUBLISHED = Published(
    "VGG-16 (ImageNet)",
    "timm/vgg16.tv_in1k",
    ("model.safetensors", "pytorch_model.bin"),
    ("vgg16-397923af.pth",),
)
EXPECTED = "a VGG-16 in the layout of torchvision or timm (features.0.weight, features.2.weight, …)"
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14)  # their places among the sixteen layers
POOLS = (4, 9)
LAYERS = 16
TAPS = {
    # ReLU1_2, ReLU2_2, ReLU3_1, ReLU3_3: what an in-place ReLU leaves in a tensor stored at 7.
    "relu": (3, 8, 11, 15),
    # The indices as printed: 7 is a convolution, before its ReLU.
    "literal": (3, 7, 11, 15),
}


class Vgg(Frozen):
    """A frozen VGG that is read at four depths.

    Args:
        network: The sixteen layers, see :func:`vgg_layers`.
        source: Where its weights come from.
        taps: "relu", four maps after their ReLU, or "literal", the second before its ReLU
            (Perceive-IR specification, 5.3).

    Attributes:
        channels: Channels of the four maps: 64, 128, 256, 256 for VGG-16; their sides are 1, 1/2,
            1/4 and 1/4 of the picture's.
    """

    def __init__(self, network: nn.Sequential, source: Source, taps: str = "relu") -> None:
        if taps not in TAPS:
            raise UsageError(unknown_name("reading of the taps", taps, list(TAPS)))
        super().__init__(network, source)
        self.taps = TAPS[taps]
        # An in-place ReLU would change a map that was already stored, without any error.
        for layer in network:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
        convolutions = [network[i] for i in CONVOLUTIONS]
        self.channels = tuple(convolutions[i].out_channels for i in (1, 3, 4, 6))

    def features(self, images: Tensor) -> list[Tensor]:
        """Reads the network at four depths; gradients flow back to the pictures.

        Args:
            images: (B, 3, H, W) in [0, 1], H and W at least 4, at their own size; values outside
                are not clamped here.

        Returns:
            Four maps, shallow to deep.
        """
        check_images(images, "Vgg.features")
        if min(images.shape[-2:]) < 4:
            raise UsageError(
                f"Vgg.features was given images of {tuple(images.shape[-2:])} pixels; expected at "
                "least 4 × 4, since the map is halved twice."
            )
        maps = []
        x = normalise(images, IMAGENET_MEAN, IMAGENET_STD)
        for index, layer in enumerate(self.network):
            x = layer(x)
            if index in self.taps:
                maps.append(x)
        return maps


def vgg_layers(widths: Sequence[int]) -> nn.Sequential:
    """VGG-16's layers 0 to 15, with widths of one's own, unfilled.

    Args:
        widths: Output channels of the seven convolutions: 64, 64, 128, 128, 256, 256, 256.
    """
    layers: list[nn.Module] = []
    given = 3
    for width in widths:
        if len(layers) in POOLS:
            layers.append(nn.MaxPool2d(2))
        layers += [nn.Conv2d(given, width, 3, padding=1), nn.ReLU()]
        given = width
    return nn.Sequential(*layers)


def load_vgg(
    source: str | Path | Source = "pocket", taps: str = "relu", download: bool = False
) -> Vgg:
    """Loads a frozen VGG; layers beyond the sixteenth are not kept.

    Args:
        source: "pocket", "pretrained" (VGG-16 trained on ImageNet) or a file in torchvision's or
            timm's layout.
        taps: "relu" or "literal", see :class:`Vgg`.
        download: Fetch published weights that are in no cache.

    Raises:
        UsageError: An unknown source or reading, or a file of another network.
        IrlibError: Weights that are not here, or an unreadable file.
    """
    if taps not in TAPS:
        raise UsageError(unknown_name("reading of the taps", taps, list(TAPS)))
    found = locate(source, "vgg", PUBLISHED, download=download)
    require_kind(read_header(found.path), "vgg", found.path)
    state = _first_layers(read_state(found.path))
    widths = [len(state[key]) for key in _bias_names() if key in state]
    if len(widths) < len(CONVOLUTIONS):
        missing = [f"features.{key}" for key in _bias_names() if key not in state]
        raise UsageError(f"{found.detail} is not {EXPECTED}: {', '.join(missing)} missing.")
    with torch.device("meta"):
        network = vgg_layers(widths)
    network = network.to_empty(device="cpu")
    fill(network, state, found.detail, EXPECTED)
    return Vgg(network, found, taps)


def _first_layers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    names = {key: key.removeprefix("features.") for key in state if key.startswith("features.")}
    return {name: state[key] for key, name in names.items() if int(name.split(".")[0]) < LAYERS}


def _bias_names() -> list[str]:
    return [f"{index}.bias" for index in CONVOLUTIONS]
