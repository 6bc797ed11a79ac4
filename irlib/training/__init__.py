"""Recipes, the training loop and its checkpoints. Lightning loads when training starts."""

from irlib.training.recipes import Recipe, recipe

__all__ = ["Recipe", "recipe"]
