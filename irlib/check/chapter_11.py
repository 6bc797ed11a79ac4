"""Exercises of chapter 11: priors, the guided block, the sum of the losses."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import random_normal
from irlib.losses import LossWeights


def _semantics(batch: int = 3) -> list[Tensor]:
    return [random_normal(batch, 6, seed=level) for level in range(4)]


def _priors(answer: Callable, semantics: list[Tensor] | None, code: Tensor | None) -> list[Tensor]:
    priors = list(answer(semantics, code))
    assert len(priors) == 4, f"It returned {len(priors)} priors; the network has four levels."
    return priors


def _one_prior_a_level(answer: Callable) -> None:
    for prior in _priors(answer, _semantics(), random_normal(3, 4)):
        assert tuple(prior.shape) == (3, 10), (
            f"Semantics (3, 6) and a code (3, 4) gave a prior of shape {tuple(prior.shape)}; "
            "expected (3, 10): joined along the second axis."
        )


def _semantics_come_first(answer: Callable) -> None:
    semantics, code = _semantics(), random_normal(3, 4, seed=9)
    for level, prior in enumerate(_priors(answer, semantics, code)):
        assert torch.equal(prior[:, :6], semantics[level]), (
            f"The first six values of prior {level + 1} are not the semantics of level "
            f"{level + 1}. Semantics first, then the code, each level its own."
        )
        assert torch.equal(prior[:, 6:], code), "The code is the same on every level."


def _code_alone_is_told_to_every_level(answer: Callable) -> None:
    code = random_normal(3, 4)
    for prior in _priors(answer, None, code):
        assert torch.equal(prior, code), "Without semantics (None) every prior is the code."


def _semantics_alone_stay_as_they_are(answer: Callable) -> None:
    semantics = _semantics()
    for prior, tokens in zip(_priors(answer, semantics, None), semantics, strict=True):
        assert torch.equal(prior, tokens), "Without a code (None) a prior is its semantics."


exercise(
    "ch11.priors",
    ("each of four levels gets one vector an image", _one_prior_a_level),
    ("a prior is its level's semantics, then the code", _semantics_come_first),
    ("without semantics it is the code", _code_alone_is_told_to_every_level),
    ("without a code it is the semantics", _semantics_alone_stay_as_they_are),
)


def _maps() -> tuple[Tensor, Tensor]:
    return random_normal(2, 4, 5, 5), random_normal(2, 4, 5, 5, seed=1)


def _nothing(*maps: Tensor) -> Tensor:
    return torch.zeros_like(maps[0])


def _silent_parts_return_the_guide(answer: Callable) -> None:
    x, guide = _maps()
    result = answer(x, guide, _nothing, _nothing)
    assert not torch.equal(result, x), (
        "With an attention and a feed-forward layer of zero it returned the features. The paper "
        "adds the attention to the guide Y."
    )
    assert torch.equal(result, guide), "With both parts zero the block returns its guide."


def _attention_asks_from_the_guide(answer: Callable) -> None:
    x, guide = _maps()
    seen = answer(x, guide, lambda asks, told: asks - 2 * told, _nothing)
    assert torch.allclose(seen, 2 * guide - 2 * x, atol=1e-5), (
        "With attend(asks, told) = asks - 2 told the result must be Y + (Y - 2 X): queries come "
        "from the guide, keys and values from the features."
    )


def _the_second_half_sees_the_first(answer: Callable) -> None:
    x, guide = _maps()
    seen = answer(x, guide, lambda asks, told: told, lambda z: 3 * z)
    assert torch.allclose(seen, 4 * (guide + x), atol=1e-5), (
        "With attend = X and feed_forward = 3 z the result must be 4 (Y + X): the feed-forward "
        "layer takes what the attention left, and is added to it."
    )


def _equal_guide_is_a_plain_block(answer: Callable) -> None:
    from irlib.nn import TransformerBlock

    torch.manual_seed(0)
    block, x = TransformerBlock(8, 2, 2.0), random_normal(1, 8, 6, 6)
    with torch.no_grad():
        plain = block(x)
        seen = answer(
            x,
            x,
            lambda asks, told: block.attention(block.norm1(told)),
            lambda z: block.feed_forward(block.norm2(z)),
        )
    assert torch.allclose(seen, plain, atol=1e-5), (
        "With a guide equal to the features it must be Restormer's block."
    )


exercise(
    "ch11.block",
    ("with silent parts the guide comes out", _silent_parts_return_the_guide),
    (
        "queries come from the guide, keys and values from the features",
        _attention_asks_from_the_guide,
    ),
    ("the feed-forward layer follows the attention", _the_second_half_sees_the_first),
    ("with a guide equal to the features it is Restormer's block", _equal_guide_is_a_plain_block),
)


def _terms() -> dict[str, Tensor]:
    numbers = {"rec": 0.5, "cl": 2.0, "clip": 0.66, "dpl": 1.5}
    return {name: torch.tensor(number) for name, number in numbers.items()}


def _total(
    answer: Callable, terms: dict[str, Tensor], weights: dict, step: int, dpl_from: int
) -> float:
    return float(answer(terms, weights, step, dpl_from))


_WEIGHTS = {"rec": 1.0, "cl": 0.1, "clip": 0.05, "dpl": 0.1}


def _late_steps_count_all(answer: Callable) -> None:
    expected = float(LossWeights().total(**_terms()))
    seen = _total(answer, _terms(), _WEIGHTS, 100, 30)
    assert abs(seen - expected) < 1e-5, f"It gave {seen:.4g}; the weighted sum is {expected:.4g}."


def _dpl_waits(answer: Callable) -> None:
    for step, counts in ((0, False), (29, False), (30, True)):
        terms = _terms()
        expected = sum(
            _WEIGHTS[name] * float(term) for name, term in terms.items() if counts or name != "dpl"
        )
        seen = _total(answer, terms, _WEIGHTS, step, 30)
        assert abs(seen - expected) < 1e-5, (
            f"At step {step} with dpl_from = 30 it gave {seen:.4g}; expected {expected:.4g}."
        )


def _weightless_terms_are_left_out(answer: Callable) -> None:
    terms = _terms() | {"clip": torch.tensor(math.nan)}
    seen = _total(answer, terms, _WEIGHTS | {"clip": 0.0}, 100, 0)
    assert math.isfinite(seen), (
        "A term of weight 0 that is not a number spoiled the sum: 0 times NaN is NaN, so leave it "
        "out instead of multiplying it."
    )


def _gradient_flows(answer: Callable) -> None:
    terms = {"rec": torch.tensor(0.5, requires_grad=True)}
    answer(terms, _WEIGHTS, 0, 0).backward()
    assert float(terms["rec"].grad) == 1.0, "The sum must stay a tensor with its gradient."


exercise(
    "ch11.total",
    ("late in training it is the weighted sum of all terms", _late_steps_count_all),
    ("L_dpl counts from its step on", _dpl_waits),
    ("a term of weight 0 cannot spoil the sum", _weightless_terms_are_left_out),
    ("the gradient reaches every term that counts", _gradient_flows),
)
