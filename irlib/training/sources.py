"""Where the samples of a recipe come from: embedded data, benchmarks, or one's own folder."""

from pathlib import Path

from irlib.data.augment import AUGMENTATIONS
from irlib.data.benchmarks import data_root, folder_pairs, get_benchmark
from irlib.data.by_position import PatchesByPosition
from irlib.data.embedded import EmbeddedPairs
from irlib.data.mixing import Entry, MixedPairs, training_list
from irlib.data.packing import packed_pairs
from irlib.data.pairing import folder_images
from irlib.errors import UsageError
from irlib.training.recipes import ALL_MIXTURES, Recipe


def open_source(
    recipe: Recipe,
    *,
    pairs: Path | None = None,
    clean: Path | None = None,
    data: Path | None = None,
) -> tuple[Recipe, PatchesByPosition]:
    """Opens the training samples, and notes in the recipe what they are.

    Args:
        recipe: The recipe; its ``data`` decides where neither folder is given.
        pairs: A folder with degraded and clean images of the same names.
        clean: A folder of clean images, degraded on the fly by the recipe's tasks.
        data: Root of the benchmarks, for recipes that train on them. A set that is packed there
            (``irlib data pack``) is read from its one file.

    Raises:
        UsageError: Both folders, a folder without usable images, or a task without sets.
    """
    if pairs and clean:
        raise UsageError("--pairs and --clean were both given; expected one of them.")
    settings = {
        "patch": recipe.patch,
        "seed": recipe.seed,
        "modes": AUGMENTATIONS[recipe.augment],
        "positive": recipe.second_crop,
    }
    if pairs:
        found = [Entry("pairs", p.clean, p.degraded) for p in folder_pairs(pairs)]
        return recipe.with_changes(data="pairs"), MixedPairs(found, **settings)
    if clean:
        images = folder_images(clean)
        found = [Entry(task, path) for task in recipe.tasks for path in images]
        return recipe.with_changes(data="clean"), MixedPairs(found, balanced=True, **settings)
    if recipe.data == "benchmarks":
        lacking = [task for task in recipe.tasks if task not in recipe.sets]
        if lacking:
            raise UsageError(
                f"the recipe names no training set for {', '.join(lacking)}; it has sets for "
                f"{', '.join(recipe.sets)}. Train on your own images with --pairs or --clean."
            )
        root = data_root(data)
        files = {
            task: [
                (pair.degraded, pair.clean)
                for name in recipe.sets[task]
                for pair in packed_pairs(name, root) or get_benchmark(name).pairs(root)
                if not pair.group or task == f"{ALL_MIXTURES}_{pair.group}"
            ]
            for task in recipe.tasks
        }
        for task, share in recipe.shares.items():
            if task in files:
                files[task] = files[task][: int(share * len(files[task]))]
        entries = training_list(files, recipe.turns, recipe.noise)
        settings |= {"quantise": recipe.quantise, "clipped": recipe.noise_clipped}
        return recipe, MixedPairs(entries, balanced=recipe.balanced, **settings)
    return recipe, EmbeddedPairs(
        recipe.tasks,
        turns=recipe.turns,
        scenes=recipe.scenes,
        faded=recipe.faded,
        crossed=recipe.twigs,
        lit=recipe.glare,
        intact=recipe.intact,
        thinnest=recipe.thinnest_haze,
        scene_size=max(320, *(stage.patch for stage in recipe.stages)),
        **settings,
    )
