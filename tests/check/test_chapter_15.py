"""Chapter 15: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch

from irlib.check import check


def right_shuffle(features, scores):
    order = scores.argsort(dim=1, descending=True)
    return features.gather(1, order[:, :, None, None].expand_as(features))


def upwards(features, scores):
    return right_shuffle(features, -scores)


def inverse(features, scores):
    ranks = scores.argsort(dim=1, descending=True).argsort(dim=1)
    return features.gather(1, ranks[:, :, None, None].expand_as(features))


def first_order_for_all(features, scores):
    return features[:, scores[0].argsort(descending=True)]


def right_compose(widen, widen_bias, narrow, narrow_bias, order):
    return narrow @ widen[order], narrow @ widen_bias[order] + narrow_bias


def unmoved_bias(widen, widen_bias, narrow, narrow_bias, order):
    return narrow @ widen[order], narrow @ widen_bias + narrow_bias


def lost_bias(widen, widen_bias, narrow, narrow_bias, order):
    return narrow @ widen[order], narrow_bias


def moved_columns(widen, widen_bias, narrow, narrow_bias, order):
    return narrow[:, order] @ widen, narrow[:, order] @ widen_bias + narrow_bias


def matrix_only(widen, widen_bias, narrow, narrow_bias, order):
    return narrow @ widen[order]


def masked_to(value, logits, kept):
    weakest = logits.topk(logits.shape[-1] - kept, dim=-1, largest=False).indices
    return logits.scatter(-1, weakest, value)


def right_mask(logits, kept):
    return masked_to(-torch.inf, logits, kept).softmax(dim=-1)


def after_the_softmax(logits, kept):
    weakest = logits.topk(logits.shape[-1] - kept, dim=-1, largest=False).indices
    return logits.softmax(dim=-1).scatter(-1, weakest, 0.0)


def zero_logits(logits, kept):
    return masked_to(0.0, logits, kept).softmax(dim=-1)


def the_strongest_go(logits, kept):
    strongest = logits.topk(logits.shape[-1] - kept, dim=-1).indices
    return logits.scatter(-1, strongest, -torch.inf).softmax(dim=-1)


def right_soft(scores, temperature):
    distances = (scores.sort(descending=True).values[:, None] - scores).abs()
    return (-distances / temperature).softmax(dim=1)


def straight_through(scores, temperature):
    soft = right_soft(scores, temperature)
    return torch.eye(len(scores))[scores.argsort(descending=True)] + soft - soft.detach()


def neural_sort(scores, temperature):
    count = len(scores)
    places = count - 1 - 2 * torch.arange(count)
    apart = (scores[:, None] - scores).abs().sum(dim=1)
    return ((places[:, None] * scores - apart) / temperature).softmax(dim=1)


def plain_order(scores, temperature):
    return torch.eye(len(scores))[scores.argsort(descending=True)]


def gate(scores, temperature):
    return plain_order(scores, temperature) * scores.sigmoid()


def coldness_forgotten(scores, temperature):
    return right_soft(scores, 1.0)


def rising(scores, temperature):
    return right_soft(-scores, temperature)


def a_gradient_without_a_direction(scores, temperature):
    shares = scores.softmax(dim=0)
    return plain_order(scores, temperature) + shares - shares.detach()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch15.shuffle", right_shuffle),
        ("ch15.compose", right_compose),
        ("ch15.mask", right_mask),
        ("ch15.soft", right_soft),
        ("ch15.soft", straight_through),
        ("ch15.soft", neural_sort),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch15.shuffle", upwards, "highest score comes first"),
        ("ch15.shuffle", inverse, "inverse order"),
        ("ch15.shuffle", first_order_for_all, "otherwise than alone"),
        ("ch15.compose", matrix_only, "a matrix and a bias"),
        ("ch15.compose", moved_columns, "index its rows"),
        ("ch15.compose", lost_bias, "passes the second one too"),
        ("ch15.compose", unmoved_bias, "brings its bias along"),
        ("ch15.mask", after_the_softmax, "Mask the logits first"),
        ("ch15.mask", zero_logits, "entries above zero"),
        ("ch15.mask", the_strongest_go, "the largest"),
        ("ch15.soft", plain_order, "no gradient: let shares depend"),
        ("ch15.soft", gate, "sum to 1"),
        ("ch15.soft", coldness_forgotten, "At temperature 0.001"),
        ("ch15.soft", rising, "j-th largest score"),
        ("ch15.soft", a_gradient_without_a_direction, "should change places"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
