"""What every restoration network of the book has in common."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor, nn

from irlib.errors import UsageError


class RestorationModel(nn.Module):
    """A network from a degraded image to its restoration.

    Attributes:
        name: Name in the registry.
        config: Every constructor argument, complete enough to build the same network again.
        multiple: Height and width of an input must be multiples of this, or are best so where the
            network pads by itself.
        padding: How an image is best extended to such a size, a mode of
            :func:`~irlib.models.pad_to_multiple`.
        presets: Named configurations: functions that return constructor arguments.
    """

    name: ClassVar[str]
    multiple: int = 8
    padding: str = "reflect"
    presets: ClassVar[dict[str, Callable[[], dict[str, Any]]]] = {}

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config

    def check_input(self, degraded: Tensor, channels: int, *, any_size: bool = False) -> None:
        """Refuses an input the network cannot take.

        Args:
            degraded: What the network was given.
            channels: What its first layer takes.
            any_size: Whether the network pads by itself and needs only one pixel.

        Raises:
            UsageError: Not (B, ``channels``, H, W), or H or W not a positive multiple of
                ``self.multiple``.
        """
        given = tuple(degraded.shape)
        if degraded.ndim != 4:
            raise UsageError(
                f"{self.name} was given a tensor of shape {given}; expected (B, {channels}, H, W). "
                "Add the batch axis with image[None]."
            )
        if degraded.shape[1] != channels:
            raise UsageError(
                f"{self.name} was given {degraded.shape[1]} channels (shape {given}); "
                f"expected {channels}. Convert the image, or create the network with "
                f"in_channels={degraded.shape[1]}."
            )
        multiple = 1 if any_size else self.multiple
        if any(side == 0 or side % multiple for side in degraded.shape[2:]):
            raise UsageError(
                f"{self.name} was given {given[2]}x{given[3]} pixels; height and width must be "
                f"positive multiples of {multiple}. Pad with irlib.models.pad_to_multiple(image, "
                f"{self.multiple}), or use irlib.evaluation.restore_image, which does."
            )

    def count_parameters(self) -> int:
        """Returns how many numbers the network has to learn or hold."""
        return sum(parameter.numel() for parameter in self.parameters())
