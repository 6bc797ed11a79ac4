"""Exercises of chapter 9: the prior of a level, guidance, guided attention, and a placebo."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, same_shape
from irlib.nn.attention import channel_attention
from irlib.nn.guidance import PromptGuidance


def _hidden(blocks: int = 12) -> list[Tensor]:
    """What enters the first block and leaves each: batch 2, 5 patches, 6 numbers."""
    return [random_normal(2, 6, 6, seed=depth) for depth in range(blocks + 1)]


def _prior_joins_both(answer: Callable) -> None:
    same_shape(answer(_hidden(), random_normal(2, 4), 1), (2, 10))


def _semantics_come_first(answer: Callable) -> None:
    code = random_normal(2, 4, seed=50)
    close_to(
        answer(_hidden(), code, 2)[:, 6:],
        code,
        "The last numbers of the prior are the code's: F first, then Z.",
    )


def _it_is_the_class_token(answer: Callable) -> None:
    hidden = _hidden()
    other = [torch.cat([h[:, :1], random_normal(2, 5, 6, seed=99)], dim=1) for h in hidden]
    code = random_normal(2, 4, seed=50)
    close_to(
        answer(other, code, 3),
        answer(hidden, code, 3),
        "Other patch tokens changed the prior. The class token is the first of the six.",
    )


def _depths_count_from_one(answer: Callable) -> None:
    hidden, code = _hidden(), random_normal(2, 4)
    for level, depth in ((1, 1), (2, 4), (3, 8), (4, 12)):
        seen = same_shape(answer(hidden, code, level), (2, 10))[:, :6]
        found = [d for d, h in enumerate(hidden) if torch.allclose(seen, h[:, 0])]
        assert found == [depth], (
            f"At level {level} the prior holds the token after block "
            f"{found[0] if found else 'none of them'}, expected block {depth}. hidden[0] is what "
            "enters block 1; level 1, the full size, is told of the shallowest depth."
        )


def _depths_may_be_others(answer: Callable) -> None:
    hidden, code = _hidden(4), random_normal(2, 4)
    close_to(
        answer(hidden, code, 3, depths=(1, 2, 3, 4)),
        torch.cat([hidden[3][:, 0], code], dim=1),
        "With the depths 1, 2, 3, 4 of a pocket network, level 3 is told of block 3.",
    )


exercise(
    "ch09.prior",
    ("a token of 6 numbers and a code of 4 make a prior of 10", _prior_joins_both),
    ("semantics come first, the code after them", _semantics_come_first),
    ("only the class token is used", _it_is_the_class_token),
    ("depths count from 1 and grow with the level", _depths_count_from_one),
    ("the depths are those given", _depths_may_be_others),
)


def _guide_has_the_shape_of_the_features(answer: Callable) -> None:
    x, prior = random_normal(2, 4, 5, 7), random_normal(2, 3, seed=1)
    same_shape(
        answer(x, prior, random_normal(4, 3, seed=2), random_normal(4, 3, seed=3)), (2, 4, 5, 7)
    )


def _zeros_return_the_features(answer: Callable) -> None:
    x, zeros = random_normal(2, 4, 5, 7), torch.zeros(4, 3)
    close_to(
        answer(x, random_normal(2, 3, seed=1), zeros, zeros),
        x,
        "With matrices of zeros nothing is known yet: the guide is the features. Multiply by "
        "1 + gamma, not by gamma.",
    )


def _a_value_by_hand(answer: Callable) -> None:
    x = torch.full((1, 2, 3, 3), 2.0)
    prior = torch.tensor([[1.0, 10.0]])
    scale, shift = torch.tensor([[0.5, 0.0], [0.0, 0.1]]), torch.tensor([[3.0, 0.0], [0.0, 0.0]])
    expected = torch.tensor([6.0, 4.0]).view(1, 2, 1, 1).expand(1, 2, 3, 3)
    close_to(
        answer(x, prior, scale, shift),
        expected,
        "Features of 2, gammas 0.5 and 1, betas 3 and 0: expected 1.5 * 2 + 3 = 6 and 2 * 2 = 4.",
    )


def _each_image_has_its_own_prior(answer: Callable) -> None:
    x, prior = random_normal(3, 4, 5, 7), random_normal(3, 6, seed=1)
    scale, shift = random_normal(4, 6, seed=2), random_normal(4, 6, seed=3)
    alone = torch.cat([answer(x[i : i + 1], prior[i : i + 1], scale, shift) for i in range(len(x))])
    close_to(answer(x, prior, scale, shift), alone, "Alone an image gave another guide.")


def _guide_equals_the_package(answer: Callable) -> None:
    pgm = PromptGuidance(6, 4, "mlp", zero_init=False)
    matrices = torch.eye(6), random_normal(8, 6, seed=5)
    x, prior = random_normal(2, 4, 5, 7), random_normal(2, 6, seed=1)
    pgm.mlp = torch.nn.Sequential(torch.nn.Linear(6, 8, bias=False))
    with torch.no_grad():
        pgm.mlp[0].weight.copy_(matrices[1])
        close_to(answer(x, prior, *matrices[1].chunk(2)), pgm(x, prior), "")


exercise(
    "ch09.modulate",
    ("the guide has the shape of the features", _guide_has_the_shape_of_the_features),
    ("matrices of zeros return the features", _zeros_return_the_features),
    ("a guide counted by hand comes out", _a_value_by_hand),
    ("each image is guided by its own prior", _each_image_has_its_own_prior),
    ("the guide equals irlib's", _guide_equals_the_package),
)


def _heads(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    query, key, value = (random_normal(2, 3, 4, 20, seed=seed + i) for i in range(3))
    return query, key, value, torch.tensor([0.5, 1.0, 4.0]).view(3, 1, 1)


def _attention_keeps_the_shape(answer: Callable) -> None:
    same_shape(answer(*_heads()), (2, 3, 4, 20))


def _equal_values_stay(answer: Callable) -> None:
    query, key, value, temperature = _heads()
    value = value[:, :, :1].expand_as(value)
    close_to(
        answer(query, key, value, temperature),
        value,
        "All channels of a head have the same values, and every mean of equal things is that "
        "thing: each asking channel's weights, a row, must sum to 1.",
    )


def _loudness_does_not_matter(answer: Callable) -> None:
    query, key, value, temperature = _heads()
    base = answer(query, key, value, temperature)
    for name, louder in (("query", (3 * query, key)), ("key", (query, 3 * key))):
        close_to(
            answer(*louder, value, temperature),
            base,
            f"Three times the {name} changed the result: rows along the pixels have length one.",
        )


def _temperature_multiplies(answer: Callable) -> None:
    query = torch.eye(2)[None, None]
    sharp = answer(query, query, query, torch.full((1, 1, 1), 50.0))
    close_to(
        sharp,
        query,
        "With a temperature of 50 each channel should attend to its like alone: the temperature "
        "multiplies the products.",
    )


def _attention_equals_the_package(answer: Callable) -> None:
    query, key, value, temperature = _heads(7)
    close_to(
        answer(query, key, value, temperature),
        channel_attention(query, key, temperature) @ value,
        "The query asks: row i of the matrix belongs to channel i of the query.",
    )


exercise(
    "ch09.attend",
    ("the result has the shape of the values", _attention_keeps_the_shape),
    ("of equal values the mean is returned", _equal_values_stay),
    ("louder queries or keys change nothing", _loudness_does_not_matter),
    ("the temperature multiplies", _temperature_multiplies),
    ("the result equals irlib's", _attention_equals_the_package),
)


_SCENES, _VIEWS = 10, 6


def _tokens() -> Tensor:
    """Tokens (scene, degradation, numbers) that tell both, each with a little noise."""
    scene, view = random_normal(_SCENES, 1, 12), random_normal(1, _VIEWS, 12, seed=1)
    return scene + view + 0.1 * random_normal(_SCENES, _VIEWS, 12, seed=2)


def _given(placebo: Callable, seed: int = 0) -> Tensor:
    return same_shape(placebo(_tokens(), seed), (_SCENES, _VIEWS, 12))


def _nearest(placebo: Callable, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Which token each picture was given, and how far that is from a real one."""
    given, real = _given(placebo, seed).flatten(0, 1), _tokens().flatten(0, 1)
    way = (given[:, None] - real).norm(dim=-1)
    return way.argmin(dim=1), way.min(dim=1).values


