"""K-means recovers separated blobs, repeats itself, and survives duplicates."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.nn.k_means import k_means, squared_distances


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(5))
def test_property_11_three_separated_blobs_are_recovered(seed):
    means = 10 * torch.eye(3, 8) + 5
    points = torch.cat([mean + 0.1 * torch.randn(80, 8, generator=seeded(9)) for mean in means])
    found = k_means(points[torch.randperm(240, generator=seeded(4))], 3, seeded(seed))
    distances, matched = squared_distances(means, found.centroids).sqrt().min(dim=1)
    assert sorted(matched.tolist()) == [0, 1, 2]
    assert (distances < 0.01 * means.norm(dim=1)).all()


def test_property_11_duplicates_leave_no_empty_cluster_behind():
    points = torch.tensor([[0.0, 0.0]] * 5 + [[1.0, 1.0]] * 5)
    found = k_means(points, 4, seeded())
    assert found.centroids.isfinite().all()
    assert found.inertia == 0
    on_a_point = squared_distances(found.centroids, points).amin(dim=1)
    assert (on_a_point == 0).all(), "an empty cluster starts again at a point"


def test_the_same_generator_gives_the_same_centroids():
    points = torch.randn(60, 4, generator=seeded(1))
    first, second = (k_means(points, 5, seeded(2)) for _ in range(2))
    assert torch.equal(first.centroids, second.centroids)
    assert first.inertia == second.inertia


def test_centroids_are_means_and_nearest_is_nearest():
    points = torch.randn(200, 3, generator=seeded(1))
    found = k_means(points, 4, seeded(0), iterations=100)
    distances = squared_distances(points, found.centroids)
    assert torch.equal(distances.argmin(dim=1), found.nearest)
    assert float(distances.amin(dim=1).sum()) == pytest.approx(found.inertia, rel=1e-5)
    for index, centroid in enumerate(found.centroids):
        torch.testing.assert_close(points[found.nearest == index].mean(dim=0), centroid)


def test_more_restarts_are_never_worse():
    points = torch.randn(100, 2, generator=seeded(3))
    one = k_means(points, 6, seeded(0), restarts=1)
    assert k_means(points, 6, seeded(0), restarts=5).inertia <= one.inertia


@pytest.mark.parametrize("number", [0, 4])
def test_too_few_points_are_refused(number):
    with pytest.raises(UsageError, match="among 3 points"):
        k_means(torch.randn(3, 2), number, seeded())
