"""Exercises of chapter 15: a shuffle, a composed convolution, a mask, an order that learns."""

from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, same_shape
from irlib.nn.perturbation import Perturbation, channel_order, strongest_only


def _shuffle_keeps_the_shape(answer: Callable) -> None:
    same_shape(answer(random_normal(2, 6, 3, 5), random_normal(2, 6)), (2, 6, 3, 5))


def _falling_scores_change_nothing(answer: Callable) -> None:
    features = random_normal(1, 6, 2, 2)
    close_to(
        answer(features, torch.arange(6.0, 0, -1)[None]),
        features,
        "The scores 6 5 4 3 2 1 are in order already: the highest score comes first.",
    )


def _three_channels_by_hand(answer: Callable) -> None:
    features = torch.tensor([10.0, 20.0, 30.0]).view(1, 3, 1, 1)
    seen = answer(features, torch.tensor([[0.2, 0.9, 0.5]]))
    same_shape(seen, (1, 3, 1, 1))
    hint = ", ".join(f"{value:g}" for value in seen.flatten().tolist())
    close_to(
        seen,
        torch.tensor([20.0, 30.0, 10.0]).view(1, 3, 1, 1),
        f"Channels 10 20 30 with the scores 0.2 0.9 0.5 gave {hint}; expected 20 30 10. Place j "
        "takes the channel with the j-th largest score; the inverse order puts channel j in the "
        "place of its rank.",
    )


def _each_image_has_its_own_order(answer: Callable) -> None:
    features, scores = random_normal(3, 8, 2, 4), random_normal(3, 8, seed=1)
    alone = torch.cat([answer(f[None], s[None]) for f, s in zip(features, scores, strict=True)])
    close_to(
        answer(features, scores),
        alone,
        "In a batch an image came out otherwise than alone: every row of the scores orders the "
        "channels of its own image.",
    )


def _shuffle_equals_the_package(answer: Callable) -> None:
    features, scores = random_normal(2, 32, 3, 3), random_normal(2, 32, seed=2)
    orders = channel_order(scores)
    expected = torch.stack([f[o] for f, o in zip(features, orders, strict=True)])
    close_to(answer(features, scores), expected, "")


exercise(
    "ch15.shuffle",
    ("the map keeps its shape", _shuffle_keeps_the_shape),
    ("scores that fall already change nothing", _falling_scores_change_nothing),
    ("three channels sorted by hand come out", _three_channels_by_hand),
    ("each image has its own order", _each_image_has_its_own_order),
    ("the result equals irlib's", _shuffle_equals_the_package),
)


def _block() -> tuple[Perturbation, tuple[Tensor, ...]]:
    """A block with random weights, and its two convolutions as matrices and biases."""
    block = Perturbation(4, 1, 3)
    shapes = ((8, 4), (8,), (4, 8), (4,))
    weights = tuple(random_normal(*shape, seed=seed) for seed, shape in enumerate(shapes))
    with torch.no_grad():
        for conv, weight, bias in (
            (block.widen, *weights[:2]),
            (block.narrow, *weights[2:]),
        ):
            conv.weight.copy_(weight[..., None, None])
            conv.bias.copy_(bias)
    return block, weights


def _one_matrix_and_one_bias(answer: Callable) -> None:
    _, weights = _block()
    result = answer(*weights, torch.arange(8))
    assert isinstance(result, tuple) and len(result) == 2, (  # noqa: PT018 (one hint for both)
        f"It returned {type(result).__name__}; expected a matrix and a bias."
    )
    same_shape(result[0], (4, 4))
    same_shape(result[1], (4,))


def _without_a_shuffle_matrices_multiply(answer: Callable) -> None:
    _, (widen, widen_bias, narrow, narrow_bias) = _block()
    matrix, bias = answer(widen, widen_bias, narrow, narrow_bias, torch.arange(8))
    close_to(matrix, narrow @ widen, "In the order 0 1 2 … the matrix is narrow times widen.", 1e-4)
    close_to(
        bias,
        narrow @ widen_bias + narrow_bias,
        "The bias of the first convolution passes the second one too.",
        1e-4,
    )


def _rows_move_and_not_columns(answer: Callable) -> None:
    block, weights = _block()
    order = torch.tensor([3, 1, 0, 7, 2, 6, 4, 5])
    with torch.no_grad():
        matrix, _ = block.composed(order[None])
    close_to(
        answer(*weights, order)[0],
        matrix[0],
        "Place j of the wide map is made by row order[j] of the first matrix: index its rows.",
        1e-4,
    )


def _biases_move_too(answer: Callable) -> None:
    block, weights = _block()
    order = torch.tensor([3, 1, 0, 7, 2, 6, 4, 5])
    with torch.no_grad():
        _, bias = block.composed(order[None])
    close_to(
        answer(*weights, order)[1],
        bias[0],
        "A channel brings its bias along: the first bias is reordered like the rows.",
        1e-4,
    )


def _it_does_what_the_three_steps_do(answer: Callable) -> None:
    block, weights = _block()
    order = torch.tensor([6, 2, 5, 0, 1, 7, 3, 4])
    x = random_normal(1, 4, 3, 3, seed=9)
    matrix, bias = answer(*weights, order)
    with torch.no_grad():
        expected = block.narrow(block.widen(x)[:, order])
    seen = torch.einsum("ij,bjhw->bihw", matrix, x) + bias.view(1, -1, 1, 1)
    close_to(seen, expected, "", 1e-4)


