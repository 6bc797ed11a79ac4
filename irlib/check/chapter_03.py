"""Exercises of chapter 3: shares, pairs that stay pairs, samples by position, and a fair mix."""

from collections.abc import Callable, Mapping
from functools import cache
from math import log10

import torch
from torch import Tensor
from torch.nn import functional as F

from irlib.check import exercise
from irlib.check.answers import same_shape
from irlib.data.photos import photo
from irlib.degradations import degrade

_HEIGHT, _WIDTH, _SIZE = 6, 5, 4


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _coordinates() -> Tensor:
    """A map whose channels are row and column, so that a crop says where it was cut."""
    rows, columns = torch.meshgrid(torch.arange(_HEIGHT), torch.arange(_WIDTH), indexing="ij")
    return torch.stack([rows, columns, rows * 0]).float()


def _crop(crop_pair: Callable, seed: int) -> tuple[Tensor, Tensor]:
    where = _coordinates()
    result = crop_pair(where, where + 100, _SIZE, _generator(seed))
    wanted = "It returns two images: the crop of the degraded one and the crop of the target."
    assert isinstance(result, tuple | list), wanted
    assert len(result) == 2, wanted
    return result[0], result[1]


def _crops_have_the_size(crop_pair: Callable) -> None:
    for crop in _crop(crop_pair, 0):
        same_shape(crop, (3, _SIZE, _SIZE))


def _crops_are_one_window(crop_pair: Callable) -> None:
    for seed in range(20):
        degraded, target = _crop(crop_pair, seed)
        assert torch.equal(degraded + 100, target), (
            f"With seed {seed} the degraded crop starts at row {degraded[0, 0, 0]:.0f}, column "
            f"{degraded[1, 0, 0]:.0f}, the target's at row {target[0, 0, 0] - 100:.0f}, column "
            f"{target[1, 0, 0] - 100:.0f}. Draw the place once and cut both there."
        )


def _crops_are_connected(crop_pair: Callable) -> None:
    degraded, _ = _crop(crop_pair, 3)
    expected = _coordinates()[:, :_SIZE, :_SIZE] + degraded[:, :1, :1]
    assert torch.equal(degraded, expected), "The crop is no window of neighbouring pixels."


def _crops_follow_the_generator(crop_pair: Callable) -> None:
    torch.manual_seed(0)
    first = _crop(crop_pair, 11)[0]
    torch.manual_seed(1)
    again = _crop(crop_pair, 11)[0]
    assert torch.equal(first, again), (
        "The same generator gave two windows: hand it to every draw (generator=generator)."
    )


def _crops_reach_every_place(crop_pair: Callable) -> None:
    seen = {
        (int(crop[0, 0, 0]), int(crop[1, 0, 0]))
        for crop in (_crop(crop_pair, seed)[0] for seed in range(300))
    }
    every = {(r, c) for r in range(_HEIGHT - _SIZE + 1) for c in range(_WIDTH - _SIZE + 1)}
    missing = sorted(every - seen)
    assert not missing, (
        f"In 300 draws no window began at (row, column) {missing}. There are H - size + 1 rows "
        "to begin at; torch.randint leaves its upper bound out."
    )


exercise(
    "ch03.pairs",
    ("both crops have the size asked for", _crops_have_the_size),
    ("degraded image and target are cut at the same window", _crops_are_one_window),
    ("a crop is a window of neighbouring pixels", _crops_are_connected),
    ("the window depends on the generator given, and on nothing else", _crops_follow_the_generator),
    ("every window can be drawn, the last ones too", _crops_reach_every_place),
)


def _sample(sample: Callable, seed: int, position: int) -> Tensor:
    return same_shape(sample(seed, position), (3, 8, 8))


def _same_place_same_sample(sample: Callable) -> None:
    first = _sample(sample, 0, 5)
    assert torch.equal(first, _sample(sample, 0, 5)), (
        "Sample 5 of seed 0 was another one the second time. Make a generator from seed and "
        "position, and draw from it."
    )


def _order_does_not_matter(sample: Callable) -> None:
    forwards = [_sample(sample, 0, position) for position in (3, 4, 5)]
    backwards = [_sample(sample, 0, position) for position in (5, 4, 3)]
    for one, other in zip(forwards, reversed(backwards), strict=True):
        assert torch.equal(one, other), "Samples 3, 4, 5 changed when asked for in another order."


