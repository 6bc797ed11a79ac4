"""Exercises of chapter 13: hard choices, sampled prompts, prototypes that follow, and how many."""

from collections.abc import Callable

import torch
from torch import Tensor

from irlib.check import exercise
from irlib.check.answers import close_to, random_normal, same_shape
from irlib.nn.prompt_distribution import PromptDistribution
from irlib.nn.prototypes import DegradationPrototypes


def _assigned(seed: int = 0) -> tuple[Tensor, Tensor]:
    return random_normal(6, 4, seed=seed).requires_grad_(), random_normal(3, 4, seed=seed + 1)


def _shares(embedding: Tensor, prototypes: Tensor) -> Tensor:
    distances = (embedding[:, None] - prototypes).square().mean(dim=-1)
    return (-distances).softmax(dim=1)


def _weights_have_a_row_an_image(answer: Callable) -> None:
    same_shape(answer(*_assigned()), (6, 3))


def _the_nearest_is_chosen(answer: Callable) -> None:
    embedding, prototypes = _assigned()
    chosen = answer(embedding, prototypes).argmax(dim=1)
    nearest = torch.cdist(embedding, prototypes).argmin(dim=1)
    assert torch.equal(chosen, nearest), (
        f"The largest weights belong to {chosen.tolist()}, the nearest prototypes are "
        f"{nearest.tolist()}. The distance is the mean over the coordinates of the squared "
        "difference."
    )


def _the_value_is_exactly_one_hot(answer: Callable) -> None:
    for seed in range(20):
        values = set(answer(*_assigned(seed)).flatten().tolist())
        assert values <= {0.0, 1.0}, (
            f"Among the weights is {next(iter(values - {0.0, 1.0})):.9g}, neither 0 nor 1. In "
            "one_hot + q - q the sum from the left is rounded; (q - q) first is exactly 0."
        )


def _the_gradient_is_that_of_the_shares(answer: Callable) -> None:
    direction = random_normal(6, 3, seed=9)
    grads = []
    for function in (answer, _shares):
        embedding, prototypes = _assigned()
        weights = function(embedding, prototypes)
        assert weights.requires_grad, (
            "The weights carry no gradient: add q minus q.detach(), whose value is 0 and whose "
            "gradient is that of q."
        )
        (weights * direction).sum().backward()
        grads.append(embedding.grad)
    close_to(
        grads[0],
        grads[1],
        "That is the gradient; expected that of the softmax of the negative distances.",
    )


def _assignment_equals_the_package(answer: Callable) -> None:
    module = DegradationPrototypes(dim=4, number=3, embedding_dim=4)
    module.begin(random_normal(3, 4, seed=1))
    found = module(random_normal(6, 4))
    close_to(answer(found.embedding, module.prototypes), found.weights, "")


exercise(
    "ch13.assign",
    ("each image gets a weight for each prototype", _weights_have_a_row_an_image),
    ("the nearest prototype gets the largest weight", _the_nearest_is_chosen),
    ("the weights are exactly 0 or 1", _the_value_is_exactly_one_hot),
    ("their gradient is that of the soft shares", _the_gradient_is_that_of_the_shares),
    ("the weights equal irlib's", _assignment_equals_the_package),
)


def _gaussians() -> tuple[Tensor, Tensor]:
    return random_normal(3, 5), random_normal(3, 5, seed=1).clamp(-2, 1)


def _prompts_have_their_shape(answer: Callable) -> None:
    noise = random_normal(2, 7, 5)
    same_shape(answer(torch.eye(3)[:2], *_gaussians(), noise), (2, 7, 5))


def _without_noise_prompts_are_the_mean(answer: Callable) -> None:
    weights = torch.tensor([[0.2, 0.5, 0.3]])
    mean, log_variance = _gaussians()
    close_to(
        answer(weights, mean, log_variance, torch.zeros(1, 4, 5)),
        (weights @ mean)[:, None].expand(1, 4, 5),
        "With noise 0 every prompt is the weighted mean of the means.",
    )


