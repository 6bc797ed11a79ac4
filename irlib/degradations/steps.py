"""A step with its arguments written out: ``haze:beta=1.2,airlight=0.8..0.95``."""

import inspect
from typing import Any

import torch
from torch import Tensor

from irlib.degradations.presets import DEGRADATIONS, RANGES, USES_DEPTH, Degradation
from irlib.degradations.sampling import Amount, Degraded
from irlib.errors import UsageError
from irlib.registry import unknown_name

SWITCHES = {"true": True, "false": False}


def step_of(text: str) -> Degradation:
    """Returns the degradation that ``text`` names.

    A bare name stands for its presets, chosen by severity. A name with arguments calls the function
    of that degradation with them; what is not named keeps the function's default, and the severity
    plays no part.

    Args:
        text: ``rain``, or ``rain:density=0.1,length=20..60``; a value is a number, a range
            ``low..high`` that each image draws from, or ``true`` or ``false``.

    Raises:
        UsageError: An unknown name or argument, or a value that is none of these. Values out of
            range are refused when the step is applied.
    """
    name, colon, rest = text.partition(":")
    if not colon:
        return DEGRADATIONS.get(name)
    if name not in RANGES:
        DEGRADATIONS.get(name)  # an unknown name gets the better answer
        raise UsageError(
            f"{name!r} takes no arguments, but {text!r} gives some; "
            f"those that take arguments are {', '.join(RANGES)}."
        )
    function = RANGES[name][0]
    known = _arguments(function)
    given: dict[str, Any] = {}
    for part in rest.split(","):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(
                f"{part!r} in {text!r} is no argument; expected NAME=VALUE, several of them "
                f"separated by commas, such as {name}:{next(iter(known))}=1."
            )
        if key not in known:
            raise UsageError(unknown_name(f"argument of {name}", key, list(known)))
        given[key] = _value(key, value, known[key])
    with_depth = function in USES_DEPTH

    def with_arguments(
        clean: Tensor, severity: str, generator: torch.Generator, depth: Tensor | None
    ) -> Degraded:
        extra = {"depth": depth} if with_depth else {}
        return function(clean, **given, **extra, generator=generator)

    return with_arguments


def _arguments(function: Any) -> dict[str, Any]:
    """The arguments of a degradation that a text can give, with their types."""
    wanted = (Amount, float, bool)
    parameters = inspect.signature(function).parameters.values()
    return {found.name: found.annotation for found in parameters if found.annotation in wanted}


def _value(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text not in SWITCHES:
            raise UsageError(f"{name} is {text!r}; expected true or false.")
        return SWITCHES[text]
    ends = text.split("..") if kind is Amount else [text]
    try:
        numbers = [float(end) for end in ends]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        range_too = ", or a range such as 0.5..1" if kind is Amount else ""
        raise UsageError(f"{name} is {text!r}; expected a number{range_too}.")
    return numbers[0] if len(numbers) == 1 else tuple(numbers)
