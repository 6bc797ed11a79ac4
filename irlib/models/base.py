"""What every restoration network of the book has in common."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.registry import unknown_name


class RestorationModel(nn.Module):
    """A network from a degraded image to its restoration.

    Attributes:
        name: Name in the registry.
        config: Every constructor argument, complete enough to build the same network again.
        multiple: Height and width of an input must be multiples of this, or are best so where the
            network pads by itself.
        smallest: What height and width must be at least; ``restore_image`` extends smaller images.
        padding: How an image is best extended to such a size, a mode of
            :func:`~irlib.models.pad_to_multiple`.
        presets: Named configurations: functions that return constructor arguments.
        needs_task: Whether the network must be told the degradation: an oracle, not blind. Its
            ``forward`` then takes a second argument, what :meth:`told` returns.
        known_tasks: What such a network can be told.
    """

    name: ClassVar[str]
    multiple: int = 8
    smallest: int = 1
    padding: str = "reflect"
    presets: ClassVar[dict[str, Callable[[], dict[str, Any]]]] = {}
    needs_task: ClassVar[bool] = False
    known_tasks: tuple[str, ...] = ()

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config

    def told(self, tasks: Sequence[str]) -> Any:
        """Returns the second argument of ``forward`` that tells the task of each image.

        Args:
            tasks: Names in :attr:`known_tasks`, one an image, or one for all images.

        Raises:
            UsageError: A task that the network cannot be told, or a network that is blind.
        """
        raise UsageError(f"{self.name} is blind: it takes an image and nothing else.")

    def check_tasks(self, tasks: Sequence[str]) -> None:
        """Refuses tasks that the network cannot be told.

        Raises:
            UsageError: The message suggests the nearest.
        """
        for task in tasks:
            if task not in self.known_tasks:
                raise UsageError(unknown_name(f"task of {self.name}", task, list(self.known_tasks)))

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