exercise(
    "ch15.compose",
    ("there are a matrix and a bias", _one_matrix_and_one_bias),
    ("without a shuffle the two convolutions multiply", _without_a_shuffle_matrices_multiply),
    ("the shuffle moves rows of the first matrix", _rows_move_and_not_columns),
    ("the shuffle moves its bias too", _biases_move_too),
    (
        "widening, shuffling and narrowing a map gives the same",
        _it_does_what_the_three_steps_do,
    ),
)


def _mask_keeps_the_shape(answer: Callable) -> None:
    same_shape(answer(random_normal(2, 3, 8, 8), 7), (2, 3, 8, 8))


def _just_as_many_stay(answer: Callable) -> None:
    for kept in (7, 3):
        counts = (answer(random_normal(2, 1, 8, 8), kept) > 0).sum(dim=-1).unique().tolist()
        assert counts == [kept], f"With {kept} to keep, rows had {counts} entries above zero."


def _rows_sum_to_one(answer: Callable) -> None:
    sums = answer(random_normal(1, 2, 8, 8), 5).sum(dim=-1)
    seen = float(sums.min())
    assert (sums - 1).abs().max() < 1e-5, (
        f"A row sums to {seen:.3g}. Mask the logits first and take the softmax of what is left; "
        "masking a finished softmax, as the figure draws it, throws weight away."
    )


def _keeping_all_is_a_softmax(answer: Callable) -> None:
    logits = random_normal(1, 2, 6, 6)
    close_to(answer(logits, 6), logits.softmax(dim=-1), "Keeping every entry masks nothing.")


def _the_weakest_go(answer: Callable) -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5, 1.0]])
    kept = (answer(logits, 2) > 0)[0].nonzero().flatten().tolist()
    assert kept == [0, 3], (
        f"Of the logits 2 -1 0.5 1 the places {kept} were kept; expected 0 and 3, the largest."
    )


def _mask_equals_the_package(answer: Callable) -> None:
    logits = random_normal(2, 4, 9, 9)
    close_to(answer(logits, 8), strongest_only(logits, 8), "")


exercise(
    "ch15.mask",
    ("the map keeps its shape", _mask_keeps_the_shape),
    ("of every row just as many entries stay", _just_as_many_stay),
    ("rows sum to 1", _rows_sum_to_one),
    ("keeping all is the usual softmax", _keeping_all_is_a_softmax),
    ("the weakest logits go", _the_weakest_go),
    ("the result equals irlib's", _mask_equals_the_package),
)


def _rows_are_shares(answer: Callable) -> None:
    matrix = same_shape(answer(random_normal(6), 0.5), (6, 6))
    assert float(matrix.detach().min()) >= 0, (
        f"The smallest entry is {float(matrix.detach().min()):.3g}; a share is not negative."
    )
    seen = float(matrix.detach().sum(dim=1).min())
    assert abs(seen - 1) < 1e-4, f"A row sums to {seen:.3g}; the shares of a place sum to 1."


def _cold_it_is_the_order(answer: Callable) -> None:
    scores = torch.tensor([1.0, 3.0, 2.0, -1.0])
    expected = torch.eye(4)[channel_order(scores)]
    close_to(
        answer(scores, 1e-3).detach(),
        expected,
        "At temperature 0.001 row j holds a 1 where the j-th largest score stands: for the scores "
        "1 3 2 -1 these are the columns 1, 2, 0 and 3.",
        1e-3,
    )


def _every_score_has_a_gradient(answer: Callable) -> None:
    scores = random_normal(6).requires_grad_(True)
    matrix = answer(scores, 1.0)
    hint = "A sort hands on no gradient: let shares depend on the values of the scores."
    assert matrix.requires_grad, f"The matrix does not depend on the scores, says autograd. {hint}"
    (matrix * random_normal(6, 6, seed=1)).sum().backward()
    idle = [] if scores.grad is None else (scores.grad == 0).nonzero().flatten().tolist()
    assert scores.grad is not None and not idle, f"Scores {idle} have the gradient 0. {hint}"  # noqa: PT018 (one hint for both)


def _descended(answer: Callable, draw: int, steps: int = 200) -> float:
    """Share of the eight places that are right after a descent through the reader's matrix."""
    maps = random_normal(8, 48, seed=100 + draw)
    wanted = torch.randperm(8, generator=torch.Generator().manual_seed(draw))
    scores = random_normal(8, seed=200 + draw).requires_grad_(True)
    optimiser = torch.optim.Adam([scores], lr=0.1)
    for step in range(steps):
        mixed = answer(scores, 0.05 ** (step / steps)) @ maps
        optimiser.zero_grad()
        (mixed - maps[wanted]).square().mean().backward()
        optimiser.step()
    return (channel_order(scores) == wanted).float().mean().item()


def _the_order_is_found(answer: Callable) -> None:
    found = sum(_descended(answer, draw) for draw in range(6)) / 6
    assert found >= 0.5, (
        f"After the descent {found:.0%} of the places were right, expected half or more; by chance "
        "it is one in eight. The gradient has to say which channels should change places."
    )


exercise(
    "ch15.soft",
    ("the rows of the matrix are shares", _rows_are_shares),
    ("cold, the matrix is the plain order", _cold_it_is_the_order),
    ("every score has a gradient", _every_score_has_a_gradient),
    ("descending through it finds a secret order", _the_order_is_found),
)
