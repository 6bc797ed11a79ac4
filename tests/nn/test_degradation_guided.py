"""AirNet's modulation: what a map of the degradation does to features."""

import pytest
import torch
from torch import nn

from irlib.nn.degradation_guided import (
    DegradationGuidedBlock,
    DegradationGuidedGroup,
    DegradationGuidedModule,
    FeatureTransform,
)


def maps(dim=4):
    return torch.rand(2, dim, 6, 7), torch.rand(2, dim, 6, 7)


def zero(*modules):
    for module in modules:
        for parameter in module.parameters():
            nn.init.zeros_(parameter)


def test_property_4_a_silent_transform_leaves_the_convolution_alone():
    module, (features, degradation) = DegradationGuidedModule(4), maps()
    zero(module.transform)
    assert not module.transform(features, degradation).any()
    expected = features + module.deformable(features, degradation)
    assert torch.equal(module(features, degradation), expected)


def test_the_scale_is_gamma_and_not_one_plus_gamma():
    transform, (features, degradation) = FeatureTransform(4), maps()
    zero(transform.beta)
    scale = transform.gamma(degradation)
    assert torch.equal(transform(features, degradation), features * scale)


def test_the_transform_has_no_bias_and_says_nothing_of_a_map_of_zeros():
    transform, (features, degradation) = FeatureTransform(4), maps()
    assert not transform(features, 0 * degradation).any()
    assert [name for name, _ in transform.named_parameters() if name.endswith("bias")] == []


def test_silent_last_convolutions_make_block_and_group_the_identity():
    group, (features, degradation) = DegradationGuidedGroup(4, blocks=2), maps()
    zero(group.body[-1])
    assert torch.equal(group(features, degradation), features)
    block = DegradationGuidedBlock(4)
    zero(block.conv2)
    assert torch.equal(block(features, degradation), features)


@pytest.mark.parametrize("place", [0, 1])
def test_both_modulations_read_the_map(place):
    block, (features, degradation) = DegradationGuidedBlock(4), maps()
    other = (block.modulation1, block.modulation2)[1 - place]
    zero(other.transform)
    plain = block(features, degradation)
    assert not torch.allclose(block(features, degradation + 1), plain)


def test_property_1_parameters_at_full_width():
    def count(module):
        return sum(p.numel() for p in module.parameters())

    with torch.device("meta"):
        group = DegradationGuidedGroup(64, 5)
    module = group.body[0].modulation1
    assert (count(group), count(group.body[0]), count(module)) == (1_249_998, 242_614, 84_379)
    assert (count(module.deformable), count(module.transform)) == (67_995, 16_384)
