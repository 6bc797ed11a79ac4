"""What the figures of DPPD leave open: each alternative of the specification's list, by its number.

Switches with tests of their own elsewhere: 1 (fusion), 2 (soft shares), 5 and 9 (numbers), 10
(query), 11 (noise) and 15 (mixtures) in test_dppd.py and tests/nn, 12 (losses) in
tests/training/test_dppd_objective.py.
"""

import pytest
import torch

from irlib import models
from irlib.errors import UsageError
from irlib.nn.prompt_distribution import RANK, PromptDistribution, variance_prior
from irlib.nn.prototypes import DegradationPrototypes

SWITCHES = {
    3: {"origin": "learned"},
    4: {"origin": "anchors"},
    6: {"gaussians": "read"},
    7: {"covariance": "low-rank"},
    8: {"input_shift": True},
    13: {"global_residual": False},
    16: {"shared": True},
}
ALL = {name: value for switch in SWITCHES.values() for name, value in switch.items()}


def smoke(**config):
    torch.manual_seed(0)
    return models.create("dppd", preset_name="smoke", **config)


def awake(**config):
    """A small network whose prompt modules act."""
    model = smoke(**config)
    with torch.no_grad():
        for module in model.prompt_modules().values():
            module.fusion.project_out.weight.normal_(std=0.3)
            if module.prototypes is not None:
                module.prototypes.ready.fill_(True)
            if module.shift is not None:
                module.shift[-1].weight.normal_(std=0.3)
    return model


@pytest.mark.parametrize("config", [*SWITCHES.values(), ALL], ids=str)
def test_every_parameter_learns_and_a_file_keeps_the_network(config, tmp_path):
    model = awake(**config).train()
    model(torch.rand(6, 3, 32, 32)).square().sum().backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    image = torch.rand(1, 3, 16, 24)
    with torch.no_grad():
        assert torch.equal(loaded(image), model.eval()(image))


@pytest.mark.parametrize("number", [3, 4, 6, 7, 8, 16])
def test_a_fresh_network_still_gives_what_restormer_gives(number):
    plain, switched = smoke().eval(), smoke(**SWITCHES[number]).eval()
    common = {n: t for n, t in plain.state_dict().items() if n in switched.state_dict()}
    restormer = {n: t for n, t in common.items() if not n.startswith("pm")}
    switched.load_state_dict(restormer, strict=False)
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(switched(image), plain(image))


def test_shipped_weights_have_none_of_the_switches():
    model = models.load_weights("dppd-equal")
    default = models.create("dppd", preset_name="smoke").config
    assert {name: model.config[name] for name in ALL} == {name: default[name] for name in ALL}
    assert model.pm1.prototypes.ready


@pytest.mark.parametrize("config", [*SWITCHES.values(), ALL], ids=str)
def test_sampling_repeats_and_images_do_not_mix(config):
    model, images = awake(**config).eval(), torch.rand(3, 3, 16, 16)
    with torch.no_grad():
        together = model(images)
        alone = torch.cat([model(image[None]) for image in images])
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
        found = []
        for seed in (0, 0, 1):
            with model.sampled(torch.Generator().manual_seed(seed)):
                found.append(model(images))
    assert torch.equal(found[0], found[1])
    assert (found[0] - found[2]).abs().max() > 1e-4


def test_switch_3_learned_prototypes_are_parameters_and_hard_from_the_start():
    module = DegradationPrototypes(dim=8, number=3, embedding_dim=6, origin="learned")
    assert {name for name, _ in module.named_parameters()} == {"prototypes", "embed.weight"}
    found = module(torch.randn(12, 8))
    assert set(found.weights.flatten().tolist()) == {0.0, 1.0}
    (found.weights * torch.randn(12, 3)).sum().backward()
    assert module.prototypes.grad.any()


