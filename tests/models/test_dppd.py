"""DPPD: the properties that its specification states, by their numbers."""

import pytest
import torch

from irlib import models
from irlib.data.photos import photo
from irlib.errors import UsageError
from irlib.evaluation.restore import restore_image
from irlib.nn.dynamic_prompt import DynamicPrompt

ADDED = {
    3: (617_472, 161_280, 43_776, 26_949_172),
    5: (619_008, 162_048, 44_160, 26_951_860),
    7: (620_544, 162_816, 44_544, 26_954_548),
    11: (623_616, 164_352, 45_312, 26_959_924),
}


def smoke(**config):
    torch.manual_seed(0)
    return models.create("dppd", preset_name="smoke", **config)


def awake(**config):
    """A small network in evaluation, whose prompt modules act and whose prototypes are ready."""
    model = smoke(**config).eval()
    with torch.no_grad():
        for module in model.prompt_modules().values():
            module.fusion.project_out.weight.normal_(std=0.3)
            module.prototypes.begin(module.prototypes.prototypes.clone())
    return model


@pytest.mark.parametrize("number", ADDED)
def test_property_1_parameter_counts_at_full_size(number):
    with torch.device("meta"):
        model = models.create("dppd", num_prototypes=number)
    modules = model.prompt_modules()
    assert list(modules) == ["pm3", "pm2", "pm1"]
    counts = [sum(p.numel() for p in module.parameters()) for module in modules.values()]
    assert (*counts, model.count_parameters()) == ADDED[number]
    for width, count in zip((384, 192, 96), counts, strict=True):
        assert count == 4 * width**2 + 64 * width + 2 * number * width + 2 * width
    assert [m.fusion.num_heads for m in modules.values()] == [8, 4, 2]


@pytest.mark.parametrize(
    ("preset", "number", "assignment"),
    [
        ("released", 3, "hard"),
        ("paper", 3, "hard"),
        ("composite", 11, "hard"),
        ("composite-soft", 4, "soft"),
    ],
)
def test_presets_of_full_size(preset, number, assignment):
    config = models.preset("dppd", preset)
    assert (config["num_prototypes"], config["assignment"]) == (number, assignment)
    assert (config["num_prompts"], config["embedding_dim"], config["temperature"]) == (16, 64, 1.0)
    assert (config["eval_noise"], config["query"], config["fusion"]) == (
        "fixed",
        "pixels",
        "residual",
    )


def test_the_pocket_network_fits_into_five_megabytes():
    model = models.create("dppd", preset_name="pocket")
    assert 1_000_000 <= model.count_parameters() <= 1_250_000
    assert sum(t.numel() * t.element_size() for t in model.state_dict().values()) < 5e6


@pytest.mark.parametrize("config", [{}, {"query": "pooled"}, {"assignment": "soft"}])
def test_property_2_a_fresh_network_is_restormer_bit_for_bit(config):
    model = smoke(**config).eval()
    names = ("dim", "num_blocks", "num_refinement_blocks", "heads")
    restormer = models.create("restormer", **{name: model.config[name] for name in names}).eval()
    own = restormer.state_dict()
    restormer.load_state_dict({name: model.state_dict()[name] for name in own})
    image = torch.rand(2, 3, 32, 48)
    with torch.no_grad():
        assert torch.equal(model(image), restormer(image))


def test_without_prompts_it_is_restormer():
    with torch.device("meta"):
        assert models.create("dppd", use_prompts=False).count_parameters() == 26_126_644
    model = smoke(use_prompts=False)
    assert model.prompt_modules() == {}
    assert model(torch.rand(1, 3, 16, 16)).shape == (1, 3, 16, 16), "one image is enough to train"


@pytest.mark.parametrize("size", [(8, 8), (6, 10), (1, 1)])
def test_property_3_a_prompt_module_fits_any_map(size):
    module = DynamicPrompt(12, num_heads=3, num_prototypes=2, num_prompts=4, embedding_dim=6)
    x = torch.randn(2, 12, *size)
    term, use = module(x)
    assert (x + term).shape == x.shape
    assert use.attention.shape == (2, 3, size[0] * size[1], 4)
    assert use.mean.shape == use.spread.shape == (2, 12)


@pytest.mark.parametrize("fusion", ["residual", "pim"])
@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
def test_property_3_the_size_is_kept(size, fusion):
    with torch.no_grad():
        assert awake(fusion=fusion)(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_property_4_evaluation_depends_on_the_image_alone():
    model, images = awake(), torch.rand(3, 3, 16, 24)
    with torch.no_grad():
        together = model(images)
        torch.manual_seed(123)
        assert torch.equal(model(images), together), "not on the global generator"
        alone = torch.cat([model(image[None]) for image in images])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=1e-5)


def test_property_5_sampling_repeats_with_its_generator():
    model, image = awake(), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        fixed, found = model(image), []
        for seed in (0, 0, 1):
            with model.sampled(torch.Generator().manual_seed(seed)):
                found.append(model(image))
                assert torch.equal(model(image), found[-1]), "one draw is held"
        assert torch.equal(model(image), fixed), "and let go after"
    assert torch.equal(found[0], found[1])
    assert (found[0] - found[2]).abs().max() > 1e-4
    assert (found[0] - fixed).abs().max() > 1e-4


