"""The four losses add up with the paper's weights."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.losses import LossWeights

ONES = dict.fromkeys(("rec", "cl", "clip", "dpl"), torch.ones(()))


def test_the_weights_of_the_paper():
    assert float(LossWeights().total(**ONES)) == pytest.approx(1 + 0.1 + 0.05 + 0.1)


def test_a_loss_can_be_left_out():
    without = LossWeights().without("clip", "dpl")
    assert float(without.total(**ONES)) == pytest.approx(1.1)
    assert float(LossWeights().total(rec=torch.tensor(2.0))) == 2
    broken = ONES | {"dpl": torch.tensor(torch.nan)}
    assert torch.isfinite(without.total(**broken)), "what weighs nothing is not even added"


def test_wrong_names_are_told():
    with pytest.raises(UsageError, match="did you mean 'clip'"):
        LossWeights().without("clib")
    with pytest.raises(UsageError, match="did you mean 'rec'"):
        LossWeights().total(recc=torch.ones(()))
    with pytest.raises(UsageError, match="every loss was left out"):
        LossWeights().without("rec", "cl", "clip", "dpl")
    with pytest.raises(UsageError, match="no loss with a weight"):
        LossWeights().without("cl").total(cl=torch.ones(()))
