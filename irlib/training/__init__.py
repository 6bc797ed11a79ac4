"""Recipes, the training loop and its checkpoints. Lightning loads when training starts."""

from irlib.training import am_promptir_recipes, paper_recipes  # enter recipes under their names
from irlib.training.airnet_objective import AirNetObjective
from irlib.training.airnet_recipes import AirNetRecipe
from irlib.training.dfpir_objective import NamedReconstruction
from irlib.training.dfpir_recipes import DfpirRecipe
from irlib.training.dppd_objective import DppdObjective
from irlib.training.dppd_recipes import DppdRecipe
from irlib.training.instructir_objective import Instructed
from irlib.training.instructir_recipes import InstructRecipe
from irlib.training.perceive_recipes import PerceiveRecipe, stage_two
from irlib.training.pivpnet_recipes import PivpnetRecipe
from irlib.training.recipes import Recipe, recipe, recipe_names
from irlib.training.stages import Stage

__all__ = [
    "AirNetObjective",
    "AirNetRecipe",
    "DfpirRecipe",
    "DppdObjective",
    "DppdRecipe",
    "InstructRecipe",
    "Instructed",
    "NamedReconstruction",
    "PerceiveRecipe",
    "PivpnetRecipe",
    "Recipe",
    "Stage",
    "am_promptir_recipes",
    "paper_recipes",
    "recipe",
    "recipe_names",
    "stage_two",
]
