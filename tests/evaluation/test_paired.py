"""Paired comparisons: pairing helps, runs widen, and many questions need more certainty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.evaluation.paired import holm, paired_difference
from irlib.evaluation.spread import bootstrap_interval

RNG = np.random.default_rng(3)
HARDNESS = RNG.normal(28, 4, size=68)  # of the images, the same for every system


def system(gain: float, runs: int = 1, run_spread: float = 0.0, noise: float = 0.2):
    rng = np.random.default_rng(int(gain * 1000) + runs)
    own = rng.normal(0, noise, size=(runs, HARDNESS.size))
    return HARDNESS + gain + own + rng.normal(0, run_spread, size=(runs, 1))


def test_what_images_share_does_not_blur_the_difference():
    better, worse = system(0.3), system(0.1)
    found = paired_difference(better, worse)
    assert found.real
    assert found.low < 0.2 < found.high
    assert found.p < 0.01
    alone = [bootstrap_interval(values[0]) for values in (better, worse)]
    assert alone[0][0] < alone[1][1]  # the intervals of the two means overlap
    shuffled = RNG.permutation(worse[0])
    assert not paired_difference(better, shuffled).real


def test_a_constant_gain_is_certain_and_equal_systems_are_not_different():
    found = paired_difference(HARDNESS + 0.25, HARDNESS)
    assert (found.mean, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))
    same = paired_difference(HARDNESS, HARDNESS)
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert not same.real


@given(st.integers(0, 1000))
def test_the_order_of_images_and_of_systems_means_nothing_else(seed):
    one, other = system(0.2)[0], system(0.1)[0]
    turned = paired_difference(other, one, seed=seed)
    straight = paired_difference(one, other, seed=seed)
    assert (turned.mean, turned.low, turned.high) == pytest.approx(
        (-straight.mean, -straight.high, -straight.low)
    )
    assert turned.p == straight.p
    order = np.random.default_rng(seed).permutation(one.size)
    again = paired_difference(one[order], other[order], seed=seed)
    assert again.mean == pytest.approx(straight.mean)
    assert again.high - again.low == pytest.approx(straight.high - straight.low, rel=0.2)


def test_drawing_runs_again_widens_the_interval_where_runs_differ():
    one, other = system(0.2, runs=3, run_spread=0.4), system(0.0, runs=3, run_spread=0.4)
    fixed, drawn = (paired_difference(one, other, over_runs=flag) for flag in (False, True))
    assert drawn.mean == fixed.mean
    assert drawn.high - drawn.low > 2 * (fixed.high - fixed.low)
    single = paired_difference(one[0], other[0], over_runs=True)
    assert single == paired_difference(one[0], other[0])


def test_numbers_of_runs_may_differ_and_runs_are_averaged():
    one, other = system(0.2, runs=3), system(0.0)
    assert paired_difference(one, other) == paired_difference(one.mean(axis=0), other)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = 0
    for trial in range(200):
        gaps = rng.normal(0.1, 0.5, size=60)
        found = paired_difference(gaps, np.zeros(60), resamples=400, seed=trial)
        inside += found.low <= 0.1 <= found.high
    assert 0.90 <= inside / 200 <= 0.98


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "first has 2 images and second 3"),
        ([1.0], [1.0], r"first has shape \(1,\)"),
        ([1.0, 2.0], [1.0, float("inf")], "second has shape"),
        (np.zeros((2, 2, 2)), np.zeros((2, 2)), "first has shape"),
    ],
)
def test_what_cannot_be_paired_is_refused(first, second, words):
    with pytest.raises(UsageError, match=words):
        paired_difference(first, second)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lies_between_none_and_bonferroni(p_values):
    corrected = holm(p_values)
    for p, q in zip(p_values, corrected, strict=True):
        assert p <= q <= min(1.0, len(p_values) * p) or q == max(corrected)
        assert q <= 1
    ranked = sorted(range(len(p_values)), key=lambda index: p_values[index])
    assert [corrected[i] for i in ranked] == sorted(corrected)
