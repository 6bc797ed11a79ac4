"""From a network to a module from image to image, with whatever else the network needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from irlib.errors import UsageError
from irlib.models.semantics import with_encoder
from irlib.models.told import BLIND, WithTask
from irlib.models.weights import read_header, weights_path

if TYPE_CHECKING:
    from irlib.foundation import Dino


def as_restorer(
    model: nn.Module,
    facts: Mapping[str, Any] | str | Path | None = None,
    *,
    encoder: "str | Path | Dino | None" = None,
    download: bool = False,
    task: str | None = None,
    instruction: str | None = None,
) -> nn.Module:
    """Returns a module from image to image: a network, with the encoder or the task it needs.

    Args:
        model: Any network.
        facts: Of its weights file (``read_header(path)["facts"]``), which name the encoder; or the
            file, or its shipped name.
        encoder: Where the DINO is ("pocket", "pretrained" or a file), or the DINO itself. By
            default as the facts say.
        download: Whether published weights may be fetched.
        task: For a network that must be told the degradation: its name, or "blind" to have a small
            classifier name it. By default an oracle, which an evaluation tells the truth.
        instruction: Or a sentence, for a network that reads sentences.

    Returns:
        ``model`` itself if it needs nothing.

    Raises:
        UsageError: Neither facts nor ``encoder`` say which DINO, or its vectors have another
            length; a task that the network does not know, or one for a network that is blind.
        IrlibError: The encoder's weights are not here, or it is not the one trained with.
    """
    if isinstance(facts, str | Path):
        facts = read_header(weights_path(facts))["facts"]
    if getattr(model, "needs_task", False):
        if task != BLIND:
            return WithTask(model, task=task, instruction=instruction)
        from irlib.foundation.namer import load_namer

        return WithTask(model, instruction=instruction, namer=load_namer())
    if task is not None or instruction is not None:
        raise UsageError(
            f"{getattr(model, 'name', 'this model')} is blind and cannot be told a degradation; "
            "leave --task and --instruction out."
        )
    if getattr(model, "needs_semantics", False):
        return with_encoder(model, facts or {}, encoder=encoder, download=download)
    return model
