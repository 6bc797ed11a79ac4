"""The bootstrap interval of a mean."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irlib.evaluation.spread import bootstrap_interval, spread_of


@given(st.lists(st.floats(0, 60), min_size=2, max_size=30))
def test_the_interval_lies_inside_the_values_and_is_repeatable(values):
    low, high = bootstrap_interval(values)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert (low, high) == bootstrap_interval(values)


def test_the_interval_of_normal_values_has_the_known_width():
    values = np.random.default_rng(0).normal(30, 2, 400)
    low, high = bootstrap_interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


@pytest.mark.parametrize("values", [[], [30.0], [30.0, math.inf]])
def test_no_interval_where_it_means_nothing(values):
    assert bootstrap_interval(values) is None
    assert spread_of([{"psnr": v} for v in values], ["psnr"]) == {}
