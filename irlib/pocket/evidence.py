"""What a foundation model has learned of use here, measured on photographs that it never saw.

Each function takes a frozen model of any source and returns values by name, in a form that a ledger
record takes. Chance, and a simple rival where there is one, stand beside each value.
"""

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from irlib.data.photos import TEST_PHOTOS
from irlib.foundation import Clip, Dino, Namer, Vgg
from irlib.foundation.images import resize
from irlib.foundation.sources import Source
from irlib.pocket.captions import ZERO_SHOT
from irlib.pocket.degraded import LEVELS, NAMES
from irlib.pocket.held_out import (
    SIDES,
    degradation_sets,
    degraded_ladder,
    held_out_crops,
    picture_halves,
)
from irlib.pocket.naming import namer_evidence
from irlib.pocket.pictures import SIDE
from irlib.pocket.severity import severity_orders

Readings = Callable[[Tensor], dict[str, Tensor]]

TIERS = ("a terrible photo", "an excellent photo")


def evidence_of(
    name: str, model: Clip | Dino | Vgg | Namer, *, small: bool = False
) -> tuple[dict[str, float], str]:
    """The measurement that belongs to a model: values by name, and how they were made in words.

    Args:
        name: "clip", "dino", "vgg" or "namer".
        model: The loaded model.
        small: Few crops, to check that all works.
    """
    crops = 1 if small else 2
    if name == "dino":
        crops, scenes = (1, 2) if small else (6, 24)
        notes = f"ridge read-outs, {crops * len(SIDES)} crops of each picture and half"
        read = dino_readings(model, untrained(model))
        return linear_probes(read, model.image_size, crops, scenes=scenes), notes
    if name == "namer":
        sides = SIDES[: 1 if small else len(SIDES)]
        return namer_evidence(model, crops, sides=sides), (
            f"{crops * len(sides)} crops of each held-out photograph at three levels, and the "
            "photographs as the embedded evaluation has them; none seen in training"
        )
    # A distance is taken at full size, where large crops cost most and tell nothing new.
    sides = SIDES[: 1 if small else len(SIDES) if name == "clip" else 2]
    notes = f"{crops * len(sides)} crops of each held-out photograph, none seen in training"
    if name == "clip":
        return zero_shot_naming(model, crops, sides=sides), notes
    other = untrained(model)
    values = severity_orders(model, other, crops, sides=sides)
    probe = linear_probes(vgg_readings(model, other), SIDE, crops, scenes=2)
    return values | {k: v for k, v in probe.items() if k.startswith("degradation")}, notes


def untrained(model: Dino | Vgg, seed: int = 0) -> Dino | Vgg:
    """The same layers with random weights: what an architecture gives without learning."""
    # On the CPU: a GPU would draw other numbers.
    network = copy.deepcopy(model.network).cpu()
    # The layers draw their first weights from the global generator.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
            elif hasattr(module, "gamma"):  # timm's layer scale
                torch.nn.init.ones_(module.gamma)
        for token in ("cls_token", "pos_embed"):
            if hasattr(network, token):
                torch.nn.init.normal_(getattr(network, token), std=0.02)
    return type(model)(network.to(model.device), Source("file", "random weights"))


@torch.no_grad()
def zero_shot_naming(
    clip: Clip, per_side: int = 2, seed: int = 0, sides: Sequence[int] = SIDES
) -> dict[str, float]:
    """Names the degradation of held-out crops by the sentence that lies nearest.

    Every degradation stands for several sentences, whose features are averaged
    (:data:`irlib.pocket.captions.ZERO_SHOT`). No training of any kind takes place here.

    Args:
        clip: The model.
        per_side: Crops of each side and photograph.
        seed: Seed of crops and degradations.
        sides: Sides of the crops in pixels.

    Returns:
        ``accuracy`` (mean over names), ``accuracy/NAME``, ``accuracy/LEVEL``, ``chance``;
        ``quality_order``, the share of neighbouring levels that "an excellent photo" against
        "a terrible photo" puts in the right order, with ``quality_order_chance``.
    """
    mean_sentences = torch.stack([clip.encode_text(ZERO_SHOT[n]).mean(dim=0) for n in NAMES])
    terrible, excellent = clip.encode_text(TIERS)
    right: dict[tuple[int, int], list[float]] = {}
    ordered = []
    for index, (_, crop) in enumerate(held_out_crops(per_side, seed, sides)):
        for name in range(1, len(NAMES)):
            ladder = degraded_ladder(crop, name, seed, index)
            steps = torch.cat([resize(x[None], clip.image_size) for x in ladder])
            features = clip.encode_image(steps.to(clip.device))
            named = (features @ mean_sentences.T).argmax(dim=1).tolist()
            for level, answer in enumerate(named):
                truth = name if level else 0
                right.setdefault((truth, level), []).append(float(answer == truth))
            quality = (features @ (excellent - terrible)).tolist()
            ordered += [float(better > worse) for better, worse in pairwise(quality)]
    values = {
        f"accuracy/{name}": _mean(
            [one for (n, _), found in right.items() if n == i for one in found]
        )
        for i, name in enumerate(NAMES)
    }
    values |= {
        f"accuracy/{level}": _mean(
            [one for (_, s), found in right.items() if s == i for one in found]
        )
        for i, level in enumerate(LEVELS)
        if i
    }
    values["accuracy"] = _mean([values[f"accuracy/{name}"] for name in NAMES])
    values |= {"chance": 1 / len(NAMES), "quality_order": _mean(ordered)}
    return values | {"quality_order_chance": 0.5}


