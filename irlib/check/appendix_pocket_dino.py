"""Exercises of the appendix on the pocket DINO: the teacher's target, what the answers tell."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal


def _rows_sum_to_one(answer: Callable) -> None:
    target = answer(random_normal(5, 7), torch.zeros(7), 0.1)
    close_to(target.sum(dim=-1), torch.ones(5), "Each row is a probability: a softmax over kinds.")


def _the_centre_is_taken_off(answer: Callable) -> None:
    centre = random_normal(7, seed=1)
    close_to(
        answer(centre.expand(3, 7), centre, 0.1),
        torch.full((3, 7), 1 / 7),
        "Answers that are the centre itself tell nothing: all kinds get the same share.",
    )


def _a_low_temperature_sharpens(answer: Callable) -> None:
    answers = torch.tensor([[0.2, 0.1, 0.0]])
    seen = float(answer(answers, torch.zeros(3), 0.001)[0, 0])
    assert seen > 0.99, (
        f"At temperature 0.001 the largest answer got {seen:.3g}; it should get nearly everything. "
        "Divide by the temperature before the softmax."
    )


def _target_has_no_gradient(answer: Callable) -> None:
    answers = random_normal(2, 4).requires_grad_()
    seen = answer(answers, torch.zeros(4), 0.5)
    assert not seen.requires_grad, "The target carries a gradient; the teacher is not trained."


def _target_by_formula(answer: Callable) -> None:
    answers, centre = random_normal(4, 6), random_normal(6, seed=2)
    expected = ((answers - centre) / 0.3).softmax(dim=-1)
    close_to(answer(answers, centre, 0.3), expected, "softmax((answers - centre) / temperature)")


exercise(
    "appendix-pocket-dino.target",
    ("each row sums to one", _rows_sum_to_one),
    ("the centre is taken off", _the_centre_is_taken_off),
    ("a low temperature sharpens", _a_low_temperature_sharpens),
    ("no gradient passes", _target_has_no_gradient),
    ("it equals the formula", _target_by_formula),
)


def _tells(answer: Callable, p: Tensor, expected: float, hint: str) -> None:
    seen = float(answer(p))
    assert math.isfinite(seen), f"It returned {seen}: 0 log 0 counts as 0 (torch.special.entr)."
    assert abs(seen - expected) < 1e-4, f"It gave {seen:.4g}, expected {expected:.4g}. {hint}"


def _the_same_answer_tells_nothing(answer: Callable) -> None:
    p = torch.tensor([0.7, 0.2, 0.1]).expand(5, 3)
    _tells(answer, p, 0.0, "Five times the same answer: its mean has the entropy of each.")


def _sure_and_varied_tells_all(answer: Callable) -> None:
    _tells(
        answer,
        torch.eye(4),
        math.log(4),
        "Four sure answers of four kinds: each has entropy 0, their mean ln 4.",
    )


def _sure_and_constant_tells_nothing(answer: Callable) -> None:
    p = torch.tensor([[0.0, 1.0]]).expand(6, 2)
    _tells(answer, p, 0.0, "Sure, but always the same kind: a collapse.")


def _between(answer: Callable) -> None:
    p = random_normal(50, 6).softmax(dim=-1)
    entr = torch.special.entr
    expected = entr(p.mean(dim=0)).sum() - entr(p).sum(dim=-1).mean()
    _tells(answer, p, expected.item(), "Entropy of the mean minus mean of the entropies.")


exercise(
    "appendix-pocket-dino.told",
    ("the same answer for all tells nothing", _the_same_answer_tells_nothing),
    ("sure answers of all kinds tell most", _sure_and_varied_tells_all),
    ("one sure answer for all tells nothing", _sure_and_constant_tells_nothing),
    ("it is an entropy of the mean minus a mean of entropies", _between),
)
