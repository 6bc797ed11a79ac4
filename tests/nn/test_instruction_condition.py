"""The instruction condition block: silent at first, then channels opened and shut by the text."""

import pytest
import torch

from irlib.nn import InstructionCondition


def shaken(dim=6, text_dim=5):
    torch.manual_seed(0)
    block = InstructionCondition(dim, text_dim)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return block.eval()


def test_property_2_a_fresh_block_is_the_identity():
    block, x = InstructionCondition(6, 5), torch.rand(2, 6, 7, 9)
    assert torch.equal(block(x, torch.randn(2, 5)), x)


def test_as_the_equation_says():
    block, x, text = shaken(), torch.rand(2, 6, 7, 9), torch.randn(2, 5)
    gate = torch.sigmoid(text @ block.open.weight.t() + block.open.bias)[:, :, None, None]
    f = (x * block.scale + block.shift) * gate
    with torch.no_grad():
        torch.testing.assert_close(block.gated(x, text), f)
        torch.testing.assert_close(block(x, text), block.block(f) + x)


def test_property_4_without_a_scale_only_the_gated_shift_is_left():
    block, text = shaken(), torch.randn(3, 5)
    torch.nn.init.zeros_(block.scale)
    with torch.no_grad():
        f = block.gated(torch.rand(3, 6, 4, 5), text)
        expected = (block.shift * block.gate(text)[:, :, None, None]).expand_as(f)
        torch.testing.assert_close(f, expected)


def test_property_5_the_gate_lies_between_0_and_1_and_has_a_bias():
    block = shaken()
    with torch.no_grad():
        gate = block.gate(5 * torch.randn(50, 5))
        assert ((gate > 0) & (gate < 1)).all()
        assert torch.equal(block.gate(torch.zeros(1, 5)), block.open.bias.sigmoid()[None])


def test_property_13_the_gate_learns_only_once_scale_or_shift_have_moved():
    block, x, text = InstructionCondition(6, 5), torch.rand(2, 6, 7, 9), torch.randn(2, 5)
    block(x, text).square().sum().backward()
    assert block.scale.grad.any()
    assert block.shift.grad.any()
    assert not block.open.weight.grad.any()
    moved = shaken()
    moved(x, text).square().sum().backward()
    assert moved.open.weight.grad.any()


def test_one_text_serves_a_whole_batch():
    block, x, text = shaken(), torch.rand(3, 6, 4, 5), torch.randn(1, 5)
    with torch.no_grad():
        torch.testing.assert_close(block(x, text), block(x, text.expand(3, -1)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_half(dtype):
    block, x = shaken(), torch.rand(2, 6, 8, 8)
    with torch.autocast("cpu", dtype=dtype):
        assert block.gated(x.to(dtype), torch.randn(2, 5)).dtype == dtype