def linear_probes(
    read: Readings, side: int, per_side: int = 6, seed: int = 0, scenes: int = 24
) -> dict[str, float]:
    """What a linear read-out finds in features.

    Two questions. *Which picture*: crops from the left halves of the held-out photographs and of
    unseen dead-leaves scenes train the read-out, crops from the right halves test it. *Which
    degradation*: two held-out photographs train it, the third tests it, each in turn.

    Args:
        read: From pictures (N, 3, S, S) in [0, 1] to features (N, D) of several kinds by name, see
            :func:`dino_readings` and :func:`vgg_readings`.
        side: The side S that crops of all sizes are resized to.
        per_side: Crops of each side and picture.
        seed: Seed of crops and degradations.
        scenes: Dead-leaves scenes beside the held-out photographs.

    Returns:
        Accuracies ``picture`` and ``degradation``, each followed by the name of the features, and
        ``picture/chance``, ``degradation/chance``.
    """

    def with_labels(crops: list[Tensor], labels: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        images = torch.cat([resize(crop[None], side) for crop in crops])
        return {name: (features, labels) for name, features in read(images).items()}

    pictures = [with_labels(*part) for part in picture_halves(per_side, seed, scenes)]
    photographs = [with_labels(*part) for part in degradation_sets(per_side, seed)]
    values = {}
    for name in pictures[0]:
        values[f"picture{name}"] = probe_accuracy(*pictures[0][name], *pictures[1][name])
        folds = []
        for held in photographs:
            rest = [other[name] for other in photographs if other is not held]
            x, y = (torch.cat(parts) for parts in zip(*rest, strict=True))
            folds.append(probe_accuracy(x, y, *held[name]))
        values[f"degradation{name}"] = _mean(folds)
    values["picture/chance"] = 1 / (len(TEST_PHOTOS) + scenes)
    values["degradation/chance"] = 1 / len(NAMES)
    return values


def dino_readings(dino: Dino, rival: Dino) -> Readings:
    """Class tokens of all four depths together (no suffix) and of each block by itself.

    ``/untrained`` are those of the rival, all depths; ``/mean-colour`` the three mean colours.
    """

    def read(images: Tensor) -> dict[str, Tensor]:
        found = _in_parts(dino.features, images, dino.device)
        blocks = zip(dino.blocks, found, strict=True)
        return {
            "": torch.cat(found, dim=1),
            "/untrained": torch.cat(_in_parts(rival.features, images, rival.device), dim=1),
            "/mean-colour": images.mean(dim=(2, 3)),
            **{f"/block-{block}": features for block, features in blocks},
        }

    return read


def vgg_readings(vgg: Vgg, rival: Vgg) -> Readings:
    """Means of the four maps over the picture; ``/untrained`` those of the rival."""

    def means(model: Vgg) -> Callable[[Tensor], list[Tensor]]:
        return lambda images: [m.mean(dim=(2, 3)) for m in model.features(images)]

    def read(images: Tensor) -> dict[str, Tensor]:
        return {
            "": torch.cat(_in_parts(means(vgg), images, vgg.device), dim=1),
            "/untrained": torch.cat(_in_parts(means(rival), images, rival.device), dim=1),
            "/mean-colour": images.mean(dim=(2, 3)),
        }

    return read


def probe_accuracy(x: Tensor, y: Tensor, u: Tensor, v: Tensor, ridge: float = 0.1) -> float:
    """Accuracy of a linear read-out fitted by ridge regression to one-hot labels.

    Args:
        x: (N, D) training features; standardised here.
        y: (N,) labels.
        u: (M, D) test features.
        v: (M,) labels.
        ridge: Weight of the squared coefficients, relative to the number of samples.
    """
    mean, std = x.mean(dim=0), x.std(dim=0).clamp_min(1e-6)
    x, u = (torch.cat(((f - mean) / std, f.new_ones(len(f), 1)), dim=1).double() for f in (x, u))
    target = torch.nn.functional.one_hot(y).double()
    gram = x.T @ x + ridge * len(x) * torch.eye(x.shape[1], dtype=torch.float64)
    answers = (u @ torch.linalg.solve(gram, x.T @ target)).argmax(dim=1)
    return float((answers == v).double().mean())


@torch.no_grad()
def _in_parts(
    features: Callable[[Tensor], list[Tensor]], images: Tensor, device: torch.device
) -> list[Tensor]:
    """Features of many pictures, a few at a time: computed on the device, kept on the CPU."""
    parts = [features(part.to(device)) for part in images.split(64)]
    return [torch.cat(depth).cpu() for depth in zip(*parts, strict=True)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
