"""Exercises of chapter 21: plausible wrong answers are told what they got wrong."""

import math
from itertools import combinations, product

import pytest

from irlib.check import check


def full_against_without(rows, part):
    scores = dict(rows)
    full = max(scores, key=len)
    return scores[full] - scores[full - {part}]


def off_minus_on(rows, part):
    on = [score for parts, score in rows if part in parts]
    off = [score for parts, score in rows if part not in parts]
    return sum(off) / len(off) - sum(on) / len(on)


def whole_difference(rows, first, second):
    def effect(inside):
        chosen = [(p, s) for p, s in rows if (second in p) == inside]
        on = [s for p, s in chosen if first in p]
        off = [s for p, s in chosen if first not in p]
        return sum(on) / len(on) - sum(off) / len(off)

    return effect(True) - effect(False)


def beside_nothing_else(rows, first, second):
    scores = dict(rows)
    alone = [scores[frozenset(p)] for p in ((), (first,), (second,), (first, second))]
    return (alone[3] - alone[2] - alone[1] + alone[0]) / 2


def each_column_alone(design):
    columns = list(zip(*design, strict=True))
    return all(len({c.count(level) for level in c}) == 1 for c in columns)


def all_pairs_occur(design):
    columns = list(zip(*design, strict=True))
    return all(
        len(set(zip(a, b, strict=True))) == len(set(a)) * len(set(b))
        for a, b in combinations(columns, 2)
    )


def one_sided_run(deviation, difference):
    return max(1, math.ceil((1.96 * deviation / difference) ** 2))


def rounded(deviation, difference):
    return round(2 * (1.96 * deviation / difference) ** 2)


def one_after_another(pairs):
    rows = [tuple(int(part < on) for part in range(5)) for on in range(6)]
    return [*rows, (1, 0, 1, 0, 1), (0, 1, 0, 1, 0)]


def always_the_same_fraction(pairs):
    return [(a, b, c, a ^ b, a ^ c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]


def all_combinations(pairs):
    return list(product((0, 1), repeat=5))


WRONG = [
    ("design", one_after_another, "rows tell only"),
    ("design", always_the_same_fraction, "repeats another column"),
    ("design", all_combinations, "expected eight rows"),
    ("effect", full_against_without, "Two rows"),
    ("effect", off_minus_on, "Part a adds 0.3"),
    ("interaction", whole_difference, "half of the difference"),
    ("interaction", beside_nothing_else, "Average over b"),
    ("balanced", each_column_alone, "0 never meets 1"),
    ("balanced", all_pairs_occur, "one of them twice"),
    ("seeds", one_sided_run, "root of 2 / n"),
    ("seeds", rounded, "needed"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"ch21.{name}", answer)
    assert hint in capsys.readouterr().out
