"""The verdict on one picture: probabilities, a tier, five cuts."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.perceiver import PromptSet, score_image
from irlib.perceiver.scoring import TierScore, five_cuts


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


@pytest.mark.parametrize("size", [(50, 70), (32, 32), (1, 1), (20, 90)])
def test_five_cuts_of_any_picture(size):
    image = torch.rand(3, *size)
    cuts = five_cuts(image, 32)
    assert cuts.shape == (5, 3, 32, 32)
    if size == (50, 70):
        assert torch.equal(cuts[0], image[:, :32, :32])
        assert torch.equal(cuts[3], image[:, -32:, -32:])
        assert torch.equal(cuts[4], image[:, 9:41, 19:51])


def test_another_clip_is_refused(clip, other_clip):
    with pytest.raises(UsageError, match="another"):
        score_image(other_clip, PromptSet(clip), torch.rand(3, 40, 40))
