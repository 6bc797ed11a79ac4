"""How often a namer is right on photographs that it never saw, beside chance and a rival."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from irlib.degradations import FIVE_TASKS
from irlib.degradations.presets import TASK_OF
from irlib.evaluation.embedded import embedded_pairs
from irlib.foundation import Clip, load_clip
from irlib.foundation.images import resize
from irlib.pocket.captions import ZERO_SHOT
from irlib.pocket.degraded import LEVELS, NAMES
from irlib.pocket.held_out import SIDES, degraded_ladder, held_out_crops

Naming = Callable[[Tensor], str]
DEGRADATION_NAMES = {task: name for name, task in TASK_OF.items()}


def naming_accuracy(
    name: Naming, per_side: int = 2, seed: int = 0, sides: Sequence[int] = SIDES
) -> dict[str, float]:
    """Shares of degraded crops, and of whole photographs, that are named rightly.

    Args:
        name: From an image (1, 3, H, W) to a task.
        per_side: Crops of each side and photograph.
        seed: Seed of crops and degradations.
        sides: Sides of the crops in pixels.

    Returns:
        ``accuracy`` over crops, ``accuracy/TASK``, ``accuracy/LEVEL`` and, over whole photographs
        at the level medium, as the embedded evaluation has them, ``accuracy/whole``.
    """
    right: dict[str, list[float]] = {key: [] for key in (*FIVE_TASKS, *LEVELS[1:])}
    for index, (_, crop) in enumerate(held_out_crops(per_side, seed, sides)):
        for task in FIVE_TASKS:
            number = NAMES.index(DEGRADATION_NAMES[task])
            _, *worse = degraded_ladder(crop, number, seed, index)
            for level, image in zip(LEVELS[1:], worse, strict=True):
                answer = float(name(image[None]) == task)
                right[task].append(answer)
                right[level].append(answer)
    values = {f"accuracy/{key}": sum(found) / len(found) for key, found in right.items()}
    values["accuracy"] = sum(values[f"accuracy/{task}"] for task in FIVE_TASKS) / len(FIVE_TASKS)
    whole = [
        float(name(degraded[None]) == task)
        for task in FIVE_TASKS
        for _, _, degraded in embedded_pairs(task, seed=seed)
    ]
    return values | {"accuracy/whole": sum(whole) / len(whole)}


def naming_by_sentences(clip: Clip) -> Naming:
    """The rival: the task whose sentences lie nearest in CLIP's space, without any training."""
    words = [ZERO_SHOT[DEGRADATION_NAMES[task]] for task in FIVE_TASKS]
    sentences = torch.stack([clip.encode_text(sentences).mean(dim=0) for sentences in words])

    def name(image: Tensor) -> str:
        features = clip.encode_image(resize(image, clip.image_size))
        return FIVE_TASKS[int((features @ sentences.T).argmax())]

    return name


def namer_evidence(namer, per_side: int = 2, sides: Sequence[int] = SIDES) -> dict[str, float]:
    """:func:`naming_accuracy` of a namer, of the pocket CLIP's sentences (``/clip``) and chance."""
    values = naming_accuracy(lambda image: namer.names(image)[0], per_side, sides=sides)
    rival = naming_accuracy(naming_by_sentences(load_clip()), per_side, sides=sides)
    values |= {f"{key}/clip": rival[key] for key in ("accuracy", "accuracy/whole")}
    return values | {"chance": 1 / len(FIVE_TASKS)}
