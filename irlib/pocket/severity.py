"""Whether a distance between pictures grows with the severity of a degradation.

Two distances read the same four maps of a VGG. The plain one, which Perceive-IR's loss takes,
compares features as they are; that of unit length compares their directions, as LPIPS does. The
rivals beside them are untrained layers, the squared error and chance.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.foundation import Vgg
from irlib.pocket.degraded import NAMES
from irlib.pocket.held_out import SIDES, degraded_ladder, held_out_crops

Distance = Callable[[Tensor, Tensor], Tensor]

# Of the four maps, shallow to deep (specification of Perceive-IR, 5.3).
WEIGHTS = (1 / 12, 1 / 6, 1 / 3, 1.0)


def severity_orders(
    vgg: Vgg, rival: Vgg, per_side: int = 2, seed: int = 0, sides: Sequence[int] = SIDES
) -> dict[str, float]:
    """Both distances of a VGG beside their rivals, all on the same ladders.

    Args:
        vgg: The network.
        rival: Its layers without training.
        per_side: Crops of each side and photograph.
        seed: Seed of crops and degradations.
        sides: Sides of the crops in pixels.

    Returns:
        What :func:`severity_order` finds of the plain distance (``order``, ``order/NAME``) and of
        that of unit length (``unit_length_order``, ``unit_length_order/NAME``); of the rival's
        (``…/untrained``), of the squared error (``order/squared-error``); ``order/chance``.
    """

    def found(distance: Distance) -> dict[str, float]:
        return severity_order(distance, per_side, seed, sides)

    values = found(perceptual_distance(vgg))
    values["order/untrained"] = found(perceptual_distance(rival))["order"]
    values["order/squared-error"] = found(squared_error)["order"]
    values |= {
        f"unit_length_{key}": value
        for key, value in found(unit_length_distance(vgg)).items()
        if key != "order/chance"
    }
    values["unit_length_order/untrained"] = found(unit_length_distance(rival))["order"]
    return values


def severity_order(
    distance: Distance, per_side: int = 2, seed: int = 0, sides: Sequence[int] = SIDES
) -> dict[str, float]:
    """The share of ladders that a distance to the clean crop puts in the right order.

    Args:
        distance: From a picture (1, 3, H, W) and a batch (B, 3, H, W) in [0, 1] to (B,).
        per_side: Crops of each side and photograph.
        seed: Seed of crops and degradations.
        sides: Sides of the crops in pixels.

    Returns:
        ``order``, the share of light, medium, heavy triples in the right order, and ``order/NAME``
        of each degradation; ``order/chance``, one of six orders.
    """
    right: dict[str, list[float]] = {name: [] for name in NAMES[1:]}
    for index, (_, crop) in enumerate(held_out_crops(per_side, seed, sides)):
        for name in range(1, len(NAMES)):
            clean, *worse = degraded_ladder(crop, name, seed, index)
            given = distance(clean[None], torch.stack(worse)).tolist()
            right[NAMES[name]].append(float(given == sorted(given) and len(set(given)) == 3))
    values = {f"order/{name}": sum(found) / len(found) for name, found in right.items()}
    return values | {"order": sum(values.values()) / len(values), "order/chance": 1 / 6}


def perceptual_distance(vgg: Vgg) -> Distance:
    """Mean absolute difference of VGG features, the depths weighted as in Perceive-IR."""

    @torch.no_grad()
    def distance(first: Tensor, second: Tensor) -> Tensor:
        pairs = zip(vgg.features(first), vgg.features(second), strict=True)
        return sum(
            weight * (a - b).abs().flatten(1).mean(dim=1)
            for weight, (a, b) in zip(WEIGHTS, pairs, strict=True)
        )

    return distance


def unit_length_distance(vgg: Vgg) -> Distance:
    """Squared distance of the directions of VGG features, the depths weighted as in Perceive-IR.

    The channels of each pixel are brought to length one before they are compared, and squares are
    summed over channels and averaged over pixels (Zhang et al., LPIPS, CVPR 2018, Eq. 1); the
    channels weigh alike, since LPIPS learned its weights from people's answers. How strong the
    features are does not count, so that low contrast does not make all pictures near.
    """

    @torch.no_grad()
    def distance(first: Tensor, second: Tensor) -> Tensor:
        pairs = zip(vgg.features(first), vgg.features(second), strict=True)
        return sum(
            weight * (_directions(a) - _directions(b)).square().sum(dim=1).mean(dim=(1, 2))
            for weight, (a, b) in zip(WEIGHTS, pairs, strict=True)
        )

    return distance


def squared_error(first: Tensor, second: Tensor) -> Tensor:
    """Mean squared difference of pixels, (B,)."""
    return (first - second).square().flatten(1).mean(dim=1)


def _directions(features: Tensor) -> Tensor:
    # A pixel without any feature keeps length zero.
    return F.normalize(features, dim=1, eps=1e-8)
