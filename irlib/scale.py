"""The three scales at which everything in the book runs, through one code path.

``smoke`` takes seconds and checks that things work, ``pocket`` takes minutes on a laptop and makes
the rendered book, ``paper`` is the authors' full recipe.
"""

import os
from typing import TypeVar

from irlib.errors import UsageError

T = TypeVar("T")

SCALES = ("smoke", "pocket", "paper")


def checked_scale(name: str, source: str = "--scale") -> str:
    """Returns ``name`` if it is a scale.

    Raises:
        UsageError: ``name`` is not one of :data:`SCALES`.
    """
    if name not in SCALES:
        raise UsageError(
            f"{source} is {name!r}; expected one of {', '.join(SCALES)}. "
            "Use smoke for a quick check, pocket for a laptop, paper for the full recipe."
        )
    return name


def current_scale() -> str:
    """Returns the scale set in the environment variable ``IRLIB_SCALE``, by default ``pocket``."""
    return checked_scale(os.environ.get("IRLIB_SCALE", "pocket"), "the variable IRLIB_SCALE")


def by_scale(*, smoke: T, pocket: T, paper: T, scale: str | None = None) -> T:
    """Picks the value that belongs to ``scale`` (by default the current one)."""
    chosen = current_scale() if scale is None else checked_scale(scale, "scale")
    return {"smoke": smoke, "pocket": pocket, "paper": paper}[chosen]
