"""Exercises on shapes and attention: plausible wrong answers are told what they got wrong."""

import pytest

from irlib.check import check


def without_scale(query, key, value):
    return (query @ key.mT).softmax(dim=-1) @ value


def every_third(x, heads):
    return x.flatten(2).unflatten(1, (-1, heads)).transpose(1, 2).mT


WRONG = [
    ("per_image", lambda images, numbers: images * numbers, "must match the size"),
    ("per_image", lambda images, numbers: images * numbers.mean(), "by number b"),
    ("heads", every_third, "block of neighbouring channels"),
    ("heads", lambda x, h: x.flatten(2).unflatten(1, (h, -1)), "Expected shape"),
    ("attention", without_scale, "root of the number of channels"),
    ("cost", lambda h, w, c, n: (n * (h * w) ** 2, n * c**2), "(C/h) x (C/h)"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"appendix-shapes-and-attention.{name}", answer)
    assert hint in capsys.readouterr().out
