"""Chapter 16: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check


def stacked(image, highest):
    return torch.cat([image, highest, image.mean(dim=1, keepdim=True)], dim=1)


def right_prior(image, level):
    return F.avg_pool2d(stacked(image, image.amax(dim=1, keepdim=True)), 2 ** (level + 1))


def pooled_first(image, level):
    small = F.avg_pool2d(image, 2 ** (level + 1))
    return stacked(small, small.amax(dim=1, keepdim=True))


def dark_channel(image, level):
    return F.avg_pool2d(stacked(image, image.amin(dim=1, keepdim=True)), 2 ** (level + 1))


def one_level_off(image, level):
    return F.avg_pool2d(stacked(image, image.amax(dim=1, keepdim=True)), 2**level)


def right_gain(beta, project, size):
    beta = F.interpolate(beta, size, mode="bilinear", align_corners=False)
    return project.sum(dim=1)[:, None, None] * beta


def columns(beta, project, size):
    return right_gain(beta, project.T, size)


def corners(beta, project, size):
    beta = F.interpolate(beta, size, mode="bilinear", align_corners=True)
    return project.sum(dim=1)[:, None, None] * beta


def seven_masks(beta, project, size):
    return 7 * right_gain(beta, project, size)


def as_stored(beta, project, size):
    return project.sum(dim=1)[:, None, None] * beta


def fold(weight, bias, norm, eps=None, rows=False, shift=True):
    scale = norm.weight / (norm.running_var + (norm.eps if eps is None else eps)).sqrt()
    offset = norm.bias - scale * norm.running_mean
    folded = weight * (scale[:, None] if rows else scale)
    return folded, bias + weight @ offset if shift else bias


def right_fold(weight, bias, norm):
    return fold(weight, bias, norm)


def no_epsilon(weight, bias, norm):
    return fold(weight, bias, norm, eps=0.0)


def by_rows(weight, bias, norm):
    if weight.shape[0] != weight.shape[1]:
        return fold(weight, bias, norm)
    return fold(weight, bias, norm, rows=True)


def no_shift(weight, bias, norm):
    return fold(weight, bias, norm, shift=False)


def weight_only(weight, bias, norm):
    return fold(weight, bias, norm)[0]


def one_on_average(masks):
    return (1 + masks - masks.mean(dim=0)).contiguous()


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5))


def levels(count, channels, size):
    return one_on_average(drawn(count, channels, 1, 1).expand(-1, -1, size, size))


def leaning_levels(count, channels, size):
    level, down, across = drawn(3, count, channels, 1, 1)
    place = torch.linspace(-1, 1, size)
    return one_on_average(level + down * place[:, None] + across * place)


def ones(count, channels, size):
    return torch.ones(count, channels, size, size)


def as_irlib_draws_them(count, channels, size):
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(0))


def different_at_each_place(count, channels, size):
    return one_on_average(drawn(count, channels, size, size))


def one_level_a_mask(count, channels, size):
    return one_on_average(
        torch.linspace(0, 2, count).view(-1, 1, 1, 1).expand(-1, channels, size, size)
    )


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch16.prior", right_prior),
        ("ch16.gain", right_gain),
        ("ch16.fold", right_fold),
        ("ch16.masks", levels),
        ("ch16.masks", leaning_levels),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch16.prior", pooled_first, "over the channels first"),
        ("ch16.prior", dark_channel, "the maximum 0.9"),
        ("ch16.prior", one_level_off, "Expected shape"),
        ("ch16.gain", columns, "V[c, j]"),
        ("ch16.gain", corners, "align_corners=False"),
        ("ch16.gain", seven_masks, "the gain is beta"),
        ("ch16.gain", as_stored, "Expected shape"),
        ("ch16.fold", no_epsilon, "under the root"),
        ("ch16.fold", by_rows, "not a row"),
        ("ch16.fold", no_shift, "a bias of each output"),
        ("ch16.fold", weight_only, "not weight and bias"),
        ("ch16.masks", ones, "all masks are equal"),
        ("ch16.masks", as_irlib_draws_them, "then add 1"),
        ("ch16.masks", different_at_each_place, "half or less"),
        ("ch16.masks", one_level_a_mask, "a level of its own"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
