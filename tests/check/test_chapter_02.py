"""Chapter 2: the curve that makes noise even, right and wrong."""

import pytest
import torch

from irlib.check import check


def integral(levels, deviations):
    slope = 1 / deviations
    steps = (slope[1:] + slope[:-1]) / 2 * levels.diff()
    return torch.cat([torch.zeros(1), steps.cumsum(0)])


def square_root(levels, deviations):
    return levels.sqrt()


def divided(levels, deviations):
    return levels / deviations


def slope_upside_down(levels, deviations):
    return deviations.cumsum(0)


def unscaled(levels, deviations):
    return (1 / deviations).cumsum(0)


@pytest.mark.parametrize("answer", [integral, lambda x, d: (1 / d).cumsum(0) / 100 + 7])
def test_the_right_answer_passes(answer, capsys):
    assert check("ch02.even_noise", answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda levels, deviations: levels, "by its slope there"),
        (square_root, "the same noise everywhere: the largest"),
        (slope_upside_down, "by its slope there"),
        (lambda levels, deviations: 1 / deviations, "different levels become one"),
        (divided, "two gains: the curve has a step"),
        (unscaled, "not 1"),
        (lambda levels, deviations: 0.5, "not a tensor"),
    ],
)
def test_a_wrong_answer_is_told_why(answer, hint, capsys):
    assert not check("ch02.even_noise", answer)
    assert hint in " ".join(capsys.readouterr().out.split())
