"""Exercises of chapter 18: plausible wrong answers are told what they got wrong."""

import numpy as np
import pytest

from irlib.check import check


def unpaired(first, second, drawn):
    other = np.roll(drawn, 1, axis=0)
    means = first[drawn].mean(axis=1) - second[other].mean(axis=1)
    return np.quantile(means, 0.05), np.quantile(means, 0.95)


def too_wide(first, second, drawn):
    means = (first - second)[drawn].mean(axis=1)
    return means.min(), means.max()


def absolute(first, second, drawn):
    means = abs((first - second)[drawn].mean(axis=1))
    return np.quantile(means, 0.05), np.quantile(means, 0.95)


def bonferroni(p_values, alpha):
    return sum(p <= alpha / len(p_values) for p in p_values)


def never_stops(p_values, alpha):
    count = len(p_values)
    return sum(p <= alpha / (count - i) for i, p in enumerate(sorted(p_values)))


def quality_only(systems):
    best = max(q for q, _ in systems.values())
    return sorted(n for n, (q, _) in systems.items() if q == best)


def beaten_by_twins(systems):
    return sorted(
        n
        for n, (q, c) in systems.items()
        if not any(r != n and systems[r][0] >= q and systems[r][1] <= c for r in systems)
    )


def strict_in_both(systems):
    return sorted(
        n
        for n, (q, c) in systems.items()
        if not any(other > q and cost < c for other, cost in systems.values())
    )


def settled(limit):
    def rule(gaps):
        return abs(gaps.mean()) > limit * gaps.std(ddof=1) / len(gaps) ** 0.5

    return rule


def strict_at_first(gaps):
    return settled(2.2 * (100 / len(gaps)) ** 0.5)(gaps)


def to_one_side(gaps):
    return gaps.mean() > 2.8 * gaps.std(ddof=1) / len(gaps) ** 0.5


def in_the_end_only(gaps):
    return len(gaps) >= 100 and settled(2.1)(gaps)


@pytest.mark.parametrize("rule", [settled(2.8), settled(3), strict_at_first])
def test_several_designs_may_look_often(rule, capsys):
    assert check("ch18.settled", rule), capsys.readouterr().out


WRONG = [
    ("interval", unpaired, "Take the differences first"),
    ("interval", too_wide, "the middle 90 should"),
    ("interval", absolute, "the middle 90 should"),
    ("holm", bonferroni, "two questions left"),
    ("holm", never_stops, "after a failure is not asked"),
    ("front", quality_only, "both stay"),
    ("front", beaten_by_twins, "Two equal systems"),
    ("front", strict_in_both, "At the same cost"),
    ("settled", settled(1.96), "ten chances to err"),
    ("settled", settled(5), "too strict"),
    ("settled", to_one_side, "one side only"),
    ("settled", in_the_end_only, "said early"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"ch18.{name}", answer)
    assert hint in capsys.readouterr().out
