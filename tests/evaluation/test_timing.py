"""Speed is measured in rounds that alternate, and leaves the machine as it was."""

import torch

from irlib import models
from irlib.evaluation.timing import in_turns, measure_network, measure_pairs


def test_rounds_alternate_and_the_first_is_not_counted():
    calls = []
    seconds = in_turns(2, lambda n: calls.append(("a", n)), lambda n: calls.append(("b", n)))
    assert calls == [("b", 0), ("a", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    assert len(seconds) == 2


def test_threads_are_put_back():
    before = torch.get_num_threads()
    measure_pairs(rounds=1, count=1)
    assert torch.get_num_threads() == before


def test_a_network_is_timed_restoring_and_training():
    model = models.create("promptir", **models.preset("promptir", "smoke"))
    values = measure_network(model, 1, batch=1, patch=16)
    assert set(values) == {"forward_images_per_s", "training_images_per_s", "training_ratio"}
    assert all(value > 0 for value in values.values())
