"""What ``irlib train`` takes for Perceive-IR alone: read, refused elsewhere, held to weights."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from irlib.errors import UsageError
from irlib.models import RestorationModel
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
        from irlib.evaluation.restore_files import choose_device
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


def check_init(network: RestorationModel | None, recipe: Recipe) -> None:
    """Refuses weights to start from that have another configuration than the recipe asks for.

    Raises:
        UsageError: The message names the arguments that differ.
    """
    if network is None:
        return
    differing = [name for name, value in recipe.config.items() if network.config[name] != value]
    if differing:
        raise UsageError(
            f"the weights of --init have another {', '.join(differing)} than this training asks "
            "for. Give the DINO that they were trained with, and neither --backbone nor --without."
        )
