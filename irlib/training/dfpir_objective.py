"""What DFPIR learns from: the image, told its degradation and, where known, its level."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from irlib.foundation import load_clip
from irlib.training.dfpir_recipes import MODEL
from irlib.training.objectives import Batch, ToldReconstruction, objective_of
from irlib.training.recipes import Recipe

if TYPE_CHECKING:
    from irlib.data.by_position import PatchesByPosition


class NamedReconstruction(ToldReconstruction):
    """Reconstruction of images whose noise is named with its level, as the authors' prompts do.

    A network whose prompts nobody has read yet has its CLIP read them once, before the first step:
    the authors' code reads them anew in every step and gets the same few vectors.

    Args:
        loss: Name in :data:`irlib.losses.losses`.
        tasks: Names behind the numbers in a batch's ``task``, in the data's order.
        words: The CLIP that reads the prompts, "pretrained" or a file; None for the one that the
            network is made for.
        download: Whether a published CLIP may be fetched.
    """

    def __init__(
        self, loss: str, tasks: Sequence[str], words: str | None = None, *, download: bool = False
    ) -> None:
        super().__init__(loss, tasks)
        self.words, self.download = words, download

    def start(self, network: nn.Module) -> None:
        if not network.has_words:
            reader = self.words or network.config["clip"]
            network.encode_words(load_clip(reader, download=self.download))
        super().start(network)
        self.known = frozenset(network.known_tasks)

    def __call__(
        self, model: Callable[..., Any], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        told = self.told(self.names(batch))
        return self.loss(model(batch["degraded"], told), batch["target"]), {}

    def names(self, batch: Batch) -> list[str]:
        """What the network is told of each image: "derain", or "denoise15" where it knows that."""
        names = [self.tasks[number] for number in batch["task"].tolist()]
        if "sigma" not in batch:
            return names
        finer = [f"{n}{s:g}" for n, s in zip(names, batch["sigma"].tolist(), strict=True)]
        return [f if f in self.known else n for f, n in zip(finer, names, strict=True)]


@objective_of(MODEL)
def _open(recipe: Recipe, data: "PatchesByPosition") -> NamedReconstruction:
    return NamedReconstruction(recipe.loss, data.tasks)
