"""Momentum contrast's slow side: the encoder that follows and the queue that it fills."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.nn.contrastive_encoder import ContrastiveEncoder
from irlib.nn.momentum_keys import MomentumKeys


def made(length=6, **settings):
    torch.manual_seed(0)
    encoder = ContrastiveEncoder(3, 2)
    return encoder, MomentumKeys(encoder, length, 8, **settings)


def unit(count, seed=1):
    codes = torch.randn(count, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(codes, dim=1)


def test_property_9_the_update_moves_parameters_and_no_running_statistics():
    encoder, keys = made()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(torch.randn_like(parameter))
    encoder(torch.rand(4, 3, 8, 8))
    before = {name: t.clone() for name, t in keys.encoder.state_dict().items()}
    keys.follow(encoder)
    after = keys.encoder.state_dict()
    for name, parameter in encoder.named_parameters():
        step = after[name] - before[name]
        torch.testing.assert_close(step, 0.001 * (parameter - before[name]), atol=1e-6, rtol=1e-3)
    for name, _ in encoder.named_buffers():
        assert torch.equal(after[name], before[name]), name


def test_property_9_keys_carry_no_gradient():
    _, keys = made()
    found = keys.train().keys(torch.rand(4, 3, 8, 8))
    assert not found.requires_grad
    assert not any(parameter.requires_grad for parameter in keys.parameters())
    torch.testing.assert_close(found.norm(dim=1), torch.ones(4))


def test_in_training_keys_use_the_statistics_of_their_batch_and_keep_their_own():
    encoder, keys = made()
    keys.train().keys(torch.rand(4, 3, 8, 8))
    assert keys.encoder.first.norm1.num_batches_tracked == 1
    assert encoder.first.norm1.num_batches_tracked == 0


def test_property_8_the_queue_starts_at_random_codes_of_length_one():
    _, keys = made(50)
    torch.testing.assert_close(keys.queue.norm(dim=0), torch.ones(50))
    assert keys.queue.shape == (8, 50)
    assert (keys.queue.t() @ keys.queue).fill_diagonal_(0).abs().max() < 0.99


def test_property_8_only_the_oldest_codes_are_replaced_and_the_pointer_wraps():
    _, keys = made(6)
    for turn in range(4):
        before, codes = keys.queue.clone(), unit(2, turn)
        keys.enqueue(codes)
        first = 2 * turn % 6
        assert torch.equal(keys.queue[:, first : first + 2], codes.t())
        changed = (keys.queue != before).any(dim=0)
        assert changed.nonzero().flatten().tolist() == [first, first + 1]
        assert keys.pointer.tolist() == [(2 * turn + 2) % 6]


def test_bug_6_any_batch_up_to_the_length_fits():
    """The authors' code needs a length that their batch divides."""
    _, keys = made(6)
    keys.enqueue(unit(4))
    keys.enqueue(unit(4, seed=2))
    assert keys.pointer.tolist() == [2]
    assert torch.equal(keys.queue[:, [4, 5, 0, 1]], unit(4, seed=2).t())
    keys.enqueue(unit(6, seed=3))
    with pytest.raises(UsageError, match="a queue of 6"):
        keys.enqueue(unit(7))


@pytest.mark.parametrize("settings", [{"length": 0}, {"momentum": 1.5}, {"momentum": -0.1}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(UsageError, match="expected"):
        made(**settings)
