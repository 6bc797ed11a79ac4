"""K-means: a few points that stand for many, each for those that lie nearest to it."""

from typing import NamedTuple

import torch
from torch import Tensor

from irlib.errors import UsageError

ITERATIONS = 25
RESTARTS = 5


class Clusters(NamedTuple):
    """What :func:`k_means` found.

    Attributes:
        centroids: (K, d).
        nearest: (N,), the centroid of each point.
        inertia: Sum of the squared distances between points and their centroids.
    """

    centroids: Tensor
    nearest: Tensor
    inertia: float


def k_means(
    points: Tensor,
    number: int,
    generator: torch.Generator,
    *,
    iterations: int = ITERATIONS,
    restarts: int = RESTARTS,
) -> Clusters:
    """Finds centroids with a small sum of squared distances to the points.

    Each restart draws its first centroids among the points, far ones more often (k-means++, Arthur
    and Vassilvitskii, 2007), then moves each to the mean of the points nearest to it (Lloyd). A
    centroid that has lost all its points starts again at a point drawn at random. The restart with
    the smallest sum wins. It runs in double precision on the CPU: the same points and the same
    generator give the same centroids on every machine. Taught in chapter 13.

    Args:
        points: (N, d), at least ``number`` of them.
        number: Centroids wanted, K.
        generator: A CPU generator.
        iterations: Steps of Lloyd.
        restarts: Number of tries.

    Returns:
        Centroids and distances in the type, and on the device, of the points.

    Raises:
        UsageError: Fewer points than centroids.
    """
    if not 1 <= number <= len(points):
        raise UsageError(
            f"{number} centroids were asked for among {len(points)} points; expected at least one "
            "centroid and one point for each."
        )
    exact = points.detach().to("cpu", torch.float64)
    tries = [_one_try(exact, number, generator, iterations) for _ in range(restarts)]
    best = min(tries, key=lambda found: found.inertia)
    return Clusters(best.centroids.to(points), best.nearest.to(points.device), best.inertia)


def _one_try(points: Tensor, number: int, generator: torch.Generator, iterations: int) -> Clusters:
    centroids = _spread_out(points, number, generator)
    for _ in range(iterations):
        nearest = squared_distances(points, centroids).argmin(dim=1)
        for index in range(number):
            own = points[nearest == index]
            centroids[index] = own.mean(dim=0) if len(own) else _any(points, generator)
    distances, nearest = squared_distances(points, centroids).min(dim=1)
    return Clusters(centroids, nearest, float(distances.sum()))


def _spread_out(points: Tensor, number: int, generator: torch.Generator) -> Tensor:
    """Draws first centroids, each point with a chance that grows as its squared distance."""
    chosen = [_any(points, generator)]
    while len(chosen) < number:
        distances = squared_distances(points, torch.stack(chosen)).amin(dim=1)
        if float(distances.sum()) > 0:
            chosen.append(points[int(torch.multinomial(distances, 1, generator=generator))])
        else:  # every point has been chosen: the rest are duplicates
            chosen.append(_any(points, generator))
    return torch.stack(chosen)


def _any(points: Tensor, generator: torch.Generator) -> Tensor:
    return points[int(torch.randint(len(points), (), generator=generator))]


def squared_distances(points: Tensor, centroids: Tensor) -> Tensor:
    """Returns the squared Euclidean distance of each point to each centroid, (N, K).

    Args:
        points: (N, d).
        centroids: (K, d).
    """
    return (points[:, None] - centroids[None]).square().sum(dim=-1)
