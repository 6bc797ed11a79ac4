"""A small classifier that names the degradation of a picture, for networks that must be told it."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from irlib.degradations import FIVE_TASKS
from irlib.errors import UsageError
from irlib.foundation.checkpoints import fill, read_header, read_state, require_kind
from irlib.foundation.frozen import Frozen, check_images
from irlib.foundation.sources import Source, locate

EXPECTED = "a namer of irlib (maps.0.weight, …, head.3.bias)"
SMALLEST_VARIANCE = 1e-6


class NamerNetwork(nn.Module):
    """Convolutions that halve the picture, and a head that reads mean and spread of every map.

    A picture is never resized: grain and streaks would be lost. Means and spreads over pixels make
    any size fit, and a large picture only gives steadier ones.

    Args:
        widths: Channels of the convolutions, each of stride 2.
        hidden: Width of the head.
        names: What the logits stand for, by number.

    Shape: (B, 3, H, W) in [0, 1] to logits (B, number of names); any H, W from 1 up.
    """

    def __init__(
        self, widths: Sequence[int], hidden: int = 32, names: Sequence[str] = FIVE_TASKS
    ) -> None:
        super().__init__()
        given = (3, *widths)
        sizes = (5, *(3 for _ in widths[1:]))
        self.maps = nn.ModuleList(
            nn.Conv2d(before, after, size, stride=2, padding=size // 2)
            for before, after, size in zip(given, widths, sizes, strict=False)
        )
        read = 2 * (3 + sum(widths))
        self.head = nn.Sequential(
            nn.LayerNorm(read), nn.Linear(read, hidden), nn.GELU(), nn.Linear(hidden, len(names))
        )

    def forward(self, images: Tensor) -> Tensor:
        x = (images - 0.5).contiguous(memory_format=torch.channels_last)
        read = [x]
        for layer in self.maps:
            x = torch.relu(layer(x))
            read.append(x)
        return self.head(torch.cat([_mean_and_spread(x) for x in read], dim=1))


def _mean_and_spread(x: Tensor) -> Tensor:
    """(B, C, H, W) to (B, 2C); in full precision, since neighbouring pixels hardly differ."""
    variance, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
    return torch.cat((mean, (variance + SMALLEST_VARIANCE).sqrt()), dim=1)


class Namer(Frozen):
    """A frozen namer. Taught in chapter 15.

    Args:
        network: A trained :class:`NamerNetwork`.
        source: Where its weights come from.
        tasks: What its logits stand for.
    """

    def __init__(
        self, network: nn.Module, source: Source, tasks: Sequence[str] = FIVE_TASKS
    ) -> None:
        super().__init__(network, source)
        self.tasks = tuple(tasks)

    @torch.no_grad()
    def probabilities(self, images: Tensor) -> Tensor:
        """How sure it is of each task.

        Args:
            images: (B, 3, H, W) in [0, 1], any size.

        Returns:
            (B, number of tasks), rows summing to 1, in the order of :attr:`tasks`.

        Raises:
            UsageError: Anything but a float batch of RGB images.
        """
        check_images(images, "Namer.probabilities")
        return self.network(images.to(torch.float32)).softmax(dim=1)

    def names(self, images: Tensor) -> list[str]:
        """The likeliest task of each image, a name in :data:`irlib.degradations.FIVE_TASKS`."""
        return [self.tasks[number] for number in self.probabilities(images).argmax(dim=1).tolist()]


def load_namer(source: str | Path | Source = "pocket", download: bool = False) -> Namer:
    """Loads a frozen namer.

    Args:
        source: "pocket" (ships with irlib) or a file that ``irlib foundation train namer`` wrote.
        download: As elsewhere; there is nothing to fetch.

    Raises:
        UsageError: The source "pretrained", or a file of another network.
        IrlibError: Weights that are not here, or an unreadable file.
    """
    found = locate(source, "namer", None, download=download)
    header = read_header(found.path)
    require_kind(header, "namer", found.path)
    if not header:
        raise UsageError(f"{found.detail} is not {EXPECTED}: its header does not say so.")
    config = header["config"]
    network = NamerNetwork(config["widths"], config["hidden"], config["names"])
    fill(network, read_state(found.path), found.detail, EXPECTED)
    return Namer(network, found, config["names"])
