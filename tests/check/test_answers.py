"""What all checks share: inputs that repeat, and what is said of an answer that does not fit."""

import pytest
import torch

from irlib.check.answers import (
    close_to,
    random_directions,
    random_normal,
    random_uniform,
    same_shape,
)


@pytest.mark.parametrize("draw", [random_normal, random_uniform, random_directions])
def test_inputs_repeat_and_depend_on_the_seed(draw):
    before = torch.get_rng_state()
    assert draw(2, 3, 4).shape == (2, 3, 4)
    assert torch.equal(draw(5, 6, seed=1), draw(5, 6, seed=1))
    assert not torch.equal(draw(5, 6), draw(5, 6, seed=1))
    assert torch.equal(torch.get_rng_state(), before)


def test_inputs_are_what_their_names_say():
    uniform, normal = random_uniform(10_000), random_normal(10_000)
    assert 0 <= uniform.min() < 0.01 < 0.99 < uniform.max() < 1
    assert normal.min() < -2 < 2 < normal.max()
    torch.testing.assert_close(random_directions(7, 5).norm(dim=-1), torch.ones(7))


def test_an_answer_of_another_kind_or_shape_is_named():
    x = torch.zeros(2, 3)
    assert same_shape(x, torch.Size([2, 3])) is x
    with pytest.raises(AssertionError, match="It returned list, not a tensor"):
        same_shape([1.0], (1,))
    with pytest.raises(AssertionError, match=r"Expected shape \(3, 2\), got \(2, 3\)"):
        same_shape(x, (3, 2))


def test_values_are_compared_after_the_shape():
    close_to(torch.ones(2) + 1e-6, torch.ones(2), "")
    close_to(torch.ones(2) + 1e-5, torch.ones(2), "", tolerance=1e-4)
    with pytest.raises(AssertionError, match=r"The largest difference is 0\.5\. Take half"):
        close_to(torch.tensor([1.0, 1.5]), torch.ones(2), "Take half.")
    with pytest.raises(AssertionError, match="Expected shape"):
        close_to(torch.ones(1), torch.ones(2), "an answer that would only spread")
