"""NAFNet: counts, sizes, windows and refusals that its specification states."""

import pytest
import torch

from irlib import models
from irlib.errors import UsageError
from irlib.nn import ChannelMean, NafBlock

PARTS = {
    "released": (896, 13_239_520, 697_280, 1_851_904, 696_320, 625_120, 867),
    "sidd32": (896, 4_291_264, 697_280, 22_222_848, 696_320, 1_250_240, 867),
    "gopro64": (1_792, 52_470_208, 2_787_200, 7_373_824, 2_785_280, 2_468_800, 1_731),
    "sidd64": (1_792, 16_983_424, 2_787_200, 88_485_888, 2_785_280, 4_937_600, 1_731),
}
BASELINE_64_SIDD = {
    "dim": 64,
    "encoder_blocks": (2, 2, 4, 8),
    "middle_blocks": 12,
    "decoder_blocks": (2, 2, 2, 2),
    "block": "baseline",
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def smoke(**config):
    """A small network in which every part acts."""
    torch.manual_seed(0)
    model = models.create("nafnet", preset_name="smoke", **config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("beta", "gamma")):
                parameter.normal_(std=0.5)
    return model


@pytest.mark.parametrize(
    ("preset", "config", "parameters"),
    [
        ("released", {}, 17_111_907),
        ("gopro32", {}, 17_111_907),
        ("gopro64", {}, 67_888_835),
        ("sidd32", {}, 29_159_715),
        ("sidd64", {}, 115_982_915),
        ("sidd32", {"middle_blocks": 4}, 14_344_483),
        ("baseline32", {}, 17_023_875),
        ("sidd32", {"block": "baseline", "dw_expansion": 1}, 29_056_227),
        ("baseline64", {}, 112_036_291),
        (None, BASELINE_64_SIDD, 194_419_779),
    ],
)
def test_property_1_parameter_counts_at_full_size(preset, config, parameters):
    with torch.device("meta"):
        model = models.create("nafnet", preset_name=preset, **config)
    assert model.count_parameters() == parameters


@pytest.mark.parametrize("preset", PARTS)
def test_property_1_parameter_count_of_every_part(preset):
    with torch.device("meta"):
        model = models.create("nafnet", preset_name=preset)
    assert tuple(count(part) for _, part in model.named_children()) == PARTS[preset]
    assert len(model.state_dict()) == 664


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (45, 77), (1, 1), (16, 17)])
def test_property_6_every_size_is_kept(size):
    with torch.no_grad():
        assert smoke()(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_property_6_odd_sizes_are_padded_with_zeros_at_the_right_and_bottom():
    model, image = smoke(), torch.rand(1, 3, 21, 30)
    padded = torch.zeros(1, 3, 32, 32)
    padded[:, :, :21, :30] = image
    with torch.no_grad():
        torch.testing.assert_close(model(image), model(padded)[:, :, :21, :30])


def test_multiple_follows_the_levels():
    assert smoke().multiple == 16
    shallow = {"encoder_blocks": (1, 1), "decoder_blocks": (1, 1)}
    assert smoke(**shallow).multiple == 4


def test_property_7_silent_output_layer_is_the_identity():
    model = smoke()
    for parameter in model.ending.parameters():
        torch.nn.init.zeros_(parameter)
    image = torch.rand(2, 3, 16, 32)
    assert torch.equal(model(image), image)


def test_property_2_a_fresh_network_is_its_convolutional_skeleton():
    torch.manual_seed(0)
    model = models.create("nafnet", preset_name="smoke")
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before = model(image)
        for block in model.modules():
            if isinstance(block, NafBlock):
                torch.nn.init.normal_(block.mixer.project_in.weight)
        assert torch.equal(model(image), before)


def test_property_8_decoders_are_listed_from_the_deepest():
    config = {"encoder_blocks": (1, 2, 3), "decoder_blocks": (4, 5, 6)}
    model = smoke(**config)
    assert [len(stage) for stage in model.encoders] == [1, 2, 3]
    assert [len(stage) for stage in model.decoders] == [4, 5, 6]
    widths = [stage[0].norm1.weight.numel() for stage in model.decoders]
    assert widths == [32, 16, 8]


def test_property_8_the_last_skip_is_added_first():
    model, skips, ups, entered = smoke(), [], [], []
    for encoder in model.encoders:
        encoder.register_forward_hook(lambda *given: skips.append(given[-1]))
    for up, decoder in zip(model.ups, model.decoders, strict=True):
        up.register_forward_hook(lambda *given: ups.append(given[-1]))
        decoder.register_forward_hook(lambda *given: entered.append(given[1][0]))
    with torch.no_grad():
        model(torch.rand(1, 3, 32, 32))
    for skip, up, given in zip(reversed(skips), ups, entered, strict=True):
        torch.testing.assert_close(given, up + skip)


@pytest.mark.parametrize("block", ["naf", "baseline"])
def test_every_parameter_learns(block):
    model = smoke(block=block)
    model(torch.rand(2, 3, 32, 32)).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_images_of_a_batch_do_not_mix():
    model, images = smoke(), torch.rand(3, 3, 16, 32)
    with torch.no_grad():
        alone = torch.cat([model(image[None]) for image in images])
        torch.testing.assert_close(model(images), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("block", ["naf", "baseline"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite_and_close(block, dtype):
    model, image = smoke(block=block), torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(image)
    rough.float().square().mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert (rough.float() - model(image)).abs().max() < 0.05


def test_feature_maps_stay_channels_last():
    model, strayed = smoke(train_size=(16, 16)), []

    def note(module, inputs, output):
        if not output.is_contiguous(memory_format=torch.channels_last):
            strayed.append(module)

    for module in model.modules():
        if module is not model:
            module.register_forward_hook(note)
    with torch.no_grad():
        model(torch.rand(2, 3, 32, 48))
    assert strayed == []


def windows(model):
    levels = [*model.encoders, model.middle, *model.decoders]
    found = [{m.window for m in level.modules() if isinstance(m, ChannelMean)} for level in levels]
    assert all(len(level) == 1 for level in found)
    return [level.pop() for level in found]


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((256, 256), [384, 192, 96, 48, 24, 48, 96, 192, 384]),
        ((32, 32), [48, 24, 12, 6, 3, 6, 12, 24, 48]),
        # 40 is padded to 48, so that a map of 48 >> l sees 60 / 40 of its own size
        ((40, 40), [72, 36, 18, 9, 4, 9, 18, 36, 72]),
    ],
)
def test_property_9_windows_are_one_and_a_half_training_patches(size, sides):
    assert windows(smoke(train_size=size)) == [(side, side) for side in sides]


def test_height_and_width_have_windows_of_their_own():
    assert windows(smoke(train_size=(32, 64)))[0] == (48, 96)


@pytest.mark.parametrize("size", [(32, 32), (48, 48), (45, 41)])
def test_property_9_windows_change_nothing_up_to_their_size(size):
    model, image = smoke(), torch.rand(1, 3, *size)
    with torch.no_grad():
        whole = model(image)
        model.use_windows((32, 32))
        assert torch.equal(model(image), whole)


def test_windows_act_on_larger_images_and_can_be_taken_back():
    model, image = smoke(), torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        whole = model(image)
        model.use_windows((32, 32))
        assert (model(image) - whole).abs().max() > 1e-5
        assert model.config["train_size"] == (32, 32)
        model.use_windows(None)
        assert torch.equal(model(image), whole)
    assert model.config["train_size"] is None


def test_windows_survive_a_weights_file(tmp_path):
    model = smoke(train_size=(32, 32))
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    assert windows(loaded) == windows(model)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"block": "nav"}, "did you mean 'naf'"),
        ({"encoder_blocks": (1, 1)}, "one number a level"),
        ({"encoder_blocks": (), "decoder_blocks": ()}, "one number a level"),
        ({"middle_blocks": -1}, "negative"),
        ({"dim": 0}, "dim is 0"),
        ({"dim": 3, "dw_expansion": 1}, "must be even"),
        ({"train_size": (256,)}, "train_size"),
        ({"train_size": (0, 256)}, "train_size"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        smoke(**config)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((3, 8, 8), "expected"), ((1, 4, 8, 8), "4 channels"), ((1, 3, 0, 8), "0x8")],
)
def test_wrong_shapes_are_refused(shape, words):
    with pytest.raises(UsageError, match=words):
        smoke()(torch.rand(shape))
