"""What ``irlib train`` takes for networks that are trained with words: who reads those words."""

from dataclasses import replace
from typing import TYPE_CHECKING

from irlib.errors import UsageError

if TYPE_CHECKING:
    from irlib.data.by_position import PatchesByPosition
    from irlib.training import Recipe
    from irlib.training.objectives import Objective


def with_reader(
    recipe: "Recipe", data: "PatchesByPosition", words: str | None, download: bool
) -> tuple["Recipe", "Objective | None"]:
    """The recipe and the objective of a network whose words are read by `words`.

    Args:
        recipe: Of the training.
        data: Its samples.
        words: For DFPIR a CLIP, "pretrained" or its file; for InstructIR the folder of a sentence
            encoder. None leaves the recipe's own.
        download: Whether a published CLIP may be fetched.

    Returns:
        The recipe, with the reader in it where it has a field for one, and what the network
        minimises; None for the objective that every training opens by itself.

    Raises:
        UsageError: A network that reads no words, or whose words lie in its table already.
    """
    if words is None and not download:
        return recipe, None
    if recipe.model == "instructir" and not download:
        return replace(recipe, sentences=words), None
    if recipe.model == "dfpir" and recipe.config["clip"] == "pretrained":
        from irlib.training.dfpir_objective import NamedReconstruction

        reader = words or "pretrained"
        return recipe, NamedReconstruction(recipe.loss, data.tasks, reader, download=download)
    asked = "--words" if words is not None else "--download"
    raise UsageError(
        f"{recipe.model} at scale {recipe.scale} has no use for {asked}. --words names the CLIP of "
        "dfpir at scale paper, or the folder of instructir's sentence encoder; --download is for "
        "dfpir at scale paper and for perceive-ir. Leave it out."
    )
