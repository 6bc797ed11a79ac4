"""What InstructIR learns from: the image, and a sentence about it drawn for every position."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from irlib.data.instructions import INTENTS, draw_instruction
from irlib.data.seeding import generator_for
from irlib.errors import UsageError
from irlib.foundation.sentences import SentenceEncoder, load_sentences
from irlib.losses import losses
from irlib.training.instructir_recipes import MODEL, InstructRecipe
from irlib.training.objectives import Batch, Objective, objective_of

if TYPE_CHECKING:
    from irlib.data.by_position import PatchesByPosition


class Instructed(Objective):
    r"""Reconstruction under a random instruction of the right task, and a cross entropy on intents.

    Equation: :math:`L = L_\mathrm{rec}(\hat x, x) + \lambda\, \mathrm{CE}(W_2 e + b_2, t)` with the
    true task t. The cross entropy reaches the text head only; the image's loss reaches the image
    network and, through e, the head; nothing reaches the sentence encoder. The sentence of a sample
    depends on the recipe's seed and on the sample's position, on nothing else. Taught in
    chapter 17.

    Args:
        recipe: Weights and seed, and which samples a step sees.
        tasks: Names behind the numbers in a batch's ``task``, in the data's order.
        encoder: Of sentences; None for the one that the network brings.
    """

    columns = ("rec", "intent", "understood")

    def __init__(
        self, recipe: InstructRecipe, tasks: Sequence[str], encoder: SentenceEncoder | None = None
    ) -> None:
        self.recipe, self.tasks, self.encoder = recipe, tuple(tasks), encoder
        self.rec = losses.get(recipe.loss)
        self._step, self._micro = -1, 0

    def start(self, network: nn.Module) -> None:
        if self.encoder is not None:
            network.hear(self.encoder)
        network.check_tasks(self.tasks)
        unknown = [task for task in self.tasks if task not in network.intent_names]
        if network.head is not None and unknown:
            raise UsageError(
                f"the text head tells {', '.join(network.intent_names)} apart, but the data also "
                f"have {', '.join(unknown)}. Create the network with more intents."
            )
        self.encode = network.encode

    def __call__(
        self, model: Callable[..., tuple[Tensor, Tensor]], batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        names = [self.tasks[number] for number in batch["task"].tolist()]
        first = self._first_position(step, len(names))
        spoken = [self.instruction(first + place, name) for place, name in enumerate(names)]
        with torch.no_grad():
            vectors = self.encode(spoken)
        restored, logits = model(batch["degraded"], sentences=vectors)
        rec = self.rec(restored, batch["target"])
        if logits is None:  # without a head there is nothing to classify with
            return rec, {"rec": rec, "intent": 0 * rec.detach(), "understood": 0 * rec.detach()}
        meant = torch.tensor([INTENTS.index(name) for name in names], device=logits.device)
        intent = F.cross_entropy(logits, meant)
        understood = (logits.argmax(dim=1) == meant).float().mean()
        parts = {"rec": rec, "intent": intent, "understood": understood}
        return rec + self.recipe.intent * intent, parts

    def instruction(self, position: int, task: str) -> str:
        """The sentence that sample ``position`` of the run comes with."""
        return draw_instruction(task, generator_for("instruction", self.recipe.seed, position))

    def _first_position(self, step: int, size: int) -> int:
        """Position of the first of ``size`` samples, as :class:`Positions` deals them out."""
        self._micro = self._micro + 1 if step == self._step else 0
        self._step = step
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if distributed else 0
        world = torch.distributed.get_world_size() if distributed else 1
        return self.recipe.images_before(step) + (self._micro * world + rank) * size


@objective_of(MODEL)
def _open(recipe: InstructRecipe, data: "PatchesByPosition") -> Instructed:
    encoder = None if recipe.sentences == "pocket" else load_sentences(recipe.sentences)
    return Instructed(recipe, data.tasks, encoder)
