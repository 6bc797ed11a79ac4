"""A recipe in words, line by line, as it is read beside a paper."""

from dataclasses import asdict, fields

from irlib.data.benchmarks import get_benchmark
from irlib.data.mixing import NOISE_LEVELS
from irlib.planning.hardware import hardware
from irlib.training.recipes import Recipe, recipe_names


def sheet(recipe: Recipe, name: str = "") -> list[tuple[str, str]]:
    """Everything that a recipe fixes, as titles and words.

    Args:
        recipe: At any scale.
        name: Its name among those of scale paper, for the hardware of its authors.
    """
    lines = [
        ("network", f"{recipe.model} {_config(recipe.config)}"),
        ("tasks", ", ".join(recipe.tasks)),
        *_data(recipe),
        ("patches", _stages(recipe)),
        ("augmentation", recipe.augment + (f", mixup {recipe.mixup:g}" if recipe.mixup else "")),
        ("loss", _loss(recipe)),
        ("optimiser", _optimiser(recipe)),
        ("learning rate", _rates(recipe)),
        ("steps", _steps(recipe)),
        ("precision", recipe.precision + (f", average {recipe.ema:g}" if recipe.ema else "")),
        ("seed", f"{recipe.seed}"),
    ]
    lines += [(key, _plain(value)) for key, value in _own(recipe).items()]
    if recipe.scale == "paper" and recipe.model == "perceive-ir":
        lines += _first_stage(name)
    if recipe.scale == "paper":
        lines.append(("their hardware", hardware(recipe.model, name)))
    return lines


def differences(
    recipe: Recipe, other: Recipe, name: str = "", other_name: str = ""
) -> list[tuple[str, str, str]]:
    """The lines in which two recipes of a model differ: title, words of the first and the other.

    Networks are compared argument by argument; hardware is not.

    Args:
        recipe: The one.
        other: The other.
        name: Its name among those of scale paper.
        other_name: The other's.
    """
    found = []
    for key in recipe.config | other.config:
        both = tuple(_plain(one.config.get(key, "none")) for one in (recipe, other))
        if both[0] != both[1]:
            found.append((f"network: {key}", *both))
    ours, theirs = (dict(sheet(*one)) for one in ((recipe, name), (other, other_name)))
    for title in ours | theirs:
        both = tuple(lines.get(title, "none") for lines in (ours, theirs))
        if title not in ("network", "their hardware") and both[0] != both[1]:
            found.append((title, *both))
    return found


def other_names(model: str, name: str | None) -> list[str]:
    """The names of a model's other recipes of scale paper."""
    names = recipe_names(model)
    return [other for other in names if other != (name or names[0])]


def _config(config: dict) -> str:
    said = (f"{key} {_plain(value)}" for key, value in config.items() if value not in (None, ""))
    return f"({', '.join(said)})"


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return "-".join(f"{x}" for x in value)
    return f"{value}"


def _data(recipe: Recipe) -> list[tuple[str, str]]:
    if recipe.data != "benchmarks":
        turns = ", ".join(f"{task} {number}" for task, number in recipe.turns.items())
        return [("data", recipe.data + (f"; turns: {turns}" if turns else ""))]
    lines, entries = [], 0
    for task in recipe.tasks:
        sets = [get_benchmark(name) for name in recipe.sets[task]]
        words = " + ".join(f"{found.title} ({found.count:,})" for found in sets)
        files = sum(found.count // max(len(found.groups), 1) for found in sets)
        files = int(files * getattr(recipe, "shares", {}).get(task, 1))
        times = 1 if recipe.balanced else recipe.turns.get(task, 1)
        levels = len(recipe.noise) if task == "denoise" else 1
        entries += files * times * levels
        if task == "denoise":
            cut = "cut to 8 bits" if recipe.quantise else "not rounded"
            words += f", noise {_noise(recipe)}, {cut}"
        lines.append((f"data: {task}", words + ("" if recipe.balanced else f", each × {times}")))
    if recipe.balanced:
        lines.append(("mix", "every task, and every noise level, once in each batch"))
    else:
        first = recipe.stages[0].batch
        lines.append(("list", f"{entries:,} entries, {entries / first:,.1f} batches of {first}"))
    return lines


def _noise(recipe: Recipe) -> str:
    if recipe.noise == NOISE_LEVELS:
        return "15, 25, 50"
    return ", ".join(
        f"{level:g}" if isinstance(level, int | float) else f"{level[0]:g} to {level[1]:g}"
        for level in dict.fromkeys(recipe.noise)
    )


def _stages(recipe: Recipe) -> str:
    return "; ".join(
        (f"from step {stage.start:,}: " if stage.start else "")
        + f"{stage.patch} × {stage.patch}, {stage.batch} a step"
        for stage in recipe.stages
    )


def _loss(recipe: Recipe) -> str:
    weights = getattr(recipe, "weights", None)
    if weights is None:
        return recipe.loss
    said = (f"{weight:g} L_{name}" for name, weight in asdict(weights).items() if weight)
    return f"{' + '.join(said)} (L_rec is {recipe.loss})"


def _optimiser(recipe: Recipe) -> str:
    clip = f"gradients up to {recipe.clip_norm:g}" if recipe.clip_norm else "no gradient limit"
    return (
        f"{recipe.optimiser}, betas {recipe.betas[0]:g} and {recipe.betas[1]:g}, decay "
        f"{recipe.weight_decay:g}, {clip}"
    )


def _rates(recipe: Recipe) -> str:
    """At the first step, at its highest, half way and at the end."""
    last = recipe.steps - 1
    places = sorted({0, recipe.steps // 10, recipe.steps // 2, last})
    return f"{recipe.schedule}: " + ", ".join(
        f"{recipe.learning_rate(place):.3g} at step {place:,}" for place in places
    )


def _steps(recipe: Recipe) -> str:
    words = f"{recipe.steps:,}, {recipe.images_before(recipe.steps):,} patches in all"
    if recipe.steps_per_epoch:
        epochs = recipe.steps / recipe.steps_per_epoch
        words += f", {epochs:,.4g} epochs of {recipe.steps_per_epoch:,}"
    return words


def _first_stage(name: str) -> list[tuple[str, str]]:
    """What has to be there before Perceive-IR's second stage: prompts, and medium images."""
    from irlib.perceiver.medium import medium_recipe
    from irlib.perceiver.recipes import prompt_recipe

    prompts = prompt_recipe("paper")
    changes = {"steps": 100_000} if name == "paper" else {}
    medium = medium_recipe("paper", **changes)
    return [
        (
            "first stage",
            f"prompts {', '.join(prompts.words)} of {prompts.tokens} tokens, {prompts.steps:,} "
            f"steps of {prompts.batch} triplets, cosine from {prompts.rate:g} to {prompts.floor:g}",
        ),
        (
            "medium images",
            f"two {medium.model}s, each on half of the images, {medium.steps:,} steps of "
            f"{medium.batch} patches of {medium.patch}",
        ),
    ]


def _own(recipe: Recipe) -> dict[str, object]:
    """What only this kind of recipe has."""
    common = {part.name for part in fields(Recipe)} | {"weights", "given", "shares"}
    own = (part.name for part in fields(recipe) if part.name not in common)
    return {name.replace("_", " "): getattr(recipe, name) for name in own}
