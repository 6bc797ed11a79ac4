"""Exercises of chapter 20: plausible wrong answers are told what they got wrong."""

import numpy as np
import pytest

from irlib.check import check


def rounds_exactly(columns, printed, digits):
    return round(sum(columns) / len(columns), digits) == printed


def one_tolerance(columns, printed, digits):
    return abs(sum(columns) / len(columns) - printed) <= 0.01


def generous(columns, printed, digits):
    return abs(sum(columns) / len(columns) - printed) <= 5 * 10**-digits


def mean_of_columns(scores, counts):
    return sum(scores.values()) / len(scores)


def by_place(scores, counts):
    weights = list(counts.values())[: len(scores)]
    return sum(s * n for s, n in zip(scores.values(), weights, strict=True)) / sum(weights)


def all_images(scores, counts):
    return sum(scores[name] * counts[name] for name in scores) / sum(counts.values())


def mean_deviation(scores):
    return scores.std(axis=1, ddof=1).mean()


def too_few(scores):
    left = scores - scores.mean(1, keepdims=True) - scores.mean(0, keepdims=True) + scores.mean()
    return np.sqrt((left**2).mean())


def seeds_only(scores):
    left = scores - scores.mean(0, keepdims=True)
    return np.sqrt((left**2).sum() / 6)


def sign_only(printed, measured, margin):
    if measured is None:
        return "not run"
    return "same sign" if printed * measured > 0 else "not reproduced"


def sign_first(printed, measured, margin):
    if measured is None:
        return "not run"
    if printed * measured <= 0:
        return "not reproduced"
    return "same sign" if abs(measured) > (margin or 0) else "inside the noise"


def gains_only(printed, measured, margin):
    if measured is None:
        return "not run"
    if margin is None or abs(measured) <= margin:
        return "inside the noise"
    return "same sign" if measured > 0 else "not reproduced"


def after_every_seed(differences):
    if len(differences) < 2:
        return False
    error = np.std(differences, ddof=1) / len(differences) ** 0.5
    return abs(np.mean(differences)) > 2.2 * error


def only_at_the_end(differences):
    if len(differences) < 12:
        return False
    return abs(np.mean(differences)) > 2.2 * np.std(differences, ddof=1) / 12**0.5


def once_and_early(differences):
    if len(differences) != 4:
        return False
    return abs(np.mean(differences)) > 3.18 * np.std(differences, ddof=1) / 2


WRONG = [
    ("claim_now", after_every_seed, "Every look is another chance"),
    ("claim_now", only_at_the_end, "Look before the end as well"),
    ("claim_now", once_and_early, "before giving up"),
    ("follows", rounds_exactly, "a whole unit of the last digit"),
    ("follows", one_tolerance, "near for dB is far for SSIM"),
    ("follows", generous, "no rounding makes that|far for SSIM"),
    ("over_images", mean_of_columns, "nine tenths of the weight"),
    ("over_images", by_place, "nine tenths of the weight"),
    ("over_images", all_images, "in neither sum"),
    ("noise", mean_deviation, "nothing is left"),
    ("noise", too_few, "degrees of freedom"),
    ("noise", seeds_only, "nothing is left"),
    ("status", sign_only, "Ask for the noise first"),
    ("status", sign_first, "Ask for the noise first"),
    ("status", gains_only, "Two losses have one sign too"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"ch20.{name}", answer)
    out = capsys.readouterr().out
    assert any(words in out for words in hint.split("|")), out
