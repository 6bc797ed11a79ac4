"""Counting on shapes agrees with counting by hand, and with what a CPU really keeps."""

import pytest
import torch
from torch import nn

from irlib.planning.work import Work, count, count_forward

B, C, H, W = 2, 4, 8, 6


def convolution(**options):
    with torch.device("meta"):
        return nn.Conv2d(C, C, 3, padding=1, bias=False, **options), torch.empty(B, C, H, W)


def test_a_convolution_by_hand():
    layer, image = convolution()
    once = count_forward(layer, image, batch=B)
    assert once.operations == 2 * 9 * C * C * H * W
    assert once.traffic == 4 * (2 * C * H * W + 9 * C * C / B)
    assert (once.kept, once.starts) == (0, 1)
    trained = count(lambda: layer(image), B, [layer])
    assert trained.operations == 3 * once.operations
    # The image waits for the gradient of the weights; so does nothing else but the sum's signs.
    assert trained.kept >= 4 * C * H * W
    assert trained.traffic > 2 * once.traffic


def test_a_depthwise_convolution_is_not_taken_for_a_dense_one():
    dense, image = convolution()
    wise, _ = convolution(groups=C)
    assert count(lambda: wise(image), B, [wise]).operations == (
        count(lambda: dense(image), B, [dense]).operations / C
    )


def test_a_frozen_layer_costs_one_pass_back():
    layer, image = convolution()
    once = count_forward(layer, image, batch=B)
    layer.requires_grad_(False)
    image.requires_grad_()
    assert count(lambda: layer(image), B, [layer]).operations == 2 * once.operations


def test_weights_are_not_among_what_is_kept():
    with torch.device("meta"):
        layer, image = nn.Linear(1000, 1), torch.empty(B, 1000).requires_grad_()
    assert count(lambda: layer(image), B, [layer]).kept < 4 * 1000 * 1.5
    assert count(lambda: layer(image), B).kept > 4 * 1000


def test_an_expanded_tensor_is_read_once():
    with torch.device("meta"):
        row, many = torch.empty(1, 100), torch.empty(50, 100)
    with torch.no_grad():
        moved = count(lambda: row.expand(50, 100) + many, 1).traffic
    assert moved == 4 * (100 + 2 * 50 * 100)


def test_views_cost_nothing():
    with torch.device("meta"):
        image = torch.empty(B, C, H, W)
    assert count(lambda: image.permute(0, 2, 3, 1)[..., :2], B) == Work()


def test_work_adds_and_multiplies():
    some = Work(1, 2, 3, 4)
    assert some + some == some * 2 == Work(2, 4, 6, 8)
    assert sum([some, some], Work()) == some * 2


@pytest.mark.parametrize("batch", [1, 3])
def test_the_count_is_for_one_image(batch):
    layer, _ = convolution()
    with torch.device("meta"):
        image = torch.empty(batch, C, H, W)
    assert count_forward(layer, image, batch=batch).operations == 2 * 9 * C * C * H * W
