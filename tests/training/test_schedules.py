"""Learning rates, at the steps where the specifications state them."""

from itertools import pairwise

import pytest

from irlib.training.schedules import promptir_rate, restormer_rate, warmup_cosine


def test_warmup_reaches_the_rate_and_the_cosine_its_floor():
    rates = [warmup_cosine(s, steps=100, rate=1.0, warmup=10, floor=0.01) for s in range(101)]
    assert 0 < rates[0] < rates[5] < 1
    assert rates[10] == 1.0
    assert rates[100] == pytest.approx(0.01)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_restormer_rate_at_the_stated_iterations():
    assert restormer_rate(0) == 3e-4
    assert restormer_rate(92_000 - 1) == 3e-4
    assert restormer_rate(300_000) == pytest.approx(1e-6)
    assert restormer_rate(196_000) == pytest.approx((3e-4 + 1e-6) / 2)


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [(0, 0.0), (1, 0.0), (2, 1.43e-5), (15, 2e-4), (16, 2e-4), (60, 1.52e-4), (90, 8.49e-5),
     (119, 2.65e-5)],
)  # fmt: skip
def test_promptir_rate_as_the_authors_code_ran_it(epoch, rate):
    assert promptir_rate(epoch, legacy_lag=True) == pytest.approx(rate, rel=5e-3)


def test_promptir_rate_as_intended_is_one_epoch_earlier():
    assert promptir_rate(14) == 2e-4
    assert promptir_rate(59) == promptir_rate(60, legacy_lag=True)
