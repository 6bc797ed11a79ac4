"""The feed-forward layer of two scales: its size, and which channels meet."""

import pytest
import torch

from irlib.nn import TwoScaleFeedForward


@pytest.mark.parametrize(
    ("dim", "hidden"), [(24, 63), (48, 127), (96, 255), (192, 510), (384, 1021)]
)
def test_hidden_sizes_property_13(dim, hidden):
    part = TwoScaleFeedForward(dim)
    for pairs in (part.pairs3, part.pairs5):
        assert pairs.groups == pairs.out_channels == hidden
        assert pairs.weight.shape[1] == 2
    count = sum(p.numel() for p in part.parameters())
    assert count == 4 * hidden * dim + 136 * hidden


def test_neighbours_meet_and_an_odd_group_straddles():
    part = TwoScaleFeedForward(4, 1.25).double()  # 5 hidden channels
    seen = {}
    part.pairs3.register_forward_hook(lambda _, given, out: seen.update(given=given[0], out=out))
    x = torch.randn(1, 4, 6, 6, dtype=torch.double)
    part(x)
    wide = part.project_in(x)
    p, q = part.depthwise3(wide).relu(), part.depthwise5(wide).relu()
    torch.testing.assert_close(seen["given"], torch.cat([p[:, :5], q[:, :5]], 1))
    middle = torch.stack([p[0, 4], q[0, 0]])[None]  # the last of p with the first of q
    weight, inner = part.pairs3.weight[2:3], (slice(None), slice(None))
    expected = torch.nn.functional.conv2d(middle, weight, padding=1)
    torch.testing.assert_close(seen["out"][:, 2:3][inner].relu(), expected.relu())
