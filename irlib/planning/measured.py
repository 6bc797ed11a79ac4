"""A measured training speed, out of a record of ``irlib bench models``."""

import itertools
import shlex

from irlib.errors import UsageError
from irlib.ledger import Record
from irlib.registry import unknown_name
from irlib.training.recipes import Recipe

_END = "/step_seconds_ours"


def images_per_second(record: Record, recipe: Recipe) -> float:
    """Patches of a recipe's first size that the measured device trains on in a second.

    The record's patches may have another size: time goes with the pixels. It measures the network,
    an L1 loss and AdamW; judges beside the network are not in it.

    Args:
        record: Of ``irlib bench models``.
        recipe: Whose network was measured at full size (``--preset paper``).

    Raises:
        UsageError: A record of something else, of another size, or without this network.
    """
    known = [key.removesuffix(_END) for key in record.values if key.endswith(_END)]
    if record.kind != "timing" or not known:
        raise UsageError(
            f"the record {record.name} holds no training step; expected one of `irlib bench models "
            "--preset paper --record NAME`."
        )
    words = shlex.split(record.command or "")
    options = dict(itertools.pairwise(words))
    size = "paper" if recipe.scale == "paper" else recipe.scale
    if options.get("--preset") != size:
        raise UsageError(
            f"the record {record.name} measures networks of preset {options.get('--preset')!r}; "
            f"expected {size!r}, the recipe's."
        )
    if recipe.model not in known:
        raise UsageError(unknown_name(f"network in {record.name}", recipe.model, known))
    patch, batch = int(options["--patch"]), int(options["--batch"])
    seconds = record.values[f"{recipe.model}{_END}"]
    return batch / seconds * (patch / recipe.patch) ** 2
