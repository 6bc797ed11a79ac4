"""Contrast with a queue: logits, their order, and who gets a gradient."""

import pytest
import torch
from torch.nn import functional as F

from irlib.errors import UsageError
from irlib.losses.momentum_contrast import momentum_contrast, momentum_logits


def drawn(batch=3, size=5, length=7):
    g = torch.Generator().manual_seed(0)
    code, key = torch.randn(2, batch, size, generator=g)
    return code, F.normalize(key, dim=1), F.normalize(torch.randn(size, length, generator=g), dim=0)


def test_property_7_logits_are_cosines_over_temperature_the_own_key_first():
    code, key, queue = drawn()
    logits = momentum_logits(code, key, queue)
    assert logits.shape == (3, 8)
    own = F.cosine_similarity(code, key) / 0.07
    torch.testing.assert_close(logits[:, 0], own)
    others = F.cosine_similarity(code[:, None], queue.t()[None], dim=2) / 0.07
    torch.testing.assert_close(logits[:, 1:], others)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_the_loss_is_the_cross_entropy_with_label_zero(temperature):
    given = drawn()
    logits = momentum_logits(*given, temperature)
    expected = F.cross_entropy(logits, torch.zeros(3, dtype=torch.int64))
    torch.testing.assert_close(momentum_contrast(*given, temperature), expected)


def test_only_the_code_learns():
    code, key, queue = (t.requires_grad_() for t in drawn())
    momentum_contrast(code, key, queue).backward()
    assert code.grad.any()
    assert key.grad is None
    assert queue.grad is None


def test_the_length_of_a_code_does_not_matter():
    code, key, queue = drawn()
    torch.testing.assert_close(
        momentum_contrast(9 * code, key, queue), momentum_contrast(code, key, queue)
    )


def test_agreement_with_the_own_key_is_rewarded_and_with_the_queue_is_not():
    _, key, queue = drawn()
    assert momentum_contrast(key, key, queue) < momentum_contrast(queue.t()[:3], key, queue)


def test_half_precision_does_not_blur_the_cosines():
    given = drawn()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(momentum_contrast(*given), momentum_contrast(*given))
        rough = momentum_contrast(*given)
    torch.testing.assert_close(rough, momentum_contrast(*given))


@pytest.mark.parametrize("shapes", [((3, 5), (2, 5), (5, 7)), ((3, 5), (3, 5), (4, 7))])
def test_shapes_that_do_not_belong_together_are_refused(shapes):
    with pytest.raises(UsageError, match="expected"):
        momentum_contrast(*map(torch.rand, shapes))
    with pytest.raises(UsageError, match="above 0"):
        momentum_contrast(*drawn(), temperature=0.0)
