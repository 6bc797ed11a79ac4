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
    """Returns the constructor arguments of a model's named preset.

    Args:
        name: Model, from :func:`list_models`.
        preset_name: "released" (the authors' code), "paper" (their text) or "pocket" (a laptop).

    Raises:
        UsageError: No such model or preset; the message suggests the nearest.
    """
    presets = MODELS.get(name).presets
    if preset_name not in presets:
        raise UsageError(unknown_name(f"preset of {name}", preset_name, list(presets)))
    return presets[preset_name]()


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
    known = [key for key in inspect.signature(model_class).parameters]
    for argument in config:
        if argument not in known:
            raise UsageError(unknown_name(f"argument of {name}", argument, known))
    start = preset(name, preset_name) if preset_name is not None else {}
    return model_class(**{**start, **config})
