"""Exercises of chapter 8: negatives, the loss of an anchor, reading a code by neighbours."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal
from irlib.losses import contrast_terms

_close = partial(close_to, tolerance=1e-4)
_LABELS = torch.tensor([0, 1, 2, 0, 1])


def _boolean_matrix(negatives: Callable) -> None:
    seen = negatives(_LABELS)
    shape, kind = tuple(seen.shape), seen.dtype
    assert shape == (5, 5), f"Five labels gave {shape}; expected (5, 5)."
    assert kind == torch.bool, f"The matrix holds {kind}; expected true and false."


def _nobody_is_its_own(negatives: Callable) -> None:
    for single in (False, True):
        own = negatives(_LABELS, single).diagonal()
        assert not own.any(), f"With single_task={single} a sample is a negative of itself."


def _other_tasks_only(negatives: Callable) -> None:
    seen = negatives(_LABELS)
    assert bool(seen[0, 1]), "Tasks 0 and 1 differ, and sample 1 is no negative of sample 0."
    assert not seen[0, 3], "Samples 0 and 3 are of one task, and yet negatives of each other."


def _other_images(negatives: Callable) -> None:
    count = int(negatives(torch.zeros(6, dtype=torch.long), True).sum())
    assert count == 30, (
        f"Six images of one task have {count} pairs with single_task=True; expected 6 × 5."
    )


exercise(
    "ch08.negatives",
    ("the answer is a boolean matrix", _boolean_matrix),
    ("nobody is a negative of itself", _nobody_is_its_own),
    ("negatives are of other tasks", _other_tasks_only),
    ("in a single-task run they are all other images", _other_images),
)


def _mask(labels: Tensor) -> Tensor:
    return labels[:, None] != labels[None, :]


def _without_negatives_zero(terms: Callable) -> None:
    nobody = torch.zeros(4, 4, dtype=torch.bool)
    seen = terms(random_normal(4, 8), random_normal(4, 8, seed=1), nobody, 0.1)
    hint = "A masked negative must count as exp(-inf) = 0; a cosine of 0 still counts as exp(0)."
    _close(seen.detach(), torch.zeros(4), hint)


def _one_negative_by_hand(terms: Callable) -> None:
    code = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    seen = terms(code, code, ~torch.eye(2, dtype=torch.bool), 0.5)
    expected = torch.full((2,), math.log(1 + math.exp(-2)))
    _close(seen, expected, "Positive cosine 1, negative 0, temperature 0.5: ln(1 + exp(-2)).")


def _length_does_not_count(terms: Callable) -> None:
    code, positive, mask = random_normal(5, 8), random_normal(5, 8, seed=1), _mask(_LABELS)
    _close(
        terms(3 * code, 0.2 * positive, mask, 0.1),
        terms(code, positive, mask, 0.1),
        "The loss is of cosines: bring all codes to length 1 first.",
    )


def _no_gradient_into_negatives(terms: Callable) -> None:
    code, positive = random_normal(5, 8).requires_grad_(), random_normal(5, 8, seed=1)
    terms(code, positive, _mask(_LABELS), 0.1)[0].backward()
    moved = [i for i in range(5) if code.grad[i].abs().sum() > 0]
    assert moved == [0], (
        f"The term of anchor 0 gives a gradient to the codes {moved}; expected 0 alone. Detach the "
        "codes that serve as negatives."
    )


def _terms_equal_the_package(terms: Callable) -> None:
    code, positive = random_normal(5, 8), random_normal(5, 8, seed=1)
    for temperature in (0.05, 0.1, 1.0):
        expected = contrast_terms(code, positive, _LABELS, temperature=temperature).terms
        _close(terms(code, positive, _mask(_LABELS), temperature), expected, "")


exercise(
    "ch08.contrast",
    ("an anchor without negatives has the term 0", _without_negatives_zero),
    ("one negative at a right angle gives ln(1 + exp(-1/tau))", _one_negative_by_hand),
    ("the length of a code does not count", _length_does_not_count),
    ("negatives get no gradient", _no_gradient_into_negatives),
    ("the terms equal irlib's", _terms_equal_the_package),
)


def _labels_of(read: Callable, known: Tensor, labels: Tensor, codes: Tensor, k: int) -> list[int]:
    return [int(label) for label in read(known, labels, codes, k)]


def _finds_itself(read: Callable) -> None:
    known, labels = random_normal(10, 6), torch.arange(10) % 3
    seen = _labels_of(read, known, labels, known, 1)
    assert seen == labels.tolist(), f"With k = 1 the known codes read {seen}; expected their own."


def _direction_counts(read: Callable) -> None:
    known = torch.tensor([[10.0, 0.0], [0.0, 1.0]])
    seen = _labels_of(read, known, torch.tensor([7, 8]), torch.tensor([[1.0, 0.4]]), 1)
    assert seen == [7], (
        f"The code (1, 0.4) reads {seen[0]}; expected 7. It points along (10, 0), though (0, 1) is "
        "nearer: take cosines, not distances."
    )


def _majority(read: Callable) -> None:
    known = torch.tensor([[1.0, 0.0], [1.0, 0.3], [1.0, -0.3], [-1.0, 0.0]])
    seen = _labels_of(read, known, torch.tensor([0, 1, 1, 0]), torch.tensor([[1.0, 0.0]]), 3)
    assert seen == [1], (
        f"Of three neighbours two have label 1, the nearest has 0, and the answer is {seen[0]}; "
        "expected the most frequent label, 1."
    )


exercise(
    "ch08.neighbours",
    ("a known code reads its own label at k = 1", _finds_itself),
    ("the cosine decides, not the distance", _direction_counts),
    ("the most frequent label of k neighbours wins", _majority),
)
