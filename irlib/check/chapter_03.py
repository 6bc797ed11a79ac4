"""Exercises of chapter 3: pairs that stay pairs, samples by position, shares of a mix."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from irlib.check import exercise

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
    wanted = "It returns two images: the crop of the degraded image and the crop of the target."
    assert isinstance(result, tuple | list), wanted
    assert len(result) == 2, wanted
    return result[0], result[1]


def _crops_have_the_size(crop_pair: Callable) -> None:
    for crop in _crop(crop_pair, 0):
        got = tuple(crop.shape)
        assert got == (3, _SIZE, _SIZE), f"Expected shape {(3, _SIZE, _SIZE)}, got {got}."


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
    result = sample(seed, position)
    assert isinstance(result, Tensor), f"It returned {type(result).__name__}, not a tensor."
    got = tuple(result.shape)
    assert got == (3, 8, 8), f"Expected shape (3, 8, 8), got {got}."
    return result


def _same_place_same_sample(sample: Callable) -> None:
    first = _sample(sample, 0, 5)
    assert torch.equal(first, _sample(sample, 0, 5)), (
        "Sample 5 of seed 0 was another one the second time. Make a generator from seed and "
        "position, and draw from it."
    )


def _order_does_not_matter(sample: Callable) -> None:
    forwards = [_sample(sample, 0, position) for position in (3, 4, 5)]
    backwards = [_sample(sample, 0, position) for position in (5, 4, 3)]
    same = all(map(torch.equal, forwards, reversed(backwards)))
    assert same, "Samples 3, 4, 5 changed when they were asked for in another order."


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


def _shares(shares: Callable, files: Mapping[str, int], factors: Mapping[str, int]) -> dict:
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
