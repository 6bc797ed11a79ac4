"""Stage 1 of Perceive-IR: a judge of quality in CLIP's space, learned as a set of prompts.

Taught in chapter 7.
"""

from irlib.perceiver.folds import fold_of
from irlib.perceiver.gate import GateReport, acceptance
from irlib.perceiver.medium import load_medium
from irlib.perceiver.prompt_files import load_prompts, read_prompts_header, save_prompts
from irlib.perceiver.prompts import PromptSet
from irlib.perceiver.recipes import PromptRecipe, prompt_recipe
from irlib.perceiver.scoring import TierScore, score_image
from irlib.perceiver.stage_one import StageOne, run_stage_one
from irlib.perceiver.training import train_prompts
from irlib.perceiver.variants import table_8

__all__ = [
    "GateReport",
    "PromptRecipe",
    "PromptSet",
    "StageOne",
    "TierScore",
    "acceptance",
    "fold_of",
    "load_medium",
    "load_prompts",
    "prompt_recipe",
    "read_prompts_header",
    "run_stage_one",
    "save_prompts",
    "score_image",
    "table_8",
    "train_prompts",
]
