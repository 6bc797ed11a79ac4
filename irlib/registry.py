"""A table of named things that answers an unknown name with the nearest known one."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

from irlib.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind, in the order they were registered.

    Args:
        kind: What the names stand for, in the words of the reader ("model", "degradation").

    Example:
        >>> models = Registry("model")
        >>> @models.register("identity")
        ... def identity(x):
        ...     return x
        >>> models.get("identity")(3)
        3
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Returns a decorator that enters its argument under ``name``; a name is entered once."""

        def enter(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"the {self.kind} {name!r} is already registered")
            self._entries[name] = entry
            return entry

        return enter

    def get(self, name: str) -> T:
        """Returns the entry called ``name``.

        Raises:
            UsageError: No such name; the message suggests the nearest one and lists all.
        """
        if name not in self._entries:
            raise UsageError(unknown_name(self.kind, name, self.names()))
        return self._entries[name]

    def names(self) -> list[str]:
        """Returns all names, in the order of registration."""
        return list(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries


def unknown_name(kind: str, given: str, known: list[str]) -> str:
    """Words the refusal of an unknown name, with the nearest known name where there is one."""
    near = get_close_matches(str(given).lower(), known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"unknown {kind} {given!r}{hint} Known: {', '.join(known)}."