def _nothing_else_matters(sample: Callable) -> None:
    torch.manual_seed(1)
    first = _sample(sample, 0, 7)
    torch.manual_seed(2)
    torch.rand(100)
    assert torch.equal(first, _sample(sample, 0, 7)), (
        "torch.manual_seed, called elsewhere, changed the sample: it draws from the global stream."
    )


def _nothing_else_is_touched(sample: Callable) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    _sample(sample, 0, 7)
    assert torch.equal(before, torch.get_rng_state()), (
        "It moved torch's global stream, and with it whatever else is drawn there. Use a "
        "torch.Generator of its own."
    )


def _samples_differ(sample: Callable) -> None:
    keys = [(seed, position) for seed in range(12) for position in range(12)]
    seen: dict[bytes, tuple[int, int]] = {}
    for key in keys:
        content = _sample(sample, *key).numpy().tobytes()
        assert content not in seen, (
            f"(seed, position) {seen[content]} and {key} gave the same sample. A sum or a product "
            "of the two is no key: other pairs have it too. Hash both."
        )
        seen[content] = key


def _samples_are_normal(sample: Callable) -> None:
    values = torch.cat([_sample(sample, 0, position).flatten() for position in range(50)])
    mean, deviation = values.mean().item(), values.std().item()
    assert max(abs(mean), abs(deviation - 1)) < 0.05, (
        f"Over 50 samples the mean is {mean:.2f} and the deviation {deviation:.2f}; expected about "
        "0 and 1 (torch.randn)."
    )


exercise(
    "ch03.position",
    ("the same seed and position give the same sample", _same_place_same_sample),
    ("the order of asking does not matter", _order_does_not_matter),
    ("the global random stream has no influence", _nothing_else_matters),
    ("the global random stream is left as it was", _nothing_else_is_touched),
    ("different seeds or positions give different samples", _samples_differ),
    ("the numbers are standard normal", _samples_are_normal),
)


def _shares(shares: Callable, files: dict[str, int], factors: dict[str, int]) -> dict:
    result = shares(files, factors)
    assert set(result) == set(files), f"Expected one share for each of {', '.join(files)}."
    return result


def _shares_sum_to_one(shares: Callable) -> None:
    total = sum(_shares(shares, {"a": 10, "b": 30}, {"a": 2, "b": 5}).values())
    assert abs(total - 1) < 1e-9, f"The shares sum to {total:g}, not to 1."


def _shares_of_equal_factors(shares: Callable) -> None:
    got = _shares(shares, {"a": 10, "b": 30}, {"a": 4, "b": 4})["a"]
    assert abs(got - 0.25) < 1e-9, f"10 and 30 files, both four times: a has {got:g}, not 0.25."


def _shares_grow_with_the_factor(shares: Callable) -> None:
    got = _shares(shares, {"a": 10, "b": 30}, {"a": 3, "b": 1})["a"]
    assert abs(got - 0.5) < 1e-9, (
        f"10 files three times and 30 files once are equally many; a has {got:g}, not 0.5."
    )


def _shares_without_a_factor(shares: Callable) -> None:
    got = _shares(shares, {"a": 10, "b": 30}, {"a": 3})["b"]
    assert abs(got - 0.5) < 1e-9, "A task without a factor counts once: factors.get(task, 1)."


exercise(
    "ch03.shares",
    ("the shares sum to 1", _shares_sum_to_one),
    ("with equal factors, files alone decide", _shares_of_equal_factors),
    ("a factor of three makes ten files count as thirty", _shares_grow_with_the_factor),
    ("a task without a factor counts once", _shares_without_a_factor),
)


_TASKS = ("noise15", "rain", "blur", "snow")
_ROUNDS = 40


@cache
def _equations(task: str) -> tuple[Tensor, Tensor, float]:
    """What least squares needs of a task, for one 7 x 7 filter with an offset on grey pictures."""
    inside = slice(50, 178)
    inputs, targets = [], []
    for seed, name in enumerate(("astronaut", "motorcycle_left")):
        clean = photo(name)[:, inside, inside]
        degraded = degrade(clean, task, generator=_generator(seed)).image.clamp(0, 1)
        windows = F.unfold(degraded.mean(0).double()[None, None], 7)[0].T
        inputs.append(torch.cat([windows, torch.ones(len(windows), 1)], dim=1))
        targets.append(clean.mean(0).double()[3:-3, 3:-3].reshape(-1, 1))
    x, y = torch.cat(inputs), torch.cat(targets)
    return x.T @ x / len(x), x.T @ y / len(x), float(y.square().mean())


