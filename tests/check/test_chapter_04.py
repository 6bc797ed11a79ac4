"""Chapter 4: pixels for an attention table, well and badly chosen."""

import pytest
import torch

from irlib.check import check


def at_random(height, width, count):
    return torch.randperm(height * width)[:count]


def one_in_each_run(height, width, count):
    ends = torch.linspace(0, height * width, count + 1).long()
    return ends[:-1] + (torch.rand(count) * ends.diff()).long()


def with_repeats(height, width, count):
    return torch.randint(height * width, (count,))


def the_first(height, width, count):
    return torch.arange(count)


def a_square(height, width, count):
    if count == height * width:
        return torch.arange(count)
    side = int(count**0.5) + 1
    return (torch.arange(side)[:, None] * width + torch.arange(side)).flatten()[:count]


def a_grid(height, width, count):
    step = int((height * width / count) ** 0.5)
    rows, columns = torch.arange(0, height, step), torch.arange(0, width, step)
    return (rows[:, None] * width + columns).flatten()[:count]


def fewer(height, width, count):
    return at_random(height, width, count // 2)


@pytest.mark.parametrize("pick", [at_random, one_in_each_run])
def test_the_right_answer_passes(pick, capsys):
    assert check("ch04.few_pixels", pick), capsys.readouterr().out
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pick", "hint"),
    [
        (with_repeats, "different pixels"),
        (fewer, "Expected shape"),
        (the_first, "spread out"),
        (a_square, "spread out"),
        (a_grid, "in step with a pattern"),
        (lambda height, width, count: torch.arange(count) - 1, "the first pixel is 0"),
        (lambda height, width, count: torch.arange(count) * 1000, "the last pixel"),
    ],
)
def test_a_wrong_answer_is_told_why(pick, hint, capsys):
    assert not check("ch04.few_pixels", pick)
    assert hint in capsys.readouterr().out
