"""How each pocket foundation model is trained: all numbers in one place."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from irlib.errors import UsageError
from irlib.registry import unknown_name
from irlib.scale import by_scale, current_scale


@dataclass(frozen=True)
class PocketRecipe:
    """Everything that decides what a training of a pocket model computes.

    Attributes:
        name: "clip", "dino", "vgg" or "namer".
        scale: "smoke", "pocket" or "paper"; the last only trains longer.
        steps: Optimiser steps.
        batch: Samples a step.
        rate: Highest learning rate of AdamW, after a warm-up and before a cosine to zero.
        warmup: Steps of the warm-up.
        weight_decay: Decoupled weight decay.
        scenes: Dead-leaves scenes drawn beside the photographs.
        seed: Seed of weights, scenes, crops and degradations.
        precision: "32-true" or "auto" (bf16 where the device multiplies bf16 matrices fast).
        widths: Of the convolutions of VGG and of the namer; empty elsewhere.
        vit: timm's arguments of the vision transformer; empty elsewhere.
    """

    name: str
    scale: str
    steps: int
    batch: int
    rate: float
    warmup: int
    weight_decay: float
    scenes: int
    seed: int = 0
    precision: str = "32-true"
    widths: tuple[int, ...] = ()
    vit: tuple[tuple[str, float], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain JSON types, as ledger records keep it."""
        return asdict(self)

    def hash(self) -> str:
        """Hash of every field."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


POCKET_VIT = (
    ("embed_dim", 96),
    ("patch_size", 8),
    ("depth", 4),
    ("num_heads", 3),
    ("mlp_ratio", 4.0),
    ("img_size", 64),
    # DINOv2's own 1e-5 would need a long training to let the blocks speak at all.
    ("init_values", 1.0),
)

RECIPES = {
    "clip": PocketRecipe("clip", "pocket", 2000, 64, 1e-3, 75, 0.1, 128),
    "dino": PocketRecipe("dino", "pocket", 1000, 64, 5e-4, 100, 0.04, 256, vit=POCKET_VIT),
    "vgg": PocketRecipe(
        "vgg",
        "pocket",
        2000,
        64,
        1e-3,
        100,
        0.01,
        128,
        precision="auto",
        widths=(32, 32, 64, 64, 128, 128, 128),
    ),
    "namer": PocketRecipe("namer", "pocket", 600, 32, 3e-3, 40, 0.01, 48, widths=(24, 32, 40, 48)),
}


def pocket_recipe(name: str, scale: str | None = None, **changes: Any) -> PocketRecipe:
    """The recipe of a pocket model.

    Args:
        name: "clip", "dino", "vgg" or "namer".
        scale: "smoke" takes seconds, "pocket" minutes, "paper" ten times as many steps.
        **changes: Fields to replace; None leaves a field as it is.

    Raises:
        UsageError: An unknown model or scale, or a count below one.
    """
    if name not in RECIPES:
        raise UsageError(unknown_name("foundation model", name, list(RECIPES)))
    scale = scale or current_scale()
    recipe = RECIPES[name]
    steps = by_scale(smoke=2, pocket=recipe.steps, paper=10 * recipe.steps, scale=scale)
    smaller = {"batch": 4, "scenes": 1} if scale == "smoke" else {}
    recipe = replace(recipe, scale=scale, steps=steps, **smaller)
    recipe = replace(recipe, **{k: v for k, v in changes.items() if v is not None})
    for key in ("steps", "batch"):
        if getattr(recipe, key) < 1:
            raise UsageError(f"{key} is {getattr(recipe, key)}; expected a number from 1 up.")
    return replace(recipe, warmup=min(recipe.warmup, recipe.steps // 10))
