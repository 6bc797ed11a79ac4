"""Several restorations of one image by a network that can sample, and where they disagree.

Taught in chapter 13.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from irlib.data.seeding import generator_for
from irlib.errors import UsageError
from irlib.evaluation.restore import restore_image


@dataclass(frozen=True)
class Samples:
    """Restorations of one image that differ by the draw alone.

    Attributes:
        restored: (N, 3, H, W) in [0, 1].
    """

    restored: Tensor

    @property
    def mean(self) -> Tensor:
        """(3, H, W), the mean of the samples, a restoration too."""
        return self.restored.mean(dim=0)

    @property
    def uncertainty(self) -> Tensor:
        """(H, W), the standard deviation of the samples, root mean square over the colours.

        It says how far the network's own draws move a pixel, not how wrong the pixel is.
        """
        return self.restored.var(dim=0).mean(dim=0).sqrt()


def restore_samples(
    model: nn.Module, image: Tensor, samples: int = 5, *, seed: int = 0, **options: Any
) -> Samples:
    """Restores an image several times, each with a draw of its own.

    All tiles of an image share the draw. The same seed gives the same samples on every device, up
    to rounding.

    Args:
        model: A network with a method ``sampled(generator)``, such as
            :class:`~irlib.models.dppd.DPPD`.
        image: (3, H, W) in [0, 1], any size.
        samples: Number of draws, 2 or more.
        seed: Of the draws; sample i depends on the seed and i alone.
        **options: Of :func:`irlib.evaluation.restore_image`.

    Raises:
        UsageError: A network that cannot sample, or fewer than two draws.
    """
    if not hasattr(model, "sampled"):
        name = getattr(model, "name", type(model).__name__)
        raise UsageError(f"{name} draws nothing: its restorations are all alike. Use dppd.")
    if samples < 2:
        raise UsageError(f"samples is {samples}; a spread takes 2 or more.")
    found = []
    for index in range(samples):
        with model.sampled(generator_for("restoration sample", seed, index)):
            found.append(restore_image(model, image, **options))
    return Samples(torch.stack(found))