def _one_hot_weights_give_one_gaussian(answer: Callable) -> None:
    mean, log_variance = _gaussians()
    noise = random_normal(1, 7, 5, seed=2)
    close_to(
        answer(torch.eye(3)[1:2], mean, log_variance, noise),
        mean[1] + (0.5 * log_variance[1]).exp() * noise,
        "For the weights 0 1 0 it is the second Gaussian alone. rho is the logarithm of the "
        "variance, so the standard deviation is exp(rho / 2).",
    )


def _variances_add_with_squared_weights(answer: Callable) -> None:
    weights = torch.full((1, 4), 0.25)
    prompts = answer(weights, torch.zeros(4, 3), torch.zeros(4, 3), torch.ones(1, 2, 3))
    same_shape(prompts, (1, 2, 3))
    seen = float(prompts.detach().mean())
    assert abs(seen - 0.5) < 1e-4, (
        f"Four Gaussians of variance 1 with equal shares, means 0 and noise 1 gave {seen:.4g}; "
        "expected 0.5. The mean of four independent numbers has a quarter of the variance: the "
        "sum of a^2 v, then the root. Standard deviations do not add."
    )


def _gradients_reach_mean_and_variance(answer: Callable) -> None:
    mean, log_variance = (part.requires_grad_() for part in _gaussians())
    prompts = answer(torch.eye(3), mean, log_variance, random_normal(3, 2, 5, seed=3))
    prompts.square().sum().backward()
    for name, part in (("mu", mean), ("rho", log_variance)):
        assert part.grad is not None and bool(part.grad.any()), (  # noqa: PT018 (one hint)
            f"No gradient reached {name}. Drawing from torch.normal(m, s) forgets where m and s "
            "came from; m + s * noise does not."
        )


def _extreme_spreads_are_clipped(answer: Callable) -> None:
    for value, edge in ((-100.0, -8.0), (100.0, 2.0)):
        prompts = answer(
            torch.ones(1, 1), torch.zeros(1, 2), torch.full((1, 2), value), torch.ones(1, 1, 2)
        )
        seen, expected = float(prompts.detach().max()), float(torch.tensor(edge / 2).exp())
        assert abs(seen - expected) < 1e-4 * max(expected, 1), (
            f"rho = {value:g} gave a spread of {seen:.4g}; expected {expected:.4g}: clip rho to "
            "[-8, 2] before the exponential."
        )


def _prompts_equal_the_package(answer: Callable) -> None:
    module = PromptDistribution(6, 4, samples=3)
    weights, noise = random_normal(2, 4).softmax(dim=1), random_normal(2, 3, 6, seed=4)
    with torch.no_grad():
        expected = module(weights, noise)
        close_to(answer(weights, module.mean, module.log_variance, noise), expected, "")


exercise(
    "ch13.draw",
    ("every image gets S prompts", _prompts_have_their_shape),
    ("without noise the prompts are the mean", _without_noise_prompts_are_the_mean),
    ("one-hot weights give the Gaussian of one prototype", _one_hot_weights_give_one_gaussian),
    ("with shares, variances add with squared weights", _variances_add_with_squared_weights),
    ("gradients reach means and variances", _gradients_reach_mean_and_variance),
    ("log-variances are clipped to [-8, 2]", _extreme_spreads_are_clipped),
    ("the prompts equal irlib's", _prompts_equal_the_package),
)


def _followed() -> tuple[Tensor, Tensor]:
    start = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 50.0]])
    return start, torch.tensor([[1.0, 1.0], [-1.0, 3.0], [9.0, 1.0]])


def _prototypes_keep_their_shape(answer: Callable) -> None:
    same_shape(answer(*_followed()), (3, 2))


def _lonely_prototypes_stay(answer: Callable) -> None:
    seen = answer(*_followed())[2]
    assert bool(seen.isfinite().all()), (
        "A prototype without members became NaN: there is no mean of nothing. It stays."
    )
    close_to(seen, torch.tensor([0.0, 50.0]), "A prototype without members stays where it is.")


def _others_go_a_fiftieth_of_the_way(answer: Callable) -> None:
    close_to(
        answer(*_followed())[:2],
        torch.tensor([[0.0, 0.04], [9.98, 0.02]]),
        "The first has two members with the mean (0, 2) and goes from (0, 0) to (0, 0.04); the "
        "second has one at (9, 1) and goes from (10, 0) to (9.98, 0.02).",
    )


