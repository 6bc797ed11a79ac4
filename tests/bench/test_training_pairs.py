"""Measuring pairs leaves the machine as it was."""

import torch

from irlib.bench.training_pairs import measure_pairs


def test_threads_are_put_back():
    before = torch.get_num_threads()
    measure_pairs(rounds=1, count=1)
    assert torch.get_num_threads() == before
