"""Chapter 17: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check
from irlib.foundation.sentences import PocketSentences, words_of


def right_pooled(states, mask):
    weights = mask[:, :, None].to(states.dtype)
    return F.normalize((states * weights).sum(dim=1) / weights.sum(dim=1), dim=-1)


def over_all(states, mask):
    return F.normalize(states.mean(dim=1), dim=-1)


def without_length(states, mask):
    weights = mask[:, :, None].to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


def first_token(states, mask):
    return F.normalize(states[:, 0], dim=-1)


def right_gated(x, e, weight, bias, scale, shift):
    gate = torch.sigmoid(e @ weight.t() + bias)
    return (x * scale[:, None, None] + shift[:, None, None]) * gate[:, :, None, None]


def with_softmax(x, e, weight, bias, scale, shift):
    gate = (e @ weight.t() + bias).softmax(dim=1)
    return (x * scale[:, None, None] + shift[:, None, None]) * gate[:, :, None, None]


def shift_outside(x, e, weight, bias, scale, shift):
    gate = torch.sigmoid(e @ weight.t() + bias)
    return x * scale[:, None, None] * gate[:, :, None, None] + shift[:, None, None]


def one_gate_for_all(x, e, weight, bias, scale, shift):
    return right_gated(x, e.mean(dim=0, keepdim=True).expand_as(e), weight, bias, scale, shift)


def residual_too(x, e, weight, bias, scale, shift):
    return x + right_gated(x, e, weight, bias, scale, shift)


def right_task(name, tasks):
    return tasks.get(name.strip().lower())


def substring(name, tasks):
    return next((task for known, task in tasks.items() if known in name), None)


def exact_only(name, tasks):
    return tasks.get(name)


def by_word(name, tasks):
    return next((tasks[word] for word in name.lower().split() if word in tasks), tasks.get(name))


def near_to_a_known_one(sentence, known):
    encoder = PocketSentences(1024)
    return bool((encoder.encode([sentence]) @ encoder.encode(known).T).max() > 0.25)


def with_a_known_word(sentence, known):
    words = {word for one in known for word in words_of(one)}
    return not words.isdisjoint(words_of(sentence))


def obedient(sentence, known):
    return True


def learned_by_heart(sentence, known):
    return sentence in known


def with_any_word(sentence, known):
    return not set(" ".join(known).split()).isdisjoint(sentence.split())


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch17.pooled", right_pooled),
        ("ch17.gated", right_gated),
        ("ch17.task_of", right_task),
        ("ch17.understands", near_to_a_known_one),
        ("ch17.understands", with_a_known_word),
    ],
)
def test_the_right_answer_passes(name, answer, capsys):
    assert check(name, answer)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("ch17.pooled", over_all, "mask is 0"),
        ("ch17.pooled", without_length, "its own length"),
        ("ch17.pooled", first_token, "number of tokens"),
        ("ch17.gated", with_softmax, "do not compete"),
        ("ch17.gated", shift_outside, "the shift neither"),
        ("ch17.gated", one_gate_for_all, "than in a batch"),
        ("ch17.gated", residual_too, "x times scale plus shift"),
        ("ch17.task_of", substring, "compare whole names"),
        ("ch17.task_of", exact_only, "upper case and spaces"),
        ("ch17.task_of", by_word, "compare whole names"),
        ("ch17.understands", obedient, "nothing in common"),
        ("ch17.understands", learned_by_heart, "other forms of words"),
        ("ch17.understands", with_any_word, "is not enough"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, hint, capsys):
    assert not check(name, answer)
    assert hint in capsys.readouterr().out
