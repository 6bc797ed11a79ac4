"""Fusion of a skip: a local map or one vector, chosen by a share."""

import torch

from irlib.nn import SkipFusion


def test_the_share_chooses_property_11():
    torch.manual_seed(0)
    part, x = SkipFusion(16, 8, reduction=4), torch.randn(2, 16, 10, 12)
    last = part.share[-1]
    torch.nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.fill_(50)
        torch.testing.assert_close(part(x), part.local(x))
        last.bias.fill_(-50)
        constant = part(x)
    torch.testing.assert_close(constant, constant[..., :1, :1].expand_as(constant))


def test_parameters():
    assert sum(p.numel() for p in SkipFusion(192, 96, reduction=8).parameters()) == 46_284
    assert sum(p.numel() for p in SkipFusion(96, 48, reduction=4).parameters()) == 18_540
