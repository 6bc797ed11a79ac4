"""gUNet's residual block: what it adds, and the weights it starts with."""

import pytest
import torch

from irlib.nn import GatedConvBlock
from irlib.nn.gated_conv import first_std


@pytest.mark.parametrize(("dim", "kernel_size"), [(8, 5), (6, 3)])
def test_parameters(dim, kernel_size):
    block = GatedConvBlock(dim, kernel_size)
    count = sum(parameter.numel() for parameter in block.parameters())
    assert count == 3 * dim**2 + (6 + kernel_size**2) * dim


def test_property_11_without_projection_it_is_the_identity():
    block, x = GatedConvBlock(8).eval(), torch.randn(2, 8, 9, 12)
    torch.nn.init.zeros_(block.project_out.weight)
    assert torch.equal(block(x), x)


def test_property_11_the_gate_lies_between_0_and_1():
    block, x, seen = GatedConvBlock(8), 9 * torch.randn(2, 8, 9, 12), []
    for conv in (block.gate, block.depthwise, block.project_out):
        torch.nn.init.normal_(conv.weight)
        conv.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    block(x)
    _, ungated = seen[0]
    gated = seen[-1][0]
    assert (gated.abs() <= ungated.abs()).all()
    assert (gated * ungated >= 0).all()


@pytest.mark.parametrize("layer", ["value", "depthwise", "gate", "project_out"])
def test_property_12_first_weights(layer):
    torch.manual_seed(0)
    dim, blocks = 64, 64
    conv = getattr(GatedConvBlock(dim, network_blocks=blocks), layer)
    fans = {"depthwise": 25 + 25 * dim}.get(layer, 2 * dim)
    expected = 0.21022 * (2 / fans) ** 0.5
    assert first_std(conv, blocks) == pytest.approx(expected, rel=1e-4)
    assert conv.weight.std().item() == pytest.approx(expected, rel=0.06)
    assert abs(conv.weight.mean().item()) < 0.1 * expected
    assert not conv.bias.any()


def test_borders_are_mirrored():
    torch.manual_seed(0)
    block = GatedConvBlock(4).eval()
    flat = block(torch.full((1, 4, 8, 8), 0.3))
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))


def test_it_normalises_by_the_batch_in_training_and_by_what_it_has_seen_after():
    torch.manual_seed(0)
    block, x = GatedConvBlock(4), 3 + 2 * torch.randn(8, 4, 16, 16)
    for _ in range(80):
        block(x)
    torch.testing.assert_close(block.norm.running_mean, x.mean(dim=(0, 2, 3)), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(block(x), block.eval()(x), rtol=1e-2, atol=1e-3)