def test_switch_3_anchors_are_orthogonal_as_long_as_embeddings_and_stay():
    module = DegradationPrototypes(dim=8, number=4, embedding_dim=6, origin="anchors")
    gram = module.prototypes @ module.prototypes.T
    torch.testing.assert_close(gram, 6 * torch.eye(4), atol=1e-4, rtol=1e-4)
    assert {name for name, _ in module.named_parameters()} == {"embed.weight"}
    assert module.ready
    with pytest.raises(UsageError, match="cannot be orthogonal"):
        DegradationPrototypes(dim=8, number=7, embedding_dim=6, origin="anchors")


def test_switch_6_a_gaussian_that_is_read_belongs_to_its_prototype():
    torch.manual_seed(0)
    module = PromptDistribution(8, 3, samples=20_000, read_from=6).train()
    prototypes, one_hot = torch.randn(3, 6), torch.eye(3)
    mean, spread = module.law(one_hot, prototypes)
    torch.testing.assert_close(mean, module.to_mean(prototypes))
    torch.testing.assert_close(spread, torch.full((3, 8), 0.5))
    drawn = module(one_hot, prototypes=prototypes).mean(dim=1)
    assert (drawn - mean).abs().max() < 5 * 0.5 / 20_000**0.5
    order = torch.tensor([2, 0, 1])
    moved, _ = module.law(one_hot[:, order], prototypes[order])
    torch.testing.assert_close(moved, mean)
    torch.nn.init.constant_(module.to_log_variance.bias, -4.0)
    assert variance_prior(module, prototypes) > 0.01


@pytest.mark.parametrize("weights", [[1.0, 0.0, 0.0], [0.5, 0.3, 0.2]])
def test_switch_7_drawn_prompts_have_the_covariance_of_their_law(weights):
    torch.manual_seed(0)
    module = PromptDistribution(5, 3, samples=40_000, covariance="low-rank").train()
    torch.nn.init.normal_(module.factors)
    given = torch.tensor([weights])
    prompts = module(given)[0].double()
    shares = given[0].double() ** 2
    factors, variances = module.factors.double(), module.variances().double()
    expected = torch.einsum("k,kcr,kdr->cd", shares, factors, factors)
    expected = expected + torch.diag(shares @ variances)
    assert (torch.cov(prompts.T) - expected).abs().max() < 0.05 * expected.diagonal().max()
    _, spread = module.law(given)
    torch.testing.assert_close(spread[0].double(), expected.diagonal().sqrt(), atol=1e-5, rtol=0)
    assert module.fixed_noise.shape == (40_000, 5 + 3 * RANK)


def test_switch_8_the_embedding_moves_the_mean_and_at_first_by_nothing():
    images = torch.rand(4, 3, 16, 16)
    with torch.no_grad():
        _, fresh = smoke(input_shift=True).eval()(images, return_prompts=True)
        _, moved = awake(input_shift=True).eval()(images, return_prompts=True)
    for uses, others in ((fresh, False), (moved, True)):
        use, table = uses["pm3"], smoke(input_shift=True).pm3.distribution.mean
        nearest = table[use.assignment.nearest]
        assert ((use.mean - nearest).abs().max() > 1e-3) == others


def test_switch_13_the_image_need_not_be_added():
    model = smoke(global_residual=False).eval()
    torch.nn.init.zeros_(model.output.weight)
    with torch.no_grad():
        assert not model(torch.rand(1, 3, 16, 16)).any()


def test_switch_16_the_deepest_module_assigns_for_all():
    model = awake(shared=True).eval()
    assert [m.prototypes is not None for m in model.prompt_modules().values()] == [
        True,
        False,
        False,
    ]
    with torch.no_grad():
        _, uses = model(torch.rand(4, 3, 16, 16), return_prompts=True)
    assert uses["pm1"].assignment is uses["pm2"].assignment is uses["pm3"].assignment


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"origin": "kmeans"}, "did you mean 'k-means'"),
        ({"gaussians": "shared"}, "expected own or read"),
        ({"covariance": "full"}, "covariance"),
    ],
)
def test_unknown_alternatives_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        smoke(**config)
