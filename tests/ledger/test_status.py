"""Statuses: decided from numbers, never kinder than the seeds allow."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.ledger.status import MEANINGS, TOLERANCES, Noise, seed_noise, verdict

SCORE = st.floats(10, 40)
SEEDS = st.dictionaries(st.integers(0, 4), SCORE, min_size=1, max_size=4)
QUIET = Noise(0.01, 20)


def status(ours, reference, **others):
    facts = {"paper": 37.76, "paper_reference": 37.15, "metric": "psnr", "noise": QUIET} | others
    return verdict(ours, reference=reference, **facts).status


@pytest.mark.parametrize(
    ("ours", "reference", "expected"),
    [
        ({}, {0: 25.0}, "not run"),
        ({0: 25.0}, {}, "not run"),
        ({0: 25.0}, {1: 25.0}, "not run"),
        ({0: 25.0, 1: 25.1}, None, "reference"),
        ({0: 25.5, 1: 25.5}, {0: 25.0, 1: 25.0}, "same sign"),
        ({0: 24.5, 1: 24.5}, {0: 25.0, 1: 25.0}, "not reproduced"),
        ({0: 25.01, 1: 25.0}, {0: 25.0, 1: 25.0}, "inside the noise"),
    ],
)
def test_each_status_at_pocket_scale(ours, reference, expected):
    assert status(ours, reference, scale="pocket") == expected


def test_without_a_second_seed_anywhere_nothing_is_claimed():
    assert status({0: 30.0}, {0: 20.0}, noise=None) == "inside the noise"


def test_a_difference_printed_as_zero_is_not_reproduced_by_a_large_one():
    assert status({0: 30.0}, {0: 20.0}, paper=37.15) == "not reproduced"


def test_a_value_is_reproduced_at_scale_paper_within_the_tolerance_and_not_outside():
    tolerance = TOLERANCES["psnr"]
    for reference in (None, {}, {0: 37.2}):
        assert status({0: 37.76 + tolerance}, reference, scale="paper") == "reproduced"
    assert status({0: 37.77 + tolerance}, None, scale="paper") == "not reproduced"
    assert status({0: 37.76}, None, scale="paper", complete=False) == "reference"


@given(SEEDS, st.none() | SEEDS, SCORE, SCORE, st.sampled_from(["smoke", "pocket", None]))
def test_only_scale_paper_can_reproduce_a_value(ours, reference, paper, other, scale):
    ours = dict.fromkeys(ours, paper)
    facts = {"paper": paper, "paper_reference": other, "scale": scale}
    assert status(ours, reference, **facts) != "reproduced"


@given(SEEDS, SEEDS, SCORE, SCORE)
def test_turning_both_tables_round_changes_no_status(ours, reference, paper, other):
    assume(set(ours) & set(reference))
    there = status(ours, reference, paper=paper, paper_reference=other)
    back = status(reference, ours, paper=other, paper_reference=paper)
    assert there == back
    assert there in MEANINGS


def test_a_cell_beside_which_nothing_is_printed_is_no_comparison():
    assert status({0: 25.0}, {0: 20.0}, paper=None) == "reference"


def test_a_metric_without_a_tolerance_is_refused():
    with pytest.raises(UsageError, match="tolerance"):
        status({0: 1.0}, None, metric="niqe")


def test_the_noise_is_what_is_left_after_rows_and_seeds():
    # Rows and seeds add up exactly: no noise, whatever they are.
    exact = {row: {seed: 20 + gain + 3 * seed for seed in range(3)} for row, gain in ROWS.items()}
    assert seed_noise(exact).deviation == pytest.approx(0, abs=1e-9)
    assert seed_noise(exact).freedom == (len(ROWS) - 1) * 2


def test_the_noise_of_two_rows_is_that_of_their_paired_differences():
    column = {"a": {0: 25.0, 1: 25.4, 2: 25.9}, "b": {0: 25.3, 1: 25.2, 2: 26.5}}
    differences = [column["b"][seed] - column["a"][seed] for seed in range(3)]
    noise = seed_noise(column)
    assert noise.freedom == 2
    assert noise.deviation == pytest.approx(np.std(differences, ddof=1) / math.sqrt(2))
    # The margin is that of the paired t-test; 4.3027 is Student's 97.5 % point for two degrees.
    half = 4.3027 * np.std(differences, ddof=1) / math.sqrt(3)
    assert noise.margin(3) == pytest.approx(half, rel=1e-4)


@pytest.mark.parametrize(
    "column", [{}, {"a": {0: 25.0}, "b": {0: 26.0}}, {"a": {0: 25.0}, "b": {1: 26.0}}]
)
def test_one_seed_tells_no_noise(column):
    assert seed_noise(column) is None


def test_an_infinite_score_tells_no_noise():
    assert seed_noise({"a": {0: math.inf, 1: math.inf}}) is None


def test_the_noise_that_was_put_in_is_found():
    rng = np.random.default_rng(0)
    column = {
        str(row): {seed: 25 + row + seed + 0.1 * rng.standard_normal() for seed in range(3)}
        for row in range(100)
    }
    del column["7"][2]
    assert seed_noise(column).deviation == pytest.approx(0.1, rel=0.1)


ROWS = {"a": 0.0, "b": 0.5, "c": -1.0, "d": 2.0}
