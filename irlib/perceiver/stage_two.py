"""Stage 2 of Perceive-IR: the frozen networks that its objective asks, loaded and noted."""

from collections.abc import Callable, Sequence
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
from irlib.training.recipes import checked_tasks

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
    medium: str | Path | Sequence[str | Path] = (),
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
        medium: Weights of networks whose results L_dpl pushes away from, its proxies: files,
            shipped names, or ``FILE=denoise,dehaze`` for a network that counts only in these tasks
            (by default those that its file says it has learned). Without any, the only negative is
            the input.
        download: Whether published weights may be fetched.

    Returns:
        The recipe with the identities of all of them and the length of this DINO's tokens, and its
        objective.

    Raises:
        UsageError: Prompts that are not there or belong to another CLIP, an unknown source, a
            medium network without a task of the data.
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
        medium = [medium] if isinstance(medium, str | Path) else medium
        if medium:
            judges |= _proxies(recipe, data, medium, given)
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


def _proxies(
    recipe: PerceiveRecipe,
    data: PatchesByPosition,
    medium: Sequence[str | Path],
    given: dict[str, str],
) -> dict[str, Any]:
    """The medium networks; each counts only for the tasks that it has learned."""
    from irlib.foundation.frozen import identity_of

    proxies, masks, noted = [], [], []
    for source in medium:
        source, _, named = str(source).partition("=")
        path = weights_path(source)
        network = models.load_weights(path)
        facts = models.read_header(path)["facts"]
        knows = facts.get("recipe", {}).get("tasks", recipe.tasks)
        noted.append(identity_of(network.state_dict()))
        if named:
            knows = checked_tasks(named.split(","))
            noted[-1] += f"={','.join(knows)}"
        # Pairs of one's own are of a task that no recipe names.
        masks.append([float(name in knows or name == "pairs") for name in data.tasks])
        if not any(masks[-1]):
            raise UsageError(
                f"the medium network {source} knows {', '.join(knows)}, but the training is of "
                f"{', '.join(data.tasks)}: it would never count. Leave it out, or say for which "
                f"tasks it is good: --medium {source}=TASK,TASK."
            )
        proxies.append(models.as_restorer(network, facts))
    given["medium"] = " ".join(noted)
    return {"proxies": proxies, "valid": torch.tensor(masks).T}
