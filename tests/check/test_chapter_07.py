"""Chapter 7: a right answer passes, and each plausible wrong one is told what it got wrong."""

import hashlib

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check


def folded(text, order="big", first=8):
    return int.from_bytes(hashlib.sha1(text.encode()).digest()[:first], order) % 2


def right_fold(task, path):
    return folded(f"{task}|{path}")


def without_the_task(task, path):
    return folded(path)


def little_end(task, path):
    return folded(f"{task}|{path}", "little")


def by_length(task, path):
    return len(path) % 2


def right_loss(features, text, scale):
    tiers = torch.arange(len(text)).repeat(len(features))
    return F.cross_entropy(scale * features.flatten(0, 1) @ text.T, tiers)


def wrong_labels(features, text, scale):
    tiers = torch.arange(len(text)).repeat_interleave(len(features))
    return F.cross_entropy(scale * features.flatten(0, 1) @ text.T, tiers)


def without_scale(features, text, scale):
    return right_loss(features, text, 20.0)


def summed(features, text, scale):
    return right_loss(features, text, scale) * len(features)


def right_share(logits):
    expected = logits.softmax(-1) @ torch.arange(float(logits.shape[-1]))
    return (expected.diff(dim=1) > 0).all(dim=1).float().mean()


def most_probable(logits):
    return (logits.argmax(-1).diff(dim=1) > 0).all(dim=1).float().mean()


def not_strict(logits):
    expected = logits.softmax(-1) @ torch.arange(float(logits.shape[-1]))
    return (expected.diff(dim=1) >= 0).all(dim=1).float().mean()


def fooled(judge, image, budget, steps=10, bound=True, uphill=1, picture=True):
    found = image.clone()
    for _ in range(steps):
        found.requires_grad_()
        (slope,) = torch.autograd.grad(judge(found).sum(), found)
        found = found.detach() + uphill * budget / min(steps, 4) * slope.sign()
        if bound:
            found = torch.minimum(torch.maximum(found, image - budget), image + budget)
        found = found.clamp(0, 1) if picture else found
    return found


def unbound(judge, image, budget):
    return fooled(judge, image, budget, bound=False)


def one_step(judge, image, budget):
    return fooled(judge, image, budget, steps=1)


def downhill(judge, image, budget):
    return fooled(judge, image, budget, uphill=-1)


def beyond_white(judge, image, budget):
    return fooled(judge, image, budget, picture=False)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch07.fold", right_fold),
        ("ch07.loss", right_loss),
        ("ch07.ordered", right_share),
        ("ch07.fool", fooled),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert check(name, answer)


@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [
        ("ch07.fold", without_the_task, "task|path"),
        ("ch07.fold", little_end, "big end first"),
        ("ch07.fold", by_length, "expected half"),
        ("ch07.loss", wrong_labels, "scene after scene"),
        ("ch07.loss", without_scale, "before the softmax"),
        ("ch07.loss", summed, "ln 3"),
        ("ch07.ordered", most_probable, "the expected one rises"),
        ("ch07.ordered", not_strict, "strict"),
        ("ch07.fool", unbound, "plus and minus the budget"),
        ("ch07.fool", one_step, "One step is not enough"),
        ("ch07.fool", downhill, "go uphill"),
        ("ch07.fool", beyond_white, "expected 0 to 1"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, told, capsys):
    assert not check(name, answer)
    printed = capsys.readouterr().out
    assert told in printed
