"""PIVPNet: the properties its specification states, and the faults of its code that ours lacks."""

from math import prod

import pytest
import torch

from irlib import models
from irlib.errors import UsageError
from irlib.evaluation import restore_image
from irlib.nn import GatedConvBlock


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def smoke(**config):
    torch.manual_seed(0)
    return models.create("pivpnet", preset_name="smoke", **config)


def lively(model):
    """The network with running statistics, affine parts and gains that are not trivial."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith(("running_mean", "bias", "beta")):
                tensor.add_(0.1 * torch.randn(tensor.shape, generator=generator))
            elif name.endswith("running_var"):
                tensor.mul_(0.5 + torch.rand(tensor.shape, generator=generator))
    return model.eval()


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (24, 24)])
@pytest.mark.parametrize("switches", [{}, {"prior": "on", "masks": "learned"}])
def test_property_1_sizes_are_kept(size, switches):
    with torch.no_grad():
        assert smoke(**switches).eval()(torch.rand(1, 3, *size)).shape == (1, 3, *size)


@pytest.mark.parametrize(
    ("size", "words"), [((20, 20), "multiples of 8"), ((16, 16), "at least 24")]
)
def test_property_1_other_sizes_are_refused(size, words):
    with pytest.raises(UsageError, match=words):
        smoke()(torch.rand(1, 3, *size))


@pytest.mark.parametrize("size", [(1, 1), (13, 200), (24, 25)])
def test_property_1_restoring_takes_any_size(size):
    restored = restore_image(smoke(), torch.rand(3, *size), tile=None)
    assert restored.shape == (3, *size)


def test_tiles_may_be_smaller_than_the_network_takes():
    image = torch.rand(3, 40, 100)
    assert restore_image(smoke(), image, tile=16, overlap=8).shape == image.shape


def test_property_4_silent_output_layer_is_the_identity():
    model = lively(smoke(prior="on", masks="learned"))
    for parameter in model.ending.parameters():
        torch.nn.init.zeros_(parameter)
    image = torch.rand(2, 3, 24, 32)
    assert torch.equal(model(image), image)


def heads_randomised(model):
    for prompt in model.prompts:
        torch.nn.init.normal_(prompt.weight_head.weight, std=5)
        torch.nn.init.normal_(prompt.weight_head.bias, std=5)
    return model


@pytest.mark.parametrize("masks", ["ones", "learned"])
def test_property_6_the_head_acts_only_where_masks_are_learned(masks):
    model, image = lively(smoke(masks=masks)), torch.rand(1, 3, 32, 32)
    restored = model(image)
    restored.square().sum().backward()
    learns = [prompt.weight_head.weight.grad is not None for prompt in model.prompts]
    with torch.no_grad():
        unchanged = torch.equal(heads_randomised(model)(image), restored)
    assert all(learns) is (masks == "learned")
    assert any(learns) is (masks == "learned")
    assert unchanged is (masks == "ones")


def test_upstream_bug_2_masks_are_saved_or_do_not_exist():
    names = set(smoke(masks="learned").state_dict()) - set(smoke().state_dict())
    assert names == {f"prompts.{level}.masks" for level in range(3)}
    tensors = {id(t) for t in (*smoke().parameters(), *smoke().buffers())}
    loose = [
        name
        for module in smoke().modules()
        for name, value in vars(module).items()
        if isinstance(value, torch.Tensor) and id(value) not in tensors
    ]
    assert loose == [], "a tensor outside the state dictionary"


@pytest.mark.parametrize("prior", ["off", "on", "added"])
def test_property_7_the_prior_acts_only_where_it_is_on(prior):
    model, image = lively(smoke(prior=prior)), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before = model(image)
        for part in (*model.prior_stems, *model.details):
            for parameter in part.parameters():
                torch.nn.init.normal_(parameter)
        assert torch.equal(model(image), before) is (prior == "off")


@pytest.mark.parametrize("masks", ["ones", "learned"])
def test_property_7_every_parameter_of_the_full_form_learns(masks):
    model = smoke(prior="on", masks=masks, dim=8)
    model(torch.rand(2, 3, 48, 48)).square().sum().backward()
    idle = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    heads = {n for n, _ in model.named_parameters() if ".weight_head." in n}
    assert idle == (heads if masks == "ones" else set())


@pytest.mark.parametrize("prior", ["off", "on", "added"])
def test_all_that_asks_for_a_gradient_gets_one(prior):
    # Else training on several devices would wait for it.
    model = smoke(prior=prior)
    model(torch.rand(1, 3, 32, 32)).sum().backward()
    assert all((p.grad is not None) == p.requires_grad for p in model.parameters())


def test_property_14_the_prior_is_pooled_to_each_level():
    model, sizes = smoke(prior="on"), []
    for stem in model.prior_stems:
        stem.register_forward_hook(lambda _, inputs, __: sizes.append(inputs[0].shape[1:]))
    model(torch.rand(1, 3, 48, 80))
    assert sizes == [(5, 6, 10), (5, 12, 20), (5, 24, 40)]


def test_property_15_hidden_widths_of_the_detail_layers():
    with torch.device("meta"):
        model = models.create("pivpnet")
    assert [detail.project_in.out_channels for detail in model.details] == [54, 108, 217]


def test_property_13_batches_do_not_mix_in_evaluation():
    model, images = lively(smoke(prior="on", masks="learned")), torch.rand(3, 3, 24, 32)
    with torch.no_grad():
        together = model(images)
        alone = torch.cat([model(image[None]) for image in images])
        assert torch.equal(model(images), together)
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
        model.train()
        mixed = torch.cat([model(image[None]) for image in images])
        assert (model(images) - mixed).abs().max() > 1e-4, "statistics of a batch"


def test_upstream_bug_15_evaluation_takes_the_running_statistics():
    # They blend the degradations of training: another image sees them, not its own.
    model, image = lively(smoke()), torch.rand(1, 3, 24, 32)
    with torch.no_grad():
        evaluated = model(image)
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        trained = model.train()(image)
        assert (evaluated - trained).abs().max() > 1e-4
        assert torch.equal(model.eval()(image), evaluated) is False, "training mode moved them"
        model.load_state_dict(state)
        assert torch.equal(model(image), evaluated)


def test_restoring_leaves_the_running_statistics_alone():
    model = smoke().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for tile in (None, 48):
        restore_image(model, torch.rand(3, 60, 90), tile=tile, overlap=16)
    assert model.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_property_16_a_constant_image_stays_constant_down_to_the_bottom():
    model, seen = lively(smoke()), []
    for stage in model.stages[:4]:
        stage.register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.no_grad():
        model(torch.full((1, 3, 32, 40), 0.7))
    assert len(seen) == 4
    for features in seen:
        torch.testing.assert_close(features, features[..., :1, :1].expand_as(features))


def test_statistics_survive_a_weights_file(tmp_path):
    model, image = lively(smoke(masks="learned", prior="added")), torch.rand(1, 3, 24, 24)
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    assert torch.equal(loaded(image), model(image))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite_and_close(dtype):
    model, image = lively(smoke(prior="on", masks="learned")), torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(image)
    assert rough.isfinite().all()
    assert (rough.float() - model(image)).abs().max() < 0.05


def test_feature_maps_stay_channels_last():
    model, strayed = smoke(prior="on", masks="learned"), []

    def note(module, inputs, output):
        if output.ndim == 4 and not output.is_contiguous(memory_format=torch.channels_last):
            strayed.append(module)

    for module in model.modules():
        if module is not model:
            module.register_forward_hook(note)
    with torch.no_grad():
        model(torch.rand(2, 3, 32, 48))
    assert strayed == []


def test_depths_and_widths_follow_the_arguments():
    model = smoke(depths=(1, 2, 3, 4, 5), prompt_sizes=(8, 4), kernel_size=3, prompt_blocks=2)
    assert model.multiple == 4
    assert model.smallest == 8
    assert [len(stage) for stage in model.stages] == [1, 2, 3, 4, 5]
    assert [len(stage) for stage in model.prompt_stages] == [2, 2]
    blocks = [module for module in model.modules() if isinstance(module, GatedConvBlock)]
    assert {block.depthwise.kernel_size for block in blocks} == {(3, 3)}
    assert model(torch.rand(2, 3, 8, 12)).shape == (2, 3, 8, 12)


def test_presets_hold_every_part():
    for preset in ("pocket", "smoke"):
        with torch.device("meta"):
            model = models.create("pivpnet", preset_name=preset)
        assert [name for name, part in model.named_children() if not count(part)] == []
    with torch.device("meta"):
        pocket = models.create("pivpnet", preset_name="pocket")
    numbers = sum(prod(tensor.shape) for tensor in pocket.state_dict().values())
    assert 4 * numbers < 5e6, "bytes of the file of weights"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"prior": "onn"}, "did you mean 'on'"),
        ({"masks": "one"}, "did you mean 'ones'"),
        ({"depths": (1, 1, 1, 1)}, "odd number of stages"),
        ({"depths": (1,)}, "odd number of stages"),
        ({"prompt_sizes": (8, 4)}, "expected 3 numbers"),
        ({"kernel_size": 4}, "odd number"),
        ({"dim": 0}, "dim is 0"),
        ({"prompt_blocks": 0}, "from 1 up"),
        ({"depths": (1, 1, 0, 1, 1, 1, 1)}, "from 1 up"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        smoke(**config)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((3, 24, 24), "expected"), ((1, 4, 24, 24), "4 channels"), ((1, 3, 0, 24), "0x24")],
)
def test_wrong_shapes_are_refused(shape, words):
    with pytest.raises(UsageError, match=words):
        smoke()(torch.rand(shape))
