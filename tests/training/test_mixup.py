"""Mixup: half of the batches, one share and one permutation for both images, the same each time."""

import torch

from irlib.training.mixup import mixed


def batch(size=6):
    target = torch.arange(size, dtype=torch.float32).view(size, 1, 1, 1).expand(size, 3, 4, 4)
    return target + 100, target


def test_input_and_target_are_mixed_alike():
    degraded, target = batch()
    mixes = 0
    for step in range(200):
        a, b = mixed(degraded, target, 1.2, 0, step, 0)
        assert torch.allclose(a - b, torch.full_like(a, 100.0))
        assert a.shape == degraded.shape
        # A permutation keeps the sum of the batch, whatever the share.
        assert torch.allclose(b.sum(), target.sum())
        mixes += not torch.equal(b, target)
    assert 75 < mixes < 125


def test_one_share_for_the_whole_batch_drawn_from_a_beta_distribution():
    shares = []
    target = torch.eye(64).view(64, 1, 64, 1)  # each sample is its own unit vector
    for step in range(400):
        result, _ = mixed(target, target, 1.2, step)
        rows = result.view(64, 64)
        own = rows.diagonal()[rows.diagonal() < 1]  # a sample may be mixed with itself
        if len(own):
            assert torch.allclose(own, own[0].expand_as(own))
            shares.append(float(own[0]))
    mean = sum(shares) / len(shares)
    spread = sum((share - mean) ** 2 for share in shares) / len(shares)
    assert abs(mean - 0.5) < 0.06
    # The variance of Beta(b, b) is 1 / (4 (2 b + 1)).
    assert abs(spread - 1 / (4 * 3.4)) < 0.015


def test_the_key_decides():
    degraded, target = batch()
    for step in range(20):
        torch.manual_seed(step)
        first = mixed(degraded, target, 1.2, 3, step, 1)
        assert all(map(torch.equal, first, mixed(degraded, target, 1.2, 3, step, 1)))
    different = [mixed(degraded, target, 1.2, 3, step, 1)[0] for step in range(20)]
    assert len({tuple(x[:, 0, 0, 0].tolist()) for x in different}) > 5


def test_a_batch_of_one_stays_as_it_is():
    degraded, target = batch(1)
    for step in range(20):
        a, b = mixed(degraded, target, 1.2, step)
        torch.testing.assert_close(a, degraded)
        torch.testing.assert_close(b, target)
