"""The rows of Perceive-IR's Table VIII as changes to a recipe of prompts."""

from typing import Any

from irlib.perceiver.recipes import PromptRecipe
from irlib.registry import Registry

_BY_TIERS = {
    2: ("terrible", "excellent"),
    3: ("terrible", "mediocre", "excellent"),
    4: ("terrible", "slightly worse", "slightly better", "excellent"),
}
_GOOD = ("bad", "moderate", "good")

#: Initialisation and words, worst tier first (the table prints the best first). Random prompts hold
#: no word; theirs only name the tiers. Row h gives the words to the wrong tiers on purpose.
ROWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a": ("fixed", _BY_TIERS[2]),
    "b": ("random", _BY_TIERS[2]),
    "c": ("partial_random", _BY_TIERS[2]),
    "d": ("fixed", _BY_TIERS[3]),
    "e": ("fixed", _GOOD),
    "f": ("random", _BY_TIERS[3]),
    "g": ("partial_random", _GOOD),
    "h": ("partial_random", ("excellent", "moderate", "terrible")),
    "i": ("partial_random", _BY_TIERS[3]),
    "j": ("fixed", _BY_TIERS[4]),
    "k": ("random", _BY_TIERS[4]),
    "l": ("partial_random", ("terrible", "bad", "good", "excellent")),
    "m": ("partial_random", _BY_TIERS[4]),
}

_rows: Registry[dict[str, Any]] = Registry("row of Table VIII")
for _name, (_init, _words) in ROWS.items():
    _rows.register(_name)({"init": _init, "words": _words})


def table_8(recipe: PromptRecipe, row: str) -> PromptRecipe:
    """The recipe of one row, "a" to "m"; "i" is the paper's own choice and the default.

    The paper does not say which images feed the extra tier of rows j to m; see
    :class:`irlib.perceiver.triplets.Triplets` for what stands in for them here.

    Raises:
        UsageError: No such row.
    """
    return recipe.with_changes(**_rows.get(row))
