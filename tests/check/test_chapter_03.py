"""Chapter 3: rules that find a fair mix of tasks, and rules that do not."""

from math import exp

import pytest

from irlib.check import check


def shared_out(weights):
    return {task: weight / sum(weights.values()) for task, weight in weights.items()}


def multiplicative(shares, regrets, step=0.3):
    return shared_out({task: shares[task] * exp(step * regrets[task]) for task in shares})


def small_moves(shares, regrets):
    mean = sum(regrets.values()) / len(regrets)
    moved = {task: max(0.01, shares[task] + 0.05 * (regrets[task] - mean)) for task in shares}
    return shared_out(moved)


def too_bold(shares, regrets):
    return multiplicative(shares, regrets, step=3.0)


def all_to_the_worst(shares, regrets, gain=9.0):
    worst = max(regrets.values())
    return shared_out({t: shares[t] * (1 + gain * (regrets[t] == worst)) for t in shares})


def to_the_easiest(shares, regrets):
    return multiplicative(shares, regrets, step=-0.3)


def forgets_the_shares(shares, regrets):
    return shared_out({task: max(regret, 1e-3) for task, regret in regrets.items()})


def not_normalised(shares, regrets):
    return {task: shares[task] * exp(regrets[task]) for task in shares}


@pytest.mark.parametrize("rule", [multiplicative, small_moves])
def test_the_right_answer_passes(rule, capsys):
    assert check("ch03.fair_mix", rule), capsys.readouterr().out
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (lambda shares, regrets: shares, "further behind gets more"),
        (to_the_easiest, "further behind gets more"),
        (not_normalised, "not to 1"),
        (forgets_the_shares, "the mix stays"),
        (too_bold, "1.7 dB is possible"),
        (all_to_the_worst, "1.7 dB is possible"),
        (lambda s, r: all_to_the_worst(s, r, gain=2.0), "smaller steps"),
        (lambda shares, regrets: None, "not a dictionary"),
    ],
)
def test_a_wrong_answer_is_told_why(rule, hint, capsys):
    assert not check("ch03.fair_mix", rule)
    assert hint in capsys.readouterr().out
