"""Sentences about quality and degradation, and which of them are true of which picture."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from irlib.pocket.degraded import LEVELS, NAMES

NOUNS = {
    "clean": (),
    "noise": ("noise", "grain"),
    "haze": ("haze", "fog"),
    "rain": ("rain",),
    "blur": ("blur", "motion blur"),
    "lowlight": ("darkness", "low light"),
    "snow": ("snow",),
    "underwater": ("water",),
}
ADJECTIVES = {
    "clean": ("clean", "clear", "sharp"),
    "noise": ("noisy", "grainy"),
    "haze": ("hazy", "foggy"),
    "rain": ("rainy",),
    "blur": ("blurry", "blurred"),
    "lowlight": ("dark", "dim"),
    "snow": ("snowy",),
    "underwater": ("underwater",),
}
#: The levels of degradation that a word of praise or blame fits.
QUALITY = {
    "excellent": (0,),
    "perfect": (0,),
    "great": (0,),
    "good": (0, 1),
    "slightly better": (1,),
    "mediocre": (1, 2),
    "moderate": (1, 2),
    "average": (1, 2),
    "fair": (1, 2),
    "medium": (1, 2),
    "slightly worse": (2,),
    "poor": (2, 3),
    "bad": (2, 3),
    "low": (2, 3),
    "awful": (3,),
    "terrible": (3,),
    "worst": (3,),
}
STRENGTH = {"light": 1, "slight": 1, "medium": 2, "moderate": 2, "heavy": 3, "strong": 3}


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


ZERO_SHOT = {
    name: (
        *(f"a photo with {noun}" for noun in NOUNS[name]),
        *(f"{_article(adjective)} {adjective} photo" for adjective in ADJECTIVES[name]),
    )
    for name in NAMES
}
"""Sentences that name each degradation; their mean is what a picture is compared with."""


@dataclass(frozen=True)
class Caption:
    """A sentence and what it claims.

    Attributes:
        text: The sentence.
        name: The degradation it names, an index into ``NAMES``; None where it names none.
        levels: The levels that it fits; None where it says nothing of strength or quality.
    """

    text: str
    name: int | None
    levels: tuple[int, ...] | None


@cache
def captions() -> tuple[Caption, ...]:
    """Every caption that the pocket CLIP learns from."""
    found: list[Caption] = []
    for word, levels in QUALITY.items():
        photo = f"{_article(word)} {word} photo"
        for text in (word, photo, f"{word} quality", f"a photo of {word} quality"):
            found.append(Caption(text, None, levels))
    for index, name in enumerate(NAMES):
        found += [Caption(text, index, None) for text in ZERO_SHOT[name]]
        found += [Caption(text, index, None) for text in (*NOUNS[name], *ADJECTIVES[name])]
        for noun in NOUNS[name]:
            for strength, level in STRENGTH.items():
                found.append(Caption(f"a photo with {strength} {noun}", index, (level,)))
            for word in ("good", "mediocre", "bad", "terrible"):
                text = f"a {word} photo with {noun}"
                found.append(Caption(text, index, QUALITY[word]))
    for text in ("a photo without degradation", "a photo without noise, haze, rain or blur"):
        found.append(Caption(text, 0, None))
    found.append(Caption("a degraded photo", None, (1, 2, 3)))
    return tuple(found)


@cache
def _claims() -> tuple[Tensor, Tensor]:
    """(K,) named degradation or -2, and (K, levels) whether a level fits."""
    every = range(len(LEVELS))
    names = torch.tensor([-2 if c.name is None else c.name for c in captions()])
    fits = torch.tensor([[c.levels is None or n in c.levels for n in every] for c in captions()])
    return names, fits


def truth(names: Tensor, levels: Tensor) -> Tensor:
    """Which caption is true of which picture.

    Args:
        names: (B,) indices into ``NAMES``, or ``RESTORED``.
        levels: (B,) indices into ``LEVELS``.

    Returns:
        (B, K), boolean, K captions.
    """
    claimed, fits = _claims()
    named = (claimed[None] == -2) | (claimed[None] == names[:, None])
    return named & fits[:, levels].T
