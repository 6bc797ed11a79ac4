"""Training samples that are asked for by their position, and by the size of their patch."""

from abc import ABC, abstractmethod

from torch import Tensor
from torch.utils.data import Dataset


class PatchesByPosition(Dataset, ABC):
    """Samples that are pure functions of a seed, a position and the side of the patch.

    ``data[position]`` gives a patch of the usual side, ``data[position, patch]`` one of the side
    asked for: patches that grow during training need no second data set, and no worker process has
    to be told at which step the size changes.

    Attributes:
        patch: Side of a patch in pixels where none is asked for.
        tasks: Names of the tasks; a sample's ``task`` counts along them.
    """

    patch: int
    tasks: tuple[str, ...] = ()

    def __getitem__(self, index: int | tuple[int, int]) -> dict[str, Tensor]:
        position, patch = index if isinstance(index, tuple) else (index, self.patch)
        return self.sample(position, patch)

    @abstractmethod
    def sample(self, position: int, patch: int) -> dict[str, Tensor]:
        """Makes ``degraded`` and ``target``, (3, patch, patch) in [0, 1], and ``task``, a number.

        Where asked for at construction, also ``positive``: a second crop of the same degraded
        image, of the same size.

        Args:
            position: Which sample of the run, from 0.
            patch: Side of the patch in pixels.
        """
