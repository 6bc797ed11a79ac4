"""What ``irlib train`` takes for Perceive-IR alone: read, refused elsewhere, held to weights."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import typer

from irlib.errors import UsageError
from irlib.models import RestorationModel, arguments_like, create, load_backbone
from irlib.models.perceive_ir_start import check_start
from irlib.training import Recipe

if TYPE_CHECKING:
    from irlib.foundation import Clip

_NAMES = {"without_losses": "without-loss", "weights": "loss-weights"}


def refuse(model: str, **options: object) -> None:
    """Refuses, for another model, options that only Perceive-IR has a meaning for.

    Raises:
        UsageError: One of ``options`` is not None; the message names them as they are typed.
    """
    given = [name for name, value in options.items() if value is not None]
    if given:
        words = ", ".join("--" + _NAMES.get(name, name.replace("_", "-")) for name in given)
        raise UsageError(f"{model} does not know {words}; only perceive-ir does. Leave it out.")


def numbers(words: list[str]) -> dict[str, float]:
    """Reads ``cl=0.1 dpl=0.2``; recipes check the names themselves.

    Raises:
        UsageError: A word of another form.
    """
    found = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise UsageError(
                f"--loss-weights was given {word!r}; expected LOSS=X, such as cl=0.1."
            ) from error
    return found


def finder_of_prompts(
    recipe: Recipe,
    folder: Path,
    *,
    data: Path | None,
    restart: bool,
    nodes: int,
    accelerator: str,
) -> Callable[["Clip"], Path]:
    """What finds the prompts of a run for a CLIP, or learns them on the device that trains.

    Args:
        recipe: Of the training.
        folder: Of the run.
        data: Root of the benchmarks.
        restart: Whether what the folder holds is ignored.
        nodes: Machines that train together.
        accelerator: As of the training.
    """

    def find(clip: "Clip") -> Path:
        from irlib.device import choose_device
        from irlib.perceiver.run_prompts import prompts_of_run

        clip.to(choose_device("cpu" if accelerator == "cpu" else "auto"))
        return prompts_of_run(
            folder,
            clip,
            recipe.scale,
            recipe.tasks,
            data=data,
            restart=restart,
            machines=nodes,
            say=typer.echo,
        )

    return find


def widened(recipe: Recipe, plain: RestorationModel | None) -> Recipe:
    """The recipe with the widths and depths of the plain network that it starts from, if any.

    Raises:
        UsageError: No network that it can start from; the message names what does not fit.
    """
    if plain is None:
        return recipe
    own = arguments_like(plain)
    if recipe.config["backbone"] != own["backbone"]:
        raise UsageError(
            f"the weights of --init are of a {plain.name}, but --backbone "
            f"{recipe.config['backbone']} was asked for. Leave --backbone out."
        )
    config = {**recipe.config, **own}
    check_start(config, plain)  # before stage 1, which may take long
    return replace(recipe, config=config)


def started(network: RestorationModel | None, recipe: Recipe) -> RestorationModel | None:
    """The network that training starts from: itself, or one that restores like the plain network.

    Args:
        network: Of ``--init``, if any: a Perceive-IR, a Restormer or a NAFNet.
        recipe: As it will be trained; its seed draws what a plain network does not have.

    Raises:
        UsageError: A configuration that cannot start there; the message names what does not fit.
    """
    if network is None:
        return None
    if network.name != recipe.model:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            return load_backbone(create(recipe.model, **recipe.config), network)
    differing = [name for name, value in recipe.config.items() if network.config[name] != value]
    if differing:
        raise UsageError(
            f"the weights of --init have another {', '.join(differing)} than this training asks "
            "for. Give the DINO that they were trained with, and neither --backbone nor --without."
        )
    return network