def test_a_failure_while_sampling_lets_the_draw_go():
    model, image = awake(), torch.rand(1, 3, 16, 16)
    with pytest.raises(UsageError), model.sampled(torch.Generator()):
        model(image[:, :, :15])
    with torch.no_grad():
        assert torch.equal(model(image), awake()(image))


def test_eval_noise_can_be_fresh_or_none():
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        fresh, still = awake(eval_noise="sample"), awake(eval_noise="mean")
        assert not torch.equal(fresh(image), fresh(image))
        assert torch.equal(still(image), still(image))
        _, uses = still(image, return_prompts=True)
    for use in uses.values():
        torch.testing.assert_close(use.attention, torch.full_like(use.attention, 0.25))


def test_noise_can_be_given_by_name():
    model, images = awake().train(), torch.rand(2, 3, 16, 16)
    noise = model.draw_noise(torch.Generator().manual_seed(0), batch=2)
    assert {name: tuple(n.shape) for name, n in noise.items()} == {
        "pm3": (2, 4, 64),
        "pm2": (2, 4, 32),
        "pm1": (2, 4, 16),
    }
    assert torch.equal(model(images, noise=noise), model(images, noise=noise))
    assert not torch.equal(model(images), model(images))


def test_property_8_the_loss_reaches_the_embeddings():
    model = awake().train()
    model(torch.rand(4, 3, 16, 16)).square().sum().backward()
    for module in model.prompt_modules().values():
        assert module.prototypes.embed.weight.grad.abs().max() > 0


def test_property_9_prototypes_may_change_places_with_their_gaussians():
    model, image = awake(), torch.rand(4, 3, 16, 16)
    order = torch.tensor([3, 0, 4, 1, 2])
    with torch.no_grad():
        before, uses = model(image, return_prompts=True)
        for module in model.prompt_modules().values():
            module.prototypes.prototypes.copy_(module.prototypes.prototypes[order])
            for tensor in (module.distribution.mean, module.distribution.log_variance):
                tensor.copy_(tensor[order])
        after, moved = model(image, return_prompts=True)
    assert torch.equal(before, after)
    assert torch.equal(order[moved["pm3"].assignment.nearest], uses["pm3"].assignment.nearest)


def test_property_10_prototypes_are_not_trained_by_the_optimiser():
    model = awake().train()
    names = {name for name, _ in model.named_parameters()}
    assert not [name for name in names if name.endswith(("prototypes.prototypes", "fixed_noise"))]
    images = torch.rand(2, 3, 16, 16)
    first, second = model(images), model(images)
    for module in model.prompt_modules().values():
        module.prototypes.follow(torch.randn(4, 16), torch.Generator().manual_seed(0))
    (first + second).square().sum().backward()


def test_every_parameter_learns():
    for config in ({}, {"fusion": "pim"}, {"query": "pooled"}):
        model = awake(**config).train()
        torch.manual_seed(1)
        model(torch.rand(6, 3, 32, 32)).square().sum().backward()
        silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
        assert silent == []


def test_property_17_one_image_in_training_is_refused():
    model = smoke().train()
    with pytest.raises(UsageError, match="2 images or more"):
        model(torch.rand(1, 3, 16, 16))
    with torch.no_grad():
        assert model.eval()(torch.rand(1, 3, 16, 16)).isfinite().all()


def test_property_19_a_weights_file_keeps_all_that_evaluation_needs(tmp_path):
    model = awake().train()
    model(torch.rand(4, 3, 16, 16))  # moves the running statistics
    model.pm3.distribution.fixed_noise.mul_(-1)
    model.pm3.prototypes.idle.fill_(7)
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    assert loaded.pm3.prototypes.ready
    assert loaded.pm3.prototypes.idle.tolist() == [7] * 5
    image = torch.rand(1, 3, 16, 24)
    with torch.no_grad():
        assert torch.equal(loaded(image), model.eval()(image))


def test_tiles_share_the_features_that_choose_the_prompts():
    model, image = awake(), photo("chelsea")[:, :64, :96]
    whole = restore_image(model, image, tile=None)
    shared = restore_image(model, image, tile=48, overlap=16)
    apart = restore_image(model, image, tile=48, overlap=16, share=False)
    assert (shared - whole).abs().mean() < (apart - whole).abs().mean()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite_and_close(dtype):
    model, images = awake(), torch.rand(2, 3, 32, 32)
    with torch.autocast("cpu", dtype=dtype):
        rough = model(images)
    assert (rough.float() - model(images)).abs().max() < 0.05


def test_feature_maps_stay_channels_last():
    model, strayed = awake(), []

    def note(module, inputs, output):
        is_map = isinstance(output, torch.Tensor) and output.ndim == 4
        if is_map and not output.is_contiguous(memory_format=torch.channels_last):
            strayed.append(module)

    for module in model.modules():
        if module is not model:
            module.register_forward_hook(note)
    with torch.no_grad():
        model(torch.rand(2, 3, 32, 48))
    assert strayed == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"fusion": "sum"}, "expected residual or pim"),
        ({"assignment": "firm"}, "expected hard or soft"),
        ({"eval_noise": "fixt"}, "did you mean 'fixed'"),
        ({"query": "all"}, "expected pixels or pooled"),
        ({"num_prototypes": 0}, "num_prototypes is 0"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        smoke(**config)


def test_nobody_published_a_checkpoint():
    with pytest.raises(UsageError, match="published no checkpoint"):
        models.load_official("dppd", {"patch_embed.weight": torch.zeros(1)})
