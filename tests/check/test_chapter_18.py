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


WRONG = [
    ("interval", unpaired, "Take the differences first"),
    ("interval", too_wide, "the middle 90 should"),
    ("interval", absolute, "the middle 90 should"),
    ("holm", bonferroni, "two questions left"),
    ("holm", never_stops, "after a failure is not asked"),
    ("front", quality_only, "both stay"),
    ("front", beaten_by_twins, "Two equal systems"),
    ("front", strict_in_both, "At the same cost"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"ch18.{name}", answer)
    assert hint in capsys.readouterr().out