def _every_token_is_used_once(placebo: Callable) -> None:
    chosen, way = _nearest(placebo)
    far = (way > 1e-3).sum().item()
    assert far == 0, (
        f"{far} of the 60 vectors are no token of any picture. Noise and means differ from tokens "
        "in more than what they tell: give real tokens to the wrong pictures."
    )
    used = len(chosen.unique())
    assert used == 60, f"Only {used} of the 60 tokens are used; expected each once."


def _nobody_gets_its_own(placebo: Callable) -> None:
    for seed in range(5):
        own = _nearest(placebo, seed)[0] // _VIEWS == torch.arange(60) // _VIEWS
        count = own.sum().item()
        assert count == 0, (
            f"With seed {seed} {count} of 60 pictures are given a token of their own scene. A "
            "shuffle leaves some in place: exchange these with others."
        )


def _seed_decides(placebo: Callable) -> None:
    first, again, other = (_given(placebo, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again), "Two calls with one seed differ: nobody could repeat the run."
    assert not torch.equal(first, other), (
        "Seeds 0 and 1 give the same placebo: its luck could not be told from its effect."
    )


def _read(known: Tensor, names: Tensor, asked: Tensor, truth: Tensor) -> float:
    """Share of right answers of a linear read-out, fitted by ridge regression."""
    mean = known.mean(dim=0)
    known, asked = known - mean, asked - mean
    wanted = F.one_hot(names).float()
    ridge = known.T @ known + 0.1 * torch.eye(known.shape[1])
    weights = torch.linalg.solve(ridge, known.T @ (wanted - wanted.mean(dim=0)))
    return ((asked @ weights).argmax(dim=1) == truth).float().mean().item()


def _scene_is_not_read(placebo: Callable) -> None:
    names, half = torch.arange(_SCENES).repeat_interleave(_VIEWS // 2), _VIEWS // 2
    shares = []
    for seed in range(5):
        given = _given(placebo, seed)
        known, asked = given[:, :half].flatten(0, 1), given[:, half:].flatten(0, 1)
        shares.append(_read(known, names, asked, names))
    share = sum(shares) / len(shares)
    assert share < 0.25, (
        f"A linear read-out still tells the scene of {share:.0%} of the pictures (guessing: 10 %). "
        "All views of a scene were given tokens of one other scene: a wrong name, but still a name."
    )


def _degradation_is_not_read(placebo: Callable) -> None:
    names, half = torch.arange(_VIEWS).repeat(_SCENES // 2), _SCENES // 2
    shares = []
    for seed in range(5):
        given = _given(placebo, seed)
        known, asked = given[:half].flatten(0, 1), given[half:].flatten(0, 1)
        shares.append(_read(known, names, asked, names))
    share = sum(shares) / len(shares)
    assert share < 0.35, (
        f"A linear read-out still tells the degradation of {share:.0%} of the pictures (guessing: "
        "17 %). Tokens came from other scenes, but with the same damage."
    )


exercise(
    "ch09.placebo",
    ("every token is given once, unchanged", _every_token_is_used_once),
    ("no picture is given a token of its own scene", _nobody_gets_its_own),
    ("the seed decides, and nothing else", _seed_decides),
    ("the scene cannot be read from the placebo", _scene_is_not_read),
    ("nor can the degradation be read", _degradation_is_not_read),
)
