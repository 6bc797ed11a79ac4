"""The estimate held against the one cost that is published: what share of a card was reached."""

from functools import lru_cache

from irlib.bench.plain_promptir import PlainPromptIR
from irlib.planning.devices import get_device
from irlib.planning.work import Work, count
from irlib.training.recipes import recipe

#: PromptIR's authors trained their network for three and a half days on four such cards.
MODEL, DEVICE, GPUS, DAYS = "promptir", "v100", 4, 3.5


@lru_cache
def plain_work() -> Work:
    """Work for one image of PromptIR's training, layer by layer as its authors wrote it."""
    import torch

    asked = recipe(MODEL, "paper", "released")
    with torch.device("meta"):
        network = PlainPromptIR(**asked.config).train()
        image = torch.empty(2, 3, asked.patch, asked.patch)
        return count(lambda: network(image), 2, [network])


def shares() -> tuple[float, float]:
    """Shares of the cards' rate in 32 bits and of their bandwidth that the published days mean.

    The work of every step, in every epoch of the released recipe, over what the cards could have
    done or moved in that time, had nothing else happened.
    """
    asked, card, work = recipe(MODEL, "paper", "released"), get_device(DEVICE), plain_work()
    images = asked.images_before(asked.steps)
    seconds = GPUS * DAYS * 86_400
    return (
        images * work.operations / (seconds * card.single),
        images * work.traffic / (seconds * card.bandwidth),
    )
