"""Assignment to prototypes: straight-through, copies, life and death of a prototype."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.nn.prototypes import DegradationPrototypes


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def prototypes():
    torch.manual_seed(0)
    return DegradationPrototypes(dim=12, number=3, embedding_dim=6)


def ready(module):
    module.begin(module.prototypes.clone())
    return module


def test_embeddings_are_standardised_over_the_batch(prototypes):
    embedding = prototypes.embedding(5 + 3 * torch.randn(64, 12))
    torch.testing.assert_close(embedding.mean(dim=0), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        embedding.var(dim=0, unbiased=False), torch.ones(6), atol=1e-3, rtol=0
    )
    assert prototypes.standardise.momentum == 0.05


def test_property_8_training_is_soft_before_ready_and_exactly_one_hot_after(prototypes):
    pooled = torch.randn(32, 12)
    before = prototypes(pooled)
    assert torch.equal(before.weights, before.shares)
    after = ready(prototypes)(pooled)
    assert set(after.weights.flatten().tolist()) == {0.0, 1.0}
    assert torch.equal(after.weights.argmax(dim=1), after.nearest)


def test_property_8_the_gradient_is_that_of_the_shares(prototypes):
    pooled, direction = torch.randn(16, 12), torch.randn(16, 3)
    ready(prototypes)
    grads = []
    for which in ("weights", "shares"):
        prototypes.zero_grad()
        (getattr(prototypes(pooled), which) * direction).sum().backward()
        grads.append(prototypes.embed.weight.grad.clone())
    assert grads[0].abs().max() > 1e-4
    assert torch.equal(grads[0], grads[1])


def test_property_9_an_embedding_on_a_prototype_belongs_to_it(prototypes):
    prototypes.eval()
    pooled = torch.randn(3, 12)
    prototypes.begin(prototypes.embedding(pooled).detach())
    found = prototypes(pooled)
    assert found.nearest.tolist() == [0, 1, 2]
    assert found.distances.diagonal().tolist() == [0, 0, 0]
    assert torch.equal(found.weights, torch.eye(3))


def test_evaluation_before_ready_is_hard_on_the_random_prototypes(prototypes):
    found = prototypes.eval()(torch.randn(5, 12))
    assert not prototypes.ready
    assert set(found.weights.flatten().tolist()) == {0.0, 1.0}


def test_property_10_prototypes_are_buffers_and_may_move_between_forward_and_backward(prototypes):
    assert {name for name, _ in prototypes.named_parameters()} == {"embed.weight"}
    ready(prototypes)
    first, second = (prototypes(torch.randn(4, 12)) for _ in range(2))
    prototypes.follow(second.embedding.detach(), seeded())
    (first.weights.square().sum() + second.distances.sum()).backward()
    assert not prototypes.prototypes.requires_grad
    assert prototypes.prototypes.grad is None


def test_property_12_a_constant_batch_draws_its_prototype_in_geometrically(prototypes):
    start = torch.stack([torch.full((6,), value) for value in (-4.0, 0.0, 4.0)])
    prototypes.begin(start)
    members = 0.5 + 0.1 * torch.randn(8, 6, generator=seeded())
    goal, steps = members.mean(dim=0), 40
    for _ in range(steps):
        prototypes.follow(members, seeded())
    expected = goal + 0.98**steps * (start[1] - goal)
    torch.testing.assert_close(prototypes.prototypes[1], expected)
    assert torch.equal(prototypes.prototypes[0], start[0]), "without members it stays"


def test_property_13_an_idle_prototype_moves_after_exactly_500_steps(prototypes):
    prototypes.begin(torch.stack([torch.full((6,), value) for value in (0.0, 50.0, 90.0)]))
    batch = torch.randn(4, 6, generator=seeded())
    for _ in range(499):
        prototypes.follow(batch, seeded(1))
    assert prototypes.idle.tolist() == [0, 499, 499]
    assert prototypes.prototypes[1:].amin() > 40
    prototypes.follow(batch, seeded(1))
    assert prototypes.idle.tolist() == [0, 0, 0]
    for moved in prototypes.prototypes[1:]:
        assert any(torch.equal(moved, member) for member in batch)


def test_idle_steps_must_be_consecutive(prototypes):
    prototypes.begin(torch.stack([torch.full((6,), value) for value in (0.0, 9.0, 90.0)]))
    for _ in range(3):
        prototypes.follow(torch.zeros(2, 6), seeded(), patience=5)
    prototypes.follow(torch.full((2, 6), 9.0), seeded(), patience=5)
    assert prototypes.idle.tolist() == [1, 0, 4]


def test_property_17_one_image_in_training_is_refused_and_evaluated(prototypes):
    with pytest.raises(UsageError, match=r"one image.*--batch"):
        prototypes(torch.randn(1, 12))
    assert prototypes.eval()(torch.randn(1, 12)).weights.shape == (1, 3)


def test_soft_assignment_is_soft_in_training_and_in_evaluation():
    module = ready(DegradationPrototypes(dim=5, number=4, embedding_dim=3, assignment="soft"))
    for _ in range(2):
        found = module(torch.randn(6, 5))
        assert torch.equal(found.weights, found.shares)
        assert found.weights.amax() < 1
        module.eval()


def test_a_lower_temperature_is_surer():
    torch.manual_seed(0)
    module = DegradationPrototypes(dim=5, number=4, embedding_dim=3).eval()
    pooled = torch.randn(6, 5)
    usual = module(pooled).shares.amax(dim=1)
    module.temperature = 0.1
    assert (module(pooled).shares.amax(dim=1) > usual).all()


def test_embeddings_keep_full_precision_under_autocast(prototypes):
    prototypes.eval()
    pooled = torch.randn(4, 12)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = prototypes(pooled)
    assert torch.equal(rough.embedding, prototypes(pooled).embedding)
    assert rough.weights.dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"assignment": "sof"}, "expected hard or soft"),
        ({"number": 0}, "num_prototypes is 0"),
        ({"embedding_dim": 0}, "embedding_dim is 0"),
        ({"temperature": 0.0}, "temperature is 0"),
    ],
)
def test_arguments_that_make_no_sense_are_named(arguments, words):
    with pytest.raises(UsageError, match=words):
        DegradationPrototypes(**{"dim": 4, "number": 2, **arguments})
