"""Using and judging trained models: restoring one's own photographs, scores under a protocol."""

from importlib import import_module
from typing import Any

# Where each public name lives; loaded when first asked for, so that importing stays cheap.
_HOMES = {
    "restore_image": "restore",
    "TilingCost": "seams",
    "tiling_cost": "seams",
    "Evaluation": "benchmark",
    "evaluate": "benchmark",
    "hash_of_files": "benchmark",
    "evaluate_embedded": "embedded",
    "embedded_pairs": "embedded",
    "METHODS": "classical",
    "METHOD_OF_TASK": "classical",
    "classical_method": "classical",
    "bootstrap_interval": "spread",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Loads a public name of this package on first use."""
    if name in _HOMES:
        return getattr(import_module(f"irlib.evaluation.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
