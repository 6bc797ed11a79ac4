"""Where the samples of a recipe come from: embedded data, benchmarks, or one's own folder."""

from pathlib import Path

from torch.utils.data import Dataset

from irlib.data.benchmarks import data_root, folder_pairs, get_benchmark
from irlib.data.embedded import EmbeddedPairs
from irlib.data.mixing import Entry, MixedPairs, training_list
from irlib.data.pairing import folder_images
from irlib.errors import UsageError
from irlib.training.recipes import Recipe

#: The training sets of each task in the all-in-one setting (PromptIR; the last two AdaIR).
TRAINING_SETS = {
    "denoise": ("bsd400", "wed"),
    "dehaze": ("ots",),
    "derain": ("raintrainl",),
    "deblur": ("gopro-train",),
    "lowlight": ("lol-train",),
}


def open_source(
    recipe: Recipe,
    *,
    pairs: Path | None = None,
    clean: Path | None = None,
    data: Path | None = None,
) -> tuple[Recipe, Dataset]:
    """Opens the training samples, and notes in the recipe what they are.

    Args:
        recipe: The recipe; its ``data`` decides where neither folder is given.
        pairs: A folder with degraded and clean images of the same names.
        clean: A folder of clean images, degraded on the fly by the recipe's tasks.
        data: Root of the benchmarks, for recipes that train on them.

    Raises:
        UsageError: Both folders, or a folder without usable images.
    """
    if pairs and clean:
        raise UsageError("--pairs and --clean were both given; expected one of them.")
    if pairs:
        found = [Entry("pairs", p.clean, p.degraded) for p in folder_pairs(pairs)]
        recipe = recipe.with_changes(data="pairs")
        return recipe, MixedPairs(found, patch=recipe.patch, seed=recipe.seed)
    if clean:
        images = folder_images(clean)
        found = [Entry(task, path) for task in recipe.tasks for path in images]
        recipe = recipe.with_changes(data="clean")
        samples = MixedPairs(found, patch=recipe.patch, seed=recipe.seed, balanced=True)
        return recipe, samples
    if recipe.data == "benchmarks":
        root = data_root(data)
        files = {
            task: [
                (pair.degraded, pair.clean)
                for name in TRAINING_SETS[task]
                for pair in get_benchmark(name).pairs(root)
            ]
            for task in recipe.tasks
        }
        entries = training_list(files)
        # PromptIR's code never leaves a patch unturned.
        turned = recipe.model == "promptir"
        return recipe, MixedPairs(
            entries, patch=recipe.patch, seed=recipe.seed, identity=not turned
        )
    return recipe, EmbeddedPairs(
        recipe.tasks,
        turns=recipe.turns,
        patch=recipe.patch,
        scenes=recipe.scenes,
        seed=recipe.seed,
        scene_size=max(320, recipe.patch),
    )
