"""Letting a network that must be told the degradation restore from an image alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models.base import RestorationModel

if TYPE_CHECKING:
    from irlib.foundation.namer import Namer

BLIND = "blind"


class WithTask(nn.Module):
    """A network and what it is told, as one module from image to image.

    Who tells it decides what its numbers mean. Where nothing is fixed it is an *oracle*: an
    evaluation calls :meth:`tell` with the true degradation of every image. With a namer it is
    *blind*: a small classifier names the degradation that it sees.

    Args:
        network: One with ``needs_task``, such as :class:`~irlib.models.DFPIR`.
        task: The same task for all images.
        instruction: Or the same sentence for all images, for networks that read sentences.
        namer: Or what names the task of each image.

    Raises:
        UsageError: A task that the network does not know, a sentence for a network that reads none,
            or more than one of the three.

    Shape: (B, 3, H, W) in [0, 1] to the same, not clamped.
    """

    def __init__(
        self,
        network: RestorationModel,
        *,
        task: str | None = None,
        instruction: str | None = None,
        namer: "Namer | None" = None,
    ) -> None:
        super().__init__()
        if [task, instruction, namer].count(None) < 2:
            raise UsageError(
                f"{network.name} is told the degradation in one way only: a task, an instruction, "
                "or a namer that looks for itself."
            )
        if task is not None:
            network.check_tasks([task])
        if instruction is not None and not hasattr(network, "instructed"):
            raise UsageError(
                f"{network.name} reads no sentences; tell it a task: "
                f"{', '.join(network.known_tasks)}."
            )
        self.network = network
        self.multiple, self.padding = network.multiple, network.padding
        self.task, self.instruction = task, instruction
        self._oracle = task is None and instruction is None and namer is None
        self._namer = (namer,)  # a tuple hides its weights from the network's
        self._whole: list[str] | None = None

    @property
    def how(self) -> str:
        """How the network learns the degradation, in words for a table."""
        if self._namer[0] is not None:
            return "blind: a small classifier names the degradation"
        if self.instruction is not None:
            return f"told: {self.instruction!r}"
        return "oracle: told the true degradation" if self._oracle else f"told: {self.task}"

    def tell(self, task: str, sigma: float | None = None) -> None:
        """Names the true degradation of the images that follow; heard by an oracle only.

        Args:
            task: Such as "derain".
            sigma: Level of noise (0-255), for networks that know some levels apart.

        Raises:
            UsageError: A task that the network does not know.
        """
        if not self._oracle:
            return
        finer = f"{task}{sigma:g}" if sigma is not None else task
        chosen = finer if finer in self.network.known_tasks else task
        self.network.check_tasks([chosen])
        self.task = chosen

    def forward(self, degraded: Tensor) -> Tensor:
        return self.network(degraded, self._told(degraded))

    def names(self, degraded: Tensor) -> list[str]:
        """Returns the task that the network is told of each image, (B, 3, H, W) in [0, 1].

        Raises:
            UsageError: Nobody has told it, and it has no namer.
        """
        namer = self._namer[0]
        if self._whole is not None:
            return self._whole * len(degraded)
        if namer is not None:
            return namer.to(degraded.device).names(degraded)
        self.check_told()
        return [self.task] * len(degraded)

    def check_told(self) -> None:
        """Refuses to go on where nobody has said what is to be removed.

        Raises:
            UsageError: The message says how to.
        """
        if self._oracle and self.task is None:
            raise UsageError(
                f"{self.network.name} must be told the degradation: --task with one of "
                f"{', '.join(self.network.known_tasks)}, or --task {BLIND} to let a small "
                "classifier name it."
            )

    @contextmanager
    def seeing(self, whole: Tensor) -> Iterator[None]:
        """Within it, every image given is a part of ``whole`` and has its degradation.

        Args:
            whole: (1, 3, H, W) in [0, 1].
        """
        if self.instruction is None:
            self._whole = self.names(whole)
        try:
            yield
        finally:
            self._whole = None

    def _told(self, degraded: Tensor) -> Any:
        if self.instruction is not None:
            return self.network.instructed(self.instruction)
        return self.network.told(self.names(degraded))


def tell(model: object, task: str, sigma: float | None = None) -> None:
    """Tells a model the true degradation of what follows, if it is one that asks."""
    if isinstance(model, WithTask):
        model.tell(task, sigma)


def how_told(model: object) -> str:
    """How a model learns the degradation, or an empty string for one that needs no telling."""
    return model.how if isinstance(model, WithTask) else ""
