"""Generators that depend on their key and on nothing else."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from irlib.data.seeding import generator_for

KEYS = st.lists(st.one_of(st.integers(), st.text(max_size=8)), min_size=1, max_size=4)


def drawn(*key) -> list[int]:
    return torch.randint(2**31, (4,), generator=generator_for(*key)).tolist()


@given(KEYS)
def test_the_same_key_gives_the_same_numbers(key):
    torch.rand(3)  # the global generator plays no part
    assert drawn(*key) == drawn(*key)


def test_the_same_on_every_machine():
    assert generator_for("train", 0, 0).initial_seed() == 1_253_675_367_862_316_553


def test_neighbouring_positions_give_unrelated_streams():
    seen = {tuple(drawn("train", seed, position)) for seed in range(5) for position in range(200)}
    assert len(seen) == 1000
    numbers = torch.stack(
        [torch.rand(1000, generator=generator_for("train", 0, p)) for p in range(20)]
    )
    correlation = torch.corrcoef(numbers) - torch.eye(20)
    assert correlation.abs().max() < 0.15


def test_parts_of_a_key_are_not_run_together():
    assert drawn("a", 12) != drawn("a1", 2)
    assert drawn("a", 1, 2) != drawn("a", 12)


def test_it_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    torch.rand(5, generator=generator_for("x"))
    assert torch.equal(torch.rand(2), expected)
