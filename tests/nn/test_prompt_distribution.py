"""Prompts have the mean and the spread that they should, whatever the mode."""

import pytest
import torch

from irlib.errors import UsageError
from irlib.nn.prompt_distribution import (
    PromptDistribution,
    balanced_noise,
    variance_prior,
)


def made(**arguments):
    torch.manual_seed(0)
    return PromptDistribution(**{"dim": 8, "number": 3, "samples": 16, **arguments})


ONE_HOT = torch.eye(3)


def test_property_6_fixed_noise_has_mean_0_and_variance_1():
    noise = made(dim=384).fixed_noise.double()
    assert noise.shape == (16, 384)
    assert noise.mean(dim=0).abs().max() < 1e-6
    assert (noise.var(dim=0, unbiased=False) - 1).abs().max() < 1e-6
    torch.manual_seed(99)
    assert torch.equal(balanced_noise(16, 384), noise.float()), "whatever the global generator"
    assert "fixed_noise" in made().state_dict()


def test_fixed_prompts_have_exactly_the_mean_and_spread_of_their_gaussian():
    prompts = made().eval()(ONE_HOT)
    mean, spread = made().law(ONE_HOT)
    torch.testing.assert_close(prompts.mean(dim=1), mean, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(prompts.std(dim=1, unbiased=False), spread)
    torch.testing.assert_close(spread, torch.full((3, 8), 0.5))


@pytest.mark.parametrize(("dim", "errors"), [(8, 3), (384, 5)])
def test_property_7_drawn_prompts_have_the_mean_and_variance_of_their_gaussian(dim, errors):
    module = made(dim=dim, samples=20_000).train()
    weights = torch.tensor([[0.5, 0.3, 0.2]])
    mean, spread = module.law(weights)
    prompts = module(weights)[0].double()
    allowed = errors * spread[0] / 20_000**0.5
    assert ((prompts.mean(dim=0) - mean[0]).abs() < allowed).all()
    variance = spread[0].square()
    allowed = errors * variance * (2 / 20_000) ** 0.5
    assert ((prompts.var(dim=0) - variance).abs() < allowed).all()


def test_property_7_at_the_lower_clip_prompts_stay_at_the_mean():
    module = made().eval()
    torch.nn.init.constant_(module.log_variance, -30.0)
    mean, _ = module.law(ONE_HOT)
    assert (module(ONE_HOT) - mean[:, None]).abs().max() < 0.1


def test_property_14_spreads_of_shares_add_as_squares():
    module = made()
    torch.nn.init.uniform_(module.log_variance, -3, 1)
    shares = torch.tensor([[0.2, 0.5, 0.3]])
    _, spread = module.law(shares)
    expected = sum(a**2 * v for a, v in zip(shares[0], module.log_variance.exp(), strict=True))
    torch.testing.assert_close(spread[0].square(), expected)
    torch.nn.init.constant_(module.log_variance, -1.0)
    _, spread = module.law(torch.full((1, 3), 1 / 3))
    torch.testing.assert_close(spread.square(), torch.full((1, 8), -1.0).exp() / 3)


def test_property_16_log_variances_out_of_range_get_no_gradient_and_stay_finite():
    module = made().train()
    with torch.no_grad():
        module.log_variance[:, 0] = -1e4
        module.log_variance[:, 1] = 1e4
    prompts = module(ONE_HOT)
    prompts.square().sum().backward()
    assert prompts.isfinite().all()
    assert not module.log_variance.grad[:, :2].any()
    assert module.log_variance.grad[:, 2:].all()


def test_gradients_reach_mean_spread_and_weights():
    module, weights = made().train(), torch.full((2, 3), 1 / 3, requires_grad=True)
    module(weights).square().sum().backward()
    for tensor in (module.mean, module.log_variance, weights):
        assert tensor.grad.abs().max() > 0


def test_each_image_of_a_training_batch_has_noise_of_its_own():
    first, second = made().train()(ONE_HOT[[0, 0]])
    assert not torch.equal(first, second)


def test_modes_of_evaluation():
    mean, _ = made().law(ONE_HOT)
    assert torch.equal(made(eval_noise="mean").eval()(ONE_HOT), mean[:, None].expand(3, 16, 8))
    fixed = made().eval()
    assert torch.equal(fixed(ONE_HOT), fixed(ONE_HOT))
    drawn = made(eval_noise="sample").eval()
    assert not torch.equal(drawn(ONE_HOT), drawn(ONE_HOT))
    given = torch.randn(16, 8)
    assert torch.equal(drawn(ONE_HOT, given), fixed(ONE_HOT, given))


def test_a_single_sample_is_the_mean():
    module = made(samples=1).eval()
    assert torch.equal(module(ONE_HOT)[:, 0], module.law(ONE_HOT)[0])


def test_property_18_the_variance_prior_is_0_at_the_first_spread_and_positive_elsewhere():
    module = made()
    assert abs(variance_prior(module).item()) < 1e-6
    for value in (-4.0, 1.0):
        torch.nn.init.constant_(module.log_variance, value)
        assert variance_prior(module).item() > 0.01
    variance_prior(module).backward()
    assert module.mean.grad is None, "it does not move the means"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"eval_noise": "fixt"}, "did you mean 'fixed'"), ({"samples": 0}, "num_prompts is 0")],
)
def test_arguments_that_make_no_sense_are_named(arguments, words):
    with pytest.raises(UsageError, match=words):
        made(**arguments)
