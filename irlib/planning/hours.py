"""Hours of a GPU that a training of the tables would take, from the words of its command."""

from collections.abc import Sequence
from typing import Any, Protocol

from irlib.errors import UsageError
from irlib.planning.assumptions import Assumptions
from irlib.planning.plan import plan
from irlib.training.perceive_recipes import MODEL, stage_two
from irlib.training.recipes import Recipe, recipe

#: Options of ``irlib train`` that change what is computed: how each is read, and as what.
_ONE = {"--scale": "scale", "--recipe": "name", "--backbone": "backbone"}
_NUMBER = {"--steps": "steps", "--batch": "batch", "--patch": "patch"}
_SEVERAL = {"--tasks": "tasks", "--without": "without", "--without-loss": "without_losses"}
_WEIGHTS = "--loss-weights"


class Training(Protocol):
    """What :class:`irlib.reproduce.Training` has."""

    model: str
    arguments: tuple[str, ...]
    minutes: float


def gpu_hours(
    training: Training, device: str = "h200", assumptions: Assumptions | None = None
) -> float:
    """Hours that one card would train, for one seed.

    At scale paper an estimate (:func:`irlib.planning.plan.plan`). At the smaller scales, where
    starting a layer costs more than computing it and no estimate would hold, the minutes of a
    laptop's core that the training declares, in hours.

    Args:
        training: Its model, the words after ``irlib train MODEL``, and its minutes.
        device: A name in :data:`irlib.planning.devices.DEVICES`.
        assumptions: By default those of :class:`Assumptions`.

    Raises:
        UsageError: Words that are no training.
    """
    asked = recipe_of(training.model, training.arguments)
    if asked.scale != "paper":
        return training.minutes / 60
    return plan(asked, 1, device, assumptions).gpu_hours


def recipe_of(model: str, arguments: Sequence[str]) -> Recipe:
    """The recipe that ``irlib train MODEL ARGUMENTS`` trains.

    Options that change no shape and no number of steps (seeds, folders, starting weights, judges)
    are passed over.

    Args:
        model: Name in :func:`irlib.models.list_models`.
        arguments: The words after it.

    Raises:
        UsageError: As :func:`irlib.training.recipe`, or an option without its value.
    """
    found: dict[str, Any] = {}
    for option, words in _options(arguments):
        if option in (*_ONE, *_NUMBER, *_SEVERAL, _WEIGHTS) and not words:
            raise UsageError(f"{option} was given without a value; expected one after it.")
        if option in _ONE:
            found[_ONE[option]] = words[0]
        elif option in _NUMBER:
            found[_NUMBER[option]] = int(words[0])
        elif option in _SEVERAL:
            found[_SEVERAL[option]] = tuple(words)
        elif option == _WEIGHTS:
            pairs = (word.partition("=") for word in words)
            found["weights"] = {name: float(value) for name, _, value in pairs}
    build = stage_two if model == MODEL else lambda *given, **rest: recipe(model, *given, **rest)
    return build(found.pop("scale", None), found.pop("name", None), **found)


def _options(arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Options with the words up to the next one."""
    found: list[tuple[str, list[str]]] = []
    for word in arguments:
        if word.startswith("--"):
            found.append((word, []))
        elif found:
            found[-1][1].append(word)
    return found
