"""Restormer: sizes, counts and behaviour that its specification states."""

import pytest
import torch

from irlib import models
from irlib.errors import UsageError

SMALL = {
    "dim": 8,
    "num_blocks": (1, 1, 1, 1),
    "num_refinement_blocks": 1,
}

PARTS = {
    "patch_embed": 1_296,
    "encoder_level1": 125_116,
    "down1_2": 10_368,
    "encoder_level2": 707_232,
    "down2_3": 41_472,
    "encoder_level3": 2_738_112,
    "down3_4": 165_888,
    "latent": 14_370_448,
    "up4_3": 2_654_208,
    "reduce_level3": 73_728,
    "decoder_level3": 2_738_112,
    "up3_2": 663_552,
    "reduce_level2": 18_432,
    "decoder_level2": 707_232,
    "up2_1": 165_888,
    "decoder_level1": 471_484,
    "refinement": 471_484,
    "output": 2_592,
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        ({}, 26_126_644),
        ({"norm_type": "BiasFree"}, 26_111_668),
        ({"in_channels": 6, "dual_pixel": True}, 26_132_548),
        ({"in_channels": 1, "out_channels": 1, "norm_type": "BiasFree"}, 26_109_076),
    ],
)
def test_parameter_counts_at_full_size(config, parameters):
    with torch.device("meta"):
        assert models.create("restormer", **config).count_parameters() == parameters


def test_parameter_count_of_every_part():
    with torch.device("meta"):
        model = models.create("restormer")
    assert {name: count(part) for name, part in model.named_children()} == PARTS


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return models.create("restormer", **SMALL)


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (8, 8)])
def test_size_is_kept(small, size):
    assert small(torch.rand(1, 3, *size)).shape == (1, 3, *size)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 3, 50, 50), "50x50.*multiples of 8"),
        ((1, 3, 0, 8), "multiples of 8"),
        ((3, 64, 64), r"expected \(B, 3, H, W\)"),
        ((1, 4, 64, 64), "4 channels"),
    ],
)
def test_wrong_shapes_are_refused_with_advice(small, shape, words):
    with pytest.raises(UsageError, match=words):
        small(torch.rand(shape))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"dim": 7}, "dim is 7"),
        ({"heads": (1, 3, 4, 8)}, "heads"),
        ({"num_blocks": (1, 2)}, "num_blocks"),
        ({"in_channels": 6}, "dual_pixel"),
        ({"norm_type": "RMS"}, "norm_type"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        models.create("restormer", **{**SMALL, **config})


@pytest.mark.parametrize("bias", [False, True])
def test_silent_output_layer_is_the_identity(bias):
    model = models.create("restormer", **SMALL, bias=bias)
    for parameter in model.output.parameters():
        torch.nn.init.zeros_(parameter)
    for image in torch.rand(2, 1, 3, 16, 16):
        assert torch.equal(model(image), image)


def test_silent_dual_pixel_output_is_black():
    model = models.create("restormer", **SMALL, in_channels=6, dual_pixel=True)
    torch.nn.init.zeros_(model.output.weight)
    assert torch.equal(model(torch.rand(1, 6, 16, 16)), torch.zeros(1, 3, 16, 16))


def test_every_parameter_learns():
    torch.manual_seed(0)
    model = models.create("restormer", **SMALL, bias=True)
    model(torch.rand(2, 3, 16, 16)).square().sum().backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def test_no_chance_and_no_batch_statistics(small):
    image = torch.rand(3, 3, 16, 24)
    with torch.no_grad():
        trained, restored = small.train()(image), small.eval()(image)
        alone = torch.cat([small(single[None]) for single in image])
    assert torch.equal(trained, restored)
    torch.testing.assert_close(alone, restored, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["restormer", "promptir"])
@pytest.mark.parametrize("norm_type", ["WithBias", "BiasFree"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite_and_close(name, norm_type, dtype):
    torch.manual_seed(0)
    model = models.create(name, preset_name="smoke", norm_type=norm_type)
    image = torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(image)
    rough.float().square().mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert (rough.float() - model(image)).abs().max() < 0.05


def test_feature_maps_stay_channels_last(small):
    strayed = []

    def note(module, inputs, output):
        if not output.is_contiguous(memory_format=torch.channels_last):
            strayed.append(module)

    handles = [m.register_forward_hook(note) for m in small.modules() if m is not small]
    with torch.no_grad():
        small(torch.rand(2, 3, 16, 24))
    for handle in handles:
        handle.remove()
    assert strayed == []