def _trained(shares: Mapping[str, float]) -> Tensor:
    """The filter with the least squared error over a mix of tasks."""
    left = sum(share * _equations(task)[0] for task, share in shares.items())
    right = sum(share * _equations(task)[1] for task, share in shares.items())
    return torch.linalg.solve(left + 1e-6 * torch.eye(len(left)), right)


def _error(weights: Tensor, task: str) -> float:
    left, right, energy = _equations(task)
    return (weights.T @ left @ weights - 2 * right.T @ weights).item() + energy


def _regrets(shares: Mapping[str, float]) -> dict[str, float]:
    """Decibels by which the filter of a mix is behind the filter of one task alone."""
    mixed = _trained(shares)
    alone = {task: _error(_trained({task: 1.0}), task) for task in _TASKS}
    return {task: 10 * log10(_error(mixed, task) / alone[task]) for task in _TASKS}


def _next(rule: Callable, shares: dict[str, float], regrets: dict[str, float]) -> dict[str, float]:
    result = rule(dict(shares), dict(regrets))
    assert isinstance(result, dict), f"It returned {type(result).__name__}, not a dictionary."
    assert set(result) == set(shares), f"Expected one share for each of {', '.join(shares)}."
    total = sum(result.values())
    assert min(result.values()) >= 0, f"A task has the share {min(result.values()):g}."
    assert abs(total - 1) < 1e-6, f"The new shares sum to {total:g}, not to 1."
    return {task: float(share) for task, share in result.items()}


def _shares_stay_shares(rule: Callable) -> None:
    _next(rule, {"a": 0.2, "b": 0.3, "c": 0.5}, {"a": 0.0, "b": 4.0, "c": 1.0})


def _nothing_to_change(rule: Callable) -> None:
    shares = {"a": 0.2, "b": 0.3, "c": 0.5}
    seen = _next(rule, shares, dict.fromkeys(shares, 1.5))
    off = max(abs(seen[task] - shares[task]) for task in shares)
    assert off < 1e-6, (
        f"Shares 0.2, 0.3, 0.5 became {', '.join(f'{v:.2f}' for v in seen.values())}."
    )


def _who_is_behind_gets_more(rule: Callable) -> None:
    seen = _next(rule, {"a": 0.5, "b": 0.5}, {"a": 0.5, "b": 2.0})["b"]
    assert seen > 0.5, f"b is 2.0 dB behind and a 0.5 dB; b went from a half to {seen:.2f}."


@cache
def _course(rule: Callable) -> list[float]:
    """The largest regret of each round, in decibels."""
    shares, worst = dict.fromkeys(_TASKS, 1 / len(_TASKS)), []
    for _ in range(_ROUNDS):
        regrets = _regrets(shares)
        worst.append(max(regrets.values()))
        shares = _next(rule, shares, regrets)
    return worst


def _ends_fair(rule: Callable) -> None:
    worst = _course(rule)
    assert worst[-1] < 1.7, (
        f"With equal shares one task is {worst[0]:.2f} dB behind; after {_ROUNDS} rounds of your "
        f"rule one is {worst[-1]:.2f} dB behind. Below 1.7 dB is possible."
    )


def _settles(rule: Callable) -> None:
    last = _course(rule)[-10:]
    assert max(last) - min(last) < 0.1, (
        f"In the last ten rounds the largest regret swung from {min(last):.2f} to {max(last):.2f} "
        "dB. Take smaller steps."
    )


exercise(
    "ch03.fair_mix",
    ("shares stay shares: none negative, with the sum 1", _shares_stay_shares),
    ("where all tasks are behind alike, the mix stays", _nothing_to_change),
    ("the task that is further behind gets more", _who_is_behind_gets_more),
    ("after forty rounds no task is 1.7 dB behind", _ends_fair),
    ("the mix has settled by then", _settles),
)
