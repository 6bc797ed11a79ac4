"""Codes of degradation: one an image, of its own pixels only, at any size (property 18)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from irlib.errors import UsageError
from irlib.nn.degradation_code import DegradationEncoder, ResidualBlock

PLAIN = {"body": "plain", "widths": (32, 64, 96, 128), "strides": (2, 2, 2, 2)}
SMALL = {"widths": (6, 8), "hidden": 8}
SMALL_PLAIN = {"body": "plain", "widths": (4, 6), "strides": (2, 2)}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        ({}, 3_579_936),
        (PLAIN, 202_016),
        ({"widths": (64, 128), "hidden": 128}, 301_760),
        ({"widths": (64, 256)}, 892_096),
        ({"widths": (128, 512)}, 3_332_096),
    ],
)
def test_parameter_counts(config, parameters):
    with torch.device("meta"):
        assert count(DegradationEncoder(**config)) == parameters


@pytest.mark.parametrize("config", [SMALL, SMALL_PLAIN])
@settings(max_examples=15, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40))
def test_property_18_two_crops_of_any_size_give_a_code_each(config, height, width):
    encoder = DegradationEncoder(**config)
    with torch.no_grad():
        codes = [encoder(torch.rand(2, 3, height, width)) for _ in range(2)]
    assert [tuple(code.shape) for code in codes] == [(2, 128), (2, 128)]
    assert all(code.isfinite().all() for code in codes)


@pytest.mark.parametrize("config", [SMALL, SMALL_PLAIN])
def test_property_18_an_image_alone_has_the_code_it_has_in_a_batch(config):
    encoder, images = DegradationEncoder(**config).train(), torch.rand(4, 3, 17, 24)
    with torch.no_grad():
        together = encoder(images)
        alone = torch.cat([encoder(image[None]) for image in images])
    torch.testing.assert_close(alone, together, atol=1e-6, rtol=1e-5)
    assert [
        b for b in encoder.modules() if isinstance(b, torch.nn.modules.batchnorm._BatchNorm)
    ] == []


def test_only_the_released_code_has_length_one():
    images = torch.rand(3, 3, 16, 16)
    raw = DegradationEncoder(**SMALL_PLAIN)
    unit = DegradationEncoder(**SMALL_PLAIN, normalise_output=True)
    unit.load_state_dict(raw.state_dict())
    torch.testing.assert_close(unit(images).norm(dim=1), torch.ones(3))
    torch.testing.assert_close(raw(images) / raw(images).norm(dim=1, keepdim=True), unit(images))
    assert (raw(images).norm(dim=1) - 1).abs().max() > 0.1


def test_residual_block_adds_two_convolutions_to_a_projection():
    block, x = ResidualBlock(3, 5, 2, 0.1), torch.randn(2, 3, 9, 8)
    expected = block.skip(x[..., ::2, ::2]) + block.conv2(
        torch.where(block.conv1(x) > 0, 1.0, 0.1) * block.conv1(x)
    )
    torch.testing.assert_close(block(x), expected)
    assert block(x).shape == (2, 5, 5, 4)
    assert (block(x) < 0).any()  # no activation after the sum


def test_a_channels_last_image_has_the_gradients_of_any_other():
    # A strided 1x1 convolution corrupts memory here: torch 2.15, CPU, backward.
    torch.manual_seed(0)
    block = ResidualBlock(3, 24, stride=2, slope=0.1)
    image, gradients = torch.rand(2, 3, 128, 128), []
    for layout in (torch.contiguous_format, torch.channels_last):
        block.zero_grad()
        for _ in range(10):
            block(image.contiguous(memory_format=layout)).square().mean().backward()
        gradients.append([p.grad.clone() for p in block.parameters()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_every_parameter_learns():
    for config in (SMALL, SMALL_PLAIN):
        encoder = DegradationEncoder(**config)
        encoder(torch.randn(4, 3, 16, 16)).square().sum().backward()
        assert [n for n, p in encoder.named_parameters() if not p.grad.any()] == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"body": "residul"}, "did you mean 'residual'"),
        ({"widths": (8,)}, "cfe_widths"),
        ({"widths": (), "strides": ()}, "at least one"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        DegradationEncoder(**config)
