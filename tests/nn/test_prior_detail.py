"""The prior, and the detail layer that it guides, against their equations."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn import PriorDetail, channel_prior


def equation(detail, x, prior, approximate="none"):
    """The layer written down once more, convolution by convolution."""
    conv, groups = F.conv2d, detail.near.out_channels
    y = conv(x, detail.project_in.weight)
    near = conv(y, detail.near.weight, padding=1, groups=groups)
    wide = conv(near, detail.wide.weight, padding=2, groups=groups)
    strengths = torch.sigmoid(conv(prior, detail.strengths.weight, padding=1))
    inner = y + (near * strengths[:, :1] + wide * strengths[:, 1:]) * y
    inner = conv(inner, detail.smooth.weight, padding=1, groups=groups)
    return conv(F.gelu(inner, approximate=approximate), detail.project_out.weight)


def unit_sized(dim):
    """Layers whose every output is about of size one, so that each nonlinearity shows."""
    torch.manual_seed(0)
    detail = PriorDetail(dim)
    for conv in detail.children():
        fan = conv.weight[0].numel()
        torch.nn.init.normal_(conv.weight, std=fan**-0.5)
    return detail, torch.randn(2, dim, 9, 11), torch.randn(2, dim, 9, 11)


def test_property_3_the_equation_with_the_exact_gelu():
    detail, x, prior = unit_sized(8)
    given = detail(x, prior)
    assert 0.1 < given.std() < 10
    torch.testing.assert_close(given, equation(detail, x, prior), atol=1e-6, rtol=1e-5)
    assert (given - equation(detail, x, prior, "tanh")).abs().max() > 1e-5


@pytest.mark.parametrize(("dim", "parameters"), [(64, 10_386), (128, 34_596), (256, 125_043)])
def test_parameters(dim, parameters):
    assert sum(parameter.numel() for parameter in PriorDetail(dim).parameters()) == parameters


def test_the_prior_acts_through_two_channels_only():
    detail, x, prior = unit_sized(8)
    torch.nn.init.zeros_(detail.strengths.weight)
    assert torch.equal(detail(x, prior), detail(x, torch.zeros_like(prior)))
    assert detail.strengths.out_channels == 2


def test_property_14_the_prior_is_the_channel_maximum_and_mean():
    image = torch.rand(2, 3, 16, 24)
    prior = channel_prior(image)
    assert prior.shape == (2, 5, 16, 24)
    assert torch.equal(prior[:, :3], image)
    assert (prior[:, 3:4] >= image).all()
    torch.testing.assert_close(prior[:, 4], image.mean(dim=1))
