"""Checked answers: property tests on the function a reader wrote.

An exercise is a list of sentences that must hold. :func:`check` tries them in turn and names the
first that fails, with what was seen. It never raises, so a notebook runs on. The exercises of
chapter 2 are in ``irlib.check.chapter_02`` under names such as "ch02.haze"; those of a page
without a number are in a module of its name and begin with it ("failure-gallery-1.floor").
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from irlib.registry import Registry

#: Exercises by name, such as "ch02.haze"; filled when their chapter's module is imported.
EXERCISES: Registry["Exercise"] = Registry("exercise")


@dataclass(frozen=True)
class Exercise:
    """What a correct answer satisfies.

    Attributes:
        properties: Pairs of a sentence ("beta 0 returns the image unchanged") and a function that
            takes the reader's answer and raises ``AssertionError`` (with what was seen as its text)
            where the sentence does not hold.
    """

    properties: tuple[tuple[str, Callable[[Callable], None]], ...]


def exercise(name: str, *properties: tuple[str, Callable[[Callable], None]]) -> Exercise:
    """Registers an exercise under ``name``."""
    return EXERCISES.register(name)(Exercise(properties))


def exercise_names() -> list[str]:
    """Names of all exercises of all chapters."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return sorted(EXERCISES)


@dataclass(frozen=True)
class Tried:
    """One property, tried on an answer.

    Attributes:
        sentence: What must hold.
        seen: What was seen instead; None where it holds.
    """

    sentence: str
    seen: str | None


def tried(name: str, answer: Callable) -> Iterator[Tried]:
    """Tries the properties of an exercise in turn, each when it is asked for.

    Args:
        name: Exercise, such as "ch02.haze".
        answer: The function the exercise asks for.

    Raises:
        UsageError: No exercise of that name.
    """
    exercise_names()
    for sentence, holds in EXERCISES.get(name).properties:
        try:
            holds(answer)
        except Exception as error:
            seen = str(error).strip() or "it does not hold"
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            yield Tried(sentence, kind + seen)
        else:
            yield Tried(sentence, None)


def check(name: str, answer: Callable) -> bool:
    """Tests a reader's function and prints the verdict.

    Args:
        name: Exercise, such as "ch02.haze".
        answer: The function the exercise asks for.

    Returns:
        Whether every property holds.

    Raises:
        UsageError: No exercise of that name.
    """
    exercise_names()
    of = len(EXERCISES.get(name).properties)
    for number, one in enumerate(tried(name, answer), 1):
        if one.seen is not None:
            print(f"Not yet. Property {number} of {of}: {one.sentence}.\n{one.seen}")
            return False
    print(f"Right: all {of} properties hold.")
    return True
