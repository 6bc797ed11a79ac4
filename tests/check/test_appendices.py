"""Exercises of the appendices: plausible wrong answers are told what they got wrong."""

import pytest
import torch
import torch.nn.functional as F

from irlib.check import check


def one_direction(logits, true):
    target = true / true.sum(dim=1, keepdim=True)
    return F.kl_div(logits.log_softmax(dim=1), target, reduction="batchmean")


def with_entropy(logits, true):
    rows = -(true / true.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1).mean()
    columns = -(true / true.sum(0, keepdim=True) * logits.log_softmax(0)).sum(0).mean()
    return (rows + columns) / 2


def by_sum(pictures, sentences):
    return (pictures @ torch.stack([s.sum(dim=0) for s in sentences]).T).argmax(dim=1)


def by_best(pictures, sentences):
    return torch.stack([(pictures @ s.T).amax(dim=1) for s in sentences], dim=1).argmax(dim=1)


def unit_picture(a, b):
    a, b = (x / x.flatten(1).norm(dim=1)[:, None, None, None] for x in (a, b))
    return (a - b).square().sum(dim=1).mean(dim=(1, 2))


def without_limit(a, b):
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    return (a - b).square().sum(dim=1).mean(dim=(1, 2))


def sharpened_first(answers, centre, temperature):
    return (answers / temperature - centre).softmax(dim=-1).detach()


def with_gradient(answers, centre, temperature):
    return ((answers - centre) / temperature).softmax(dim=-1)


def not_finite(p):
    mean = p.mean(dim=0)
    return (-(mean * mean.log()).sum() + (p * p.log()).sum(dim=-1).mean()).item()


WRONG = [
    ("clip.true_pairs", one_direction, "along rows and along columns"),
    ("clip.true_pairs", with_entropy, "take off the target's own entropy"),
    ("clip.names", by_sum, "must not gain by their number"),
    ("clip.names", by_best, "Their means decide"),
    ("vgg.directions", unit_picture, "Opposite directions"),
    ("vgg.directions", without_limit, "stays zero"),
    ("vgg.order", lambda d: (d.diff(dim=1) >= 0).all(1).float().mean().item(), "not in order"),
    ("vgg.order", lambda d: (d.diff(dim=1) > 0).float().mean().item(), "medium is farther"),
    ("dino.target", sharpened_first, "the same share"),
    ("dino.target", with_gradient, "carries a gradient"),
    ("dino.told", not_finite, "0 log 0 counts as 0"),
    ("dino.told", lambda p: torch.special.entr(p.mean(0)).sum().item(), "same answer"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(f"appendix-pocket-{name}", answer)
    assert hint in capsys.readouterr().out
