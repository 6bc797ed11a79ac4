"""The verdict on one picture: probabilities, a tier, cuts all over it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.perceiver import PromptSet, score_image
from irlib.perceiver.scoring import TierScore, spread_cuts


def test_probabilities_and_tier(clip):
    image = torch.rand(3, 50, 70, generator=torch.Generator().manual_seed(0))
    verdict = score_image(clip, PromptSet(clip), image)
    assert sum(verdict.probabilities) == pytest.approx(1, abs=1e-5)
    assert verdict.tier in ("terrible", "mediocre", "excellent")
    assert 0 <= verdict.quality <= 1
    expected = (verdict.probabilities[1] + 2 * verdict.probabilities[2]) / 2
    assert verdict.quality == pytest.approx(expected, abs=1e-5)


def test_the_most_probable_tier_is_named():
    assert TierScore(("bad", "good"), (0.2, 0.8), 0.8).tier == "good"
    assert TierScore(("bad", "good"), (0.7, 0.3), 0.3).tier == "bad"


@pytest.mark.parametrize(
    ("size", "count"),
    [((50, 70), 6), ((32, 32), 1), ((1, 1), 1), ((20, 90), 4), ((40, 40), 4), ((900, 500), 16)],
)
def test_cuts_are_spread_from_edge_to_edge(size, count):
    image = torch.rand(3, *size)
    cuts = spread_cuts(image, 32)
    assert cuts.shape == (count, 3, 32, 32)
    if min(size) >= 32:
        assert torch.equal(cuts[0], image[:, :32, :32])
        assert torch.equal(cuts[-1], image[:, -32:, -32:])


@given(st.integers(32, 128), st.integers(32, 128))
def test_up_to_four_squares_a_side_leave_nothing_out(height, width):
    places = torch.arange(height * width).float().view(1, height, width).expand(3, -1, -1)
    seen = set(spread_cuts(places, 32)[:, 0].flatten().tolist())
    assert len(seen) == height * width


def test_another_clip_is_refused(clip, other_clip):
    with pytest.raises(UsageError, match="another"):
        score_image(other_clip, PromptSet(clip), torch.rand(3, 40, 40))
