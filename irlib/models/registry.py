"""Names of models, and how to build one from its name."""

import inspect
from typing import Any

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.registry import Registry, unknown_name

MODELS: Registry[type[RestorationModel]] = Registry("model")


def list_models() -> list[str]:
    """Returns the names that :func:`create` takes."""
    return MODELS.names()


def preset(name: str, preset_name: str) -> dict[str, Any]:
    """Returns every constructor argument of a model's named preset.

    Args:
        name: Model, from :func:`list_models`.
        preset_name: "released" (the authors' code), "paper" (their text), "pocket" (a laptop) or
            "smoke" (a check that things run).

    Raises:
        UsageError: No such model or preset; the message suggests the nearest.
    """
    model_class = MODELS.get(name)
    presets = model_class.presets
    if preset_name not in presets:
        raise UsageError(unknown_name(f"preset of {name}", preset_name, list(presets)))
    return {**_defaults(model_class), **presets[preset_name]()}


def _defaults(model_class: type[RestorationModel]) -> dict[str, Any]:
    parameters = inspect.signature(model_class).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def create(name: str, *, preset_name: str | None = None, **config: Any) -> RestorationModel:
    """Builds a network with fresh weights (drawn from PyTorch's global generator).

    Args:
        name: Model, from :func:`list_models`.
        preset_name: Start from this preset; without it, from the constructor's defaults.
        **config: Constructor arguments; they override the preset's.

    Raises:
        UsageError: Unknown name, preset or argument, or arguments that do not fit together.

    Example:
        >>> create("restormer", dim=8, num_blocks=(1, 1, 1, 1)).config["dim"]
        8
    """
    model_class = MODELS.get(name)
    known = list(_defaults(model_class))
    for argument in config:
        if argument not in known:
            raise UsageError(unknown_name(f"argument of {name}", argument, known))
    start = preset(name, preset_name) if preset_name is not None else {}
    return model_class(**{**start, **config})
