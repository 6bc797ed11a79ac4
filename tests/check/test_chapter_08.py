"""Chapter 8: a right answer passes, and each plausible wrong one is told what it got wrong."""

import pytest
import torch
from torch.nn import functional as F

from irlib.check import check


def right_negatives(labels, single_task=False):
    if single_task:
        return ~torch.eye(len(labels), dtype=torch.bool)
    return labels[:, None] != labels[None, :]


def all_others(labels, single_task=False):
    return ~torch.eye(len(labels), dtype=torch.bool)


def tasks_always(labels, single_task=False):
    return labels[:, None] != labels[None, :]


def terms(code, positive, negatives, temperature, masked=float("-inf"), still=True, unit=True):
    z, plus = (F.normalize(c, dim=1) if unit else c for c in (code, positive))
    own = (z * plus).sum(dim=1) / temperature
    others = z @ (z.detach() if still else z).T / temperature
    others = others.masked_fill(~negatives, masked)
    return torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own


def masked_by_zero(*given):
    return terms(*given, masked=0.0)


def moving_negatives(*given):
    return terms(*given, still=False)


def products(*given):
    return terms(*given, unit=False)


def right_reading(known, labels, codes, k):
    cosines = F.normalize(codes, dim=1) @ F.normalize(known, dim=1).T
    return labels[cosines.topk(k).indices].mode(dim=1).values


def by_distance(known, labels, codes, k):
    nearest = torch.cdist(codes, known).topk(k, largest=False).indices
    return labels[nearest].mode(dim=1).values


def the_nearest_only(known, labels, codes, k):
    return right_reading(known, labels, codes, 1)


def agreement(scene, task):
    return scene[:, None] == scene, task[:, None] == task


def right_relations(scene, task):
    one_scene, one_task = agreement(scene, task)
    return one_task & ~one_scene, ~one_task


def as_the_field_can(scene, task):
    one_scene, one_task = agreement(scene, task)
    itself = torch.eye(len(scene), dtype=torch.bool)
    return one_scene & one_task & ~itself, ~one_scene & ~one_task


def twins(scene, task):
    one_scene, one_task = agreement(scene, task)
    return one_scene & one_task & ~torch.eye(len(scene), dtype=torch.bool), ~one_task


def everybody(scene, task):
    one_task = agreement(scene, task)[1]
    return one_task, ~one_task


def overlapping(scene, task):
    one_scene, one_task = agreement(scene, task)
    return one_task & ~one_scene, ~one_scene


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ch08.negatives", right_negatives),
        ("ch08.contrast", terms),
        ("ch08.neighbours", right_reading),
        ("ch08.relations", right_relations),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert check(name, answer)


@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [
        ("ch08.negatives", all_others, "of one task"),
        ("ch08.negatives", tasks_always, "6 × 5"),
        ("ch08.contrast", masked_by_zero, "exp(-inf)"),
        ("ch08.contrast", moving_negatives, "Detach"),
        ("ch08.contrast", products, "ln(1 + exp(-2))"),
        ("ch08.neighbours", by_distance, "cosines, not distances"),
        ("ch08.neighbours", the_nearest_only, "most frequent"),
        ("ch08.relations", as_the_field_can, "shows the same scene"),
        ("ch08.relations", twins, "two rainy images of different scenes agree"),
        ("ch08.relations", everybody, "of themselves"),
        ("ch08.relations", overlapping, "drawn together and pushed apart"),
    ],
)
def test_a_wrong_answer_is_told_why(name, answer, told, capsys):
    assert not check(name, answer)
    assert told in capsys.readouterr().out
