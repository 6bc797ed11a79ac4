"""Stage 2 of Perceive-IR: the frozen networks that its objective asks, loaded and noted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from irlib import models
from irlib.data.by_position import PatchesByPosition
from irlib.errors import UsageError
from irlib.models.weights import weights_path
from irlib.perceiver.prompt_files import (
    clip_source,
    fitting_prompts,
    load_prompts,
    read_prompts_header,
)
from irlib.training.perceive_objective import PerceiveObjective
from irlib.training.perceive_recipes import PerceiveRecipe

if TYPE_CHECKING:
    from irlib.foundation import Clip
    from irlib.perceiver.prompts import PromptSet


def open_objective(
    recipe: PerceiveRecipe,
    data: PatchesByPosition,
    *,
    prompts: str | Path | Callable[["Clip"], Path] | None = None,
    dino: str | Path | None = None,
    clip: str | Path | None = None,
    vgg: str | Path | None = None,
    medium: str | Path | None = None,
    download: bool = False,
) -> tuple[PerceiveRecipe, PerceiveObjective]:
    """Loads what the recipe's network and losses need, and nothing that they do not.

    Args:
        recipe: What to compute.
        data: Its samples, with second crops where the recipe asks for them.
        prompts: File of stage 1, or what finds one for a CLIP and is called only if prompts are
            needed (:func:`irlib.perceiver.run_prompts.prompts_of_run`); by default those that are
            there already (:func:`irlib.perceiver.prompt_files.fitting_prompts`).
        dino: "pocket", "pretrained" or a file; by default pocket, at scale paper pretrained.
        clip: The same; by default the CLIP that a file of prompts names, else as ``dino``.
        vgg: The same as ``dino``.
        medium: Weights of a medium network, the proxy of L_dpl. Without one its only negative is
            the input.
        download: Whether published weights may be fetched.

    Returns:
        The recipe with the identities of all of them and the length of this DINO's tokens, and its
        objective.

    Raises:
        UsageError: Prompts that are not there or belong to another CLIP, an unknown source.
        IrlibError: Weights that are not on this machine.
    """
    usual = "pretrained" if recipe.scale == "paper" else "pocket"
    given, judges, config = {}, {}, recipe.config
    if config["use_semantics"]:
        from irlib.foundation import load_dino

        judges["dino"] = load_dino(dino or usual, download)
        given["dino"] = judges["dino"].identity
        config = {**config, "semantic_dim": judges["dino"].dim}
    if recipe.weights.clip:
        from irlib.foundation.frozen import identity_of

        judges["clip"], learned = _judge(recipe, prompts, clip, usual, download)
        with torch.no_grad():
            judges["text"] = learned.encode(judges["clip"])
            embeddings = learned.embeddings()
        given |= {"clip": judges["clip"].identity, "prompts": identity_of({"": embeddings})}
    if recipe.weights.dpl:
        from irlib.foundation import load_vgg

        judges["vgg"] = load_vgg(vgg or usual, download=download)
        given["vgg"] = judges["vgg"].identity
        if medium is not None:
            judges |= _proxy(recipe, data, medium, given)
    alone = len(data.tasks) == 1  # as pairs of one's own are
    negatives = "other_image" if alone else recipe.negatives
    recipe = replace(recipe, config=config, given=given, negatives=negatives)
    return recipe, PerceiveObjective(recipe, data=data, **judges)


def _judge(
    recipe: PerceiveRecipe,
    prompts: str | Path | Callable[["Clip"], Path] | None,
    clip: str | Path | None,
    usual: str,
    download: bool,
) -> tuple["Clip", "PromptSet"]:
    """CLIP and the prompts in its space."""
    from irlib.foundation import load_clip

    if isinstance(prompts, str | Path):
        encoder = load_clip(clip or clip_source(read_prompts_header(prompts)), download)
        return encoder, load_prompts(prompts, encoder)
    encoder = load_clip(clip or usual, download)
    found = prompts(encoder) if prompts else fitting_prompts(encoder, recipe.scale)
    if found is None:
        raise UsageError(
            f"no prompts are there for this CLIP ({encoder.source}, {encoder.identity}). Learn "
            "some with `irlib prompts train`, or name a file and the CLIP it belongs to."
        )
    return encoder, load_prompts(found, encoder)


def _proxy(
    recipe: PerceiveRecipe, data: PatchesByPosition, medium: str | Path, given: dict[str, str]
) -> dict[str, Any]:
    """The medium network, which counts only for the tasks that it has learned."""
    from irlib.foundation.frozen import identity_of

    path = weights_path(medium)
    network = models.load_weights(path)
    given["medium"] = identity_of(network.state_dict())
    facts = models.read_header(path)["facts"]
    knows = facts.get("recipe", {}).get("tasks", recipe.tasks)
    # Pairs of one's own are of a task that no recipe names.
    valid = torch.tensor([[float(name in knows or name == "pairs")] for name in data.tasks])
    return {"proxies": [models.as_restorer(network, facts)], "valid": valid}