def _the_old_ones_are_left_alone(answer: Callable) -> None:
    start, embeddings = _followed()
    answer(start, embeddings)
    assert torch.equal(start, _followed()[0]), (
        "The tensor given was changed in place. Between a forward and its backward pass autograd "
        "does not allow that; return a new one."
    )


def _a_constant_batch_pulls_geometrically(answer: Callable) -> None:
    prototypes, goal = torch.zeros(1, 2), torch.tensor([[4.0, -2.0]])
    for _ in range(10):
        prototypes = answer(prototypes, goal)
    close_to(
        prototypes,
        (1 - 0.98**10) * goal,
        "After ten steps towards the same point 0.98^10 of the distance is left.",
    )


def _following_equals_the_package(answer: Callable) -> None:
    module = DegradationPrototypes(dim=4, number=5, embedding_dim=4)
    embeddings = random_normal(12, 4, seed=5)
    before = module.prototypes.clone()
    module.follow(embeddings, torch.Generator().manual_seed(0))
    close_to(answer(before, embeddings), module.prototypes, "")


exercise(
    "ch13.follow",
    ("the prototypes keep their shape", _prototypes_keep_their_shape),
    ("a prototype without members stays", _lonely_prototypes_stay),
    ("another goes a fiftieth of the way to its members", _others_go_a_fiftieth_of_the_way),
    ("the prototypes given are left as they were", _the_old_ones_are_left_alone),
    ("a constant batch pulls geometrically", _a_constant_batch_pulls_geometrically),
    ("the result equals irlib's", _following_equals_the_package),
)


def _groups(sizes: tuple[int, ...], seed: int = 0) -> Tensor:
    """Round groups in six dimensions, their centres at least nine apart, in a mixed order."""
    for attempt in range(100):
        centres = 6 * random_normal(len(sizes), 6, seed=1000 * seed + attempt)
        if len(sizes) == 1 or float(torch.pdist(centres).min()) > 9:
            break
    places = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    points = centres[places] + random_normal(sum(sizes), 6, seed=seed)
    return points[torch.randperm(len(points), generator=torch.Generator().manual_seed(seed))]


def _count(answer: Callable, points: Tensor) -> int:
    number = answer(points)
    assert not isinstance(number, float) or number.is_integer(), f"It returned {number}."
    number = int(number)
    assert 1 <= number <= 8, f"It returned {number}; expected a whole number from 1 to 8."
    return number


def _plain_groups_are_counted(answer: Callable) -> None:
    seen = _count(answer, _groups((20, 20, 20)))
    assert seen == 3, f"Three groups of twenty points, far apart, were counted as {seen}."


def _no_groups_is_one(answer: Callable) -> None:
    seen = _count(answer, _groups((60,)))
    assert seen == 1, (
        f"A single round cloud was cut into {seen}. Some measure of how far groups stand apart has "
        "to be large enough before there is more than one."
    )


def _units_do_not_matter(answer: Callable) -> None:
    for number, points in ((3, _groups((20, 20, 20))), (1, _groups((60,)))):
        for factor in (0.01, 100.0):
            seen = _count(answer, factor * points + 50)
            assert seen == number, (
                f"Multiplied by {factor:g} and moved, {number} group(s) were counted as {seen}. "
                "Compare distances with each other, not with a number of pixels."
            )


def _often_right(answer: Callable) -> None:
    kinds = ((30, 30), (30, 15, 8), (15, 15, 15, 15), (30, 15, 10, 8), (12,) * 5, (10,) * 6)
    seen = [_count(answer, _groups(sizes, seed)) for seed, sizes in enumerate(kinds, 1)]
    right = sum(number == len(sizes) for number, sizes in zip(seen, kinds, strict=True))
    told = ", ".join(
        f"{number} for {len(sizes)}" for number, sizes in zip(seen, kinds, strict=True)
    )
    assert right >= 5, (
        f"Of six clouds {right} were counted right; five were asked for. It said {told}."
    )


exercise(
    "ch13.how_many",
    ("three plain groups are counted", _plain_groups_are_counted),
    ("a cloud without groups has one", _no_groups_is_one),
    ("units and places do not matter", _units_do_not_matter),
    ("of six clouds five or more are right", _often_right),
)
