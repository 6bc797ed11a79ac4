"""Exercises of the appendix on the pocket DINO: the teacher's target, what the answers tell."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise

_TOLERANCE = 1e-5


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _close(result: object, expected: Tensor, hint: str) -> None:
    assert isinstance(result, Tensor), f"It returned {type(result).__name__}, not a tensor."
    assert result.shape == expected.shape, (
        f"Expected shape {tuple(expected.shape)}, got {tuple(result.shape)}."
    )
    difference = (result - expected).abs().max().item()
    assert difference < _TOLERANCE, f"The largest difference is {difference:.2g}. {hint}"


def _rows_sum_to_one(answer: Callable) -> None:
    target = answer(_random(5, 7), torch.zeros(7), 0.1)
    _close(target.sum(dim=-1), torch.ones(5), "Each row is a probability: a softmax over kinds.")


def _the_centre_is_taken_off(answer: Callable) -> None:
    centre = _random(7, seed=1)
    _close(
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
    answers = _random(2, 4).requires_grad_()
    seen = answer(answers, torch.zeros(4), 0.5)
    assert not seen.requires_grad, "The target carries a gradient; the teacher is not trained."


def _target_by_formula(answer: Callable) -> None:
    answers, centre = _random(4, 6), _random(6, seed=2)
    expected = ((answers - centre) / 0.3).softmax(dim=-1)
    _close(answer(answers, centre, 0.3), expected, "softmax((answers - centre) / temperature)")


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
    p = _random(50, 6).softmax(dim=-1)
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
