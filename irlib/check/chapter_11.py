"""Exercises of chapter 11: priors, the guided block, the sum of the losses, a test of use."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from irlib.check import exercise
from irlib.check.answers import TOLERANCE, random_normal, random_uniform
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


def _told_pictures(order: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """What tasks add (4, 4), and 24 pictures with it, without it, their codes and tasks."""
    tasks = torch.arange(4).repeat_interleave(6)
    added, content = random_normal(4, 4, seed=1), random_uniform(24, 4, seed=2)
    degraded = torch.cat([content, added[tasks]], dim=1)
    targets = torch.cat([content, torch.zeros(24, 4)], dim=1)
    codes = functional.normalize(
        functional.one_hot(tasks, 4) + 0.05 * random_normal(24, 4, seed=3), dim=1
    )
    order = torch.arange(24) if order is None else order
    return added, degraded[order], targets[order], codes[order], tasks[order]


def _used(answer: Callable, network: Callable, order: Tensor | None = None) -> float:
    result = answer(network, *_told_pictures(order)[1:])
    if isinstance(result, Tensor):
        assert result.numel() == 1, f"Expected one number, got shape {tuple(result.shape)}."
    return float(result)


def _blind(degraded: Tensor) -> Tensor:
    return torch.cat([degraded[:, :4], torch.zeros_like(degraded[:, 4:])], dim=1)


def _listens(share: float) -> Callable[[Tensor, Tensor], Tensor]:
    added = _told_pictures()[0]

    def network(degraded: Tensor, codes: Tensor) -> Tensor:
        return torch.cat([degraded[:, :4], degraded[:, 4:] - share * codes @ added], dim=1)

    return network


def _deaf_scores_zero(answer: Callable) -> None:
    seen = _used(answer, lambda degraded, codes: _blind(degraded))
    assert abs(seen) < TOLERANCE, f"A network that never looks at its code scored {seen:.3g}."


def _more_use_scores_more(answer: Callable) -> None:
    seen = [_used(answer, _listens(share)) for share in (0.25, 0.5, 1.0)]
    assert 1e-3 < seen[0] < seen[1] < seen[2], (
        "Networks that remove a quarter, half and all of what the task adds by reading the code "
        f"scored {', '.join(f'{value:.3g}' for value in seen)}; the scores should grow."
    )


def _any_code_is_no_use(answer: Callable) -> None:
    def network(degraded: Tensor, codes: Tensor) -> Tensor:
        return _blind(degraded) * codes.norm(dim=1, keepdim=True)

    seen, full = _used(answer, network), _used(answer, _listens(1.0))
    assert abs(seen) < 0.1 * full, (
        f"A network that needs a code of length one, but of no particular task, scored {seen:.3g} "
        f"where one that listens scored {full:.3g}. Tell it codes that it could have met."
    )


def _harmless_reactions_are_no_use(answer: Callable) -> None:
    def network(degraded: Tensor, codes: Tensor) -> Tensor:
        return _blind(degraded) + 0.2 * (codes[:, :1] - codes[:, 1:2]).sign()

    seen, full = _used(answer, network), _used(answer, _listens(1.0))
    assert abs(seen) < 0.1 * full, (
        f"A network whose output moves with the code, never nearer to the target, scored "
        f"{seen:.3g} where one that listens scored {full:.3g}. Compare errors, not outputs."
    )


def _order_does_not_matter(answer: Callable) -> None:
    mixed = torch.randperm(24, generator=torch.Generator().manual_seed(4))
    ordered, shuffled = (_used(answer, _listens(1.0), order) for order in (None, mixed))
    assert abs(ordered - shuffled) < 0.2 * abs(shuffled), (
        f"With pictures sorted by task it gave {ordered:.3g}, with the same pictures shuffled "
        f"{shuffled:.3g}. Swap with pictures of another task, wherever they stand."
    )


exercise(
    "ch11.use",
    ("a deaf network scores zero", _deaf_scores_zero),
    ("more use scores more", _more_use_scores_more),
    ("a network content with any code scores next to nothing", _any_code_is_no_use),
    ("so does one whose reactions cost nothing", _harmless_reactions_are_no_use),
    ("the order of the pictures does not matter", _order_does_not_matter),
)
