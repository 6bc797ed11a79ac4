"""AirNet's encoder: shapes, batch norm, and a map that does not need the stages behind it."""

import pytest
import torch
from torch.nn import functional as F

from irlib.nn.contrastive_encoder import ContrastiveEncoder, NormResidualBlock


@pytest.mark.parametrize("size", [(8, 12), (7, 5), (3, 3), (1, 1)])
def test_the_map_keeps_the_size_and_the_code_forgets_it(size):
    encoder = ContrastiveEncoder(3, 4).eval()
    found = encoder(torch.rand(2, 3, *size))
    assert found.degradation.shape == (2, 4, *size)
    assert found.pooled.shape == found.code.shape == (2, 16)


def test_going_on_from_a_map_gives_the_same():
    encoder, image = ContrastiveEncoder(3, 4).eval(), torch.rand(2, 3, 8, 8)
    whole, rest = encoder(image), encoder.from_map(encoder.first(image))
    for ours, expected in zip(rest, whole, strict=True):
        assert torch.equal(ours, expected)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_block_is_two_convolutions_beside_one(stride, channels_last):
    block, x = NormResidualBlock(3, 4, stride), torch.rand(2, 3, 7, 9)
    if channels_last:
        block, x = (t.to(memory_format=torch.channels_last) for t in (block, x))
    inner = block.norm1(F.conv2d(x, block.conv1.weight, stride=stride, padding=1))
    inner = F.conv2d(F.leaky_relu(inner, 0.1), block.conv2.weight, padding=1)
    beside = F.conv2d(x, block.skip.weight, stride=stride)
    expected = F.leaky_relu(block.norm2(inner) + block.norm_skip(beside), 0.1)
    torch.testing.assert_close(block(x), expected, atol=1e-5, rtol=1e-5)


def test_property_1_parameters_at_full_width():
    def count(module):
        return sum(p.numel() for p in module.parameters())

    with torch.device("meta"):
        encoder = ContrastiveEncoder()
    parts = (encoder, encoder.first, encoder.deeper, encoder.projection)
    assert tuple(map(count, parts)) == (1_319_936, 39_168, 1_149_184, 131_584)
