"""Purity, active prototypes and the entropy of attention, counted by hand."""

import pytest
import torch

from irlib.metrics.prompt_use import (
    active_prototypes,
    assignment_table,
    attention_entropy,
    bits_told,
    purity,
)

LABELS = torch.tensor([0, 0, 0, 1, 1, 1])


def table(nearest):
    return assignment_table(torch.tensor(nearest), LABELS, prototypes=3, kinds=2)


def test_the_table_counts_kinds_by_prototypes():
    assert table([0, 0, 2, 2, 2, 1]).tolist() == [[2, 0, 1], [0, 1, 2]]


@pytest.mark.parametrize(
    ("nearest", "share", "active"),
    [
        ([0, 0, 0, 1, 1, 1], 1, 2),
        ([0, 2, 0, 1, 1, 1], 1, 3),
        ([0, 0, 0, 0, 0, 0], 3 / 6, 1),
        ([0, 0, 2, 2, 2, 1], 5 / 6, 3),
    ],
)
def test_purity_and_active_prototypes(nearest, share, active):
    assert purity(table(nearest)).item() == pytest.approx(share)
    assert active_prototypes(table(nearest)).item() == active


def test_entropy_is_1_for_even_attention_and_0_for_a_single_prompt():
    even, sure = torch.full((2, 3, 5, 16), 1 / 16), torch.eye(16)
    assert attention_entropy(even).item() == pytest.approx(1)
    assert attention_entropy(sure).item() == 0
    halves = torch.tensor([0.5, 0.5, 0.0, 0.0])
    assert attention_entropy(halves).item() == pytest.approx(0.5)


def test_bits_that_a_prototype_tells():
    assert bits_told(table([0, 0, 0, 1, 1, 1])).item() == pytest.approx(1)
    assert bits_told(table([0, 2, 0, 1, 1, 1])).item() == pytest.approx(1), "all is told twice"
    assert bits_told(table([0, 0, 0, 0, 0, 0])).item() == pytest.approx(0, abs=1e-6)
    assert bits_told(table([0, 1, 2, 0, 1, 2])).item() == pytest.approx(0, abs=1e-6)
    assert 0 < bits_told(table([0, 0, 2, 2, 2, 1])).item() < 1
