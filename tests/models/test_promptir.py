"""PromptIR: counts, prompts and refusals that its specification states."""

import pytest
import torch

from irlib import models
from irlib.errors import UsageError

PARTS = {
    "up4_3": 663_552,
    "reduce_level3": 55_296,
    "prompt1": 1_348_069,
    "prompt2": 803_781,
    "prompt3": 1_333_125,
    "interaction1": 319_014 + 15_360,
    "interaction2": 1_251_802 + 61_440,
    "interaction3": 5_991_652 + 135_168,
}
NEVER_CALLED = 215_296


def small(**config):
    torch.manual_seed(0)
    return models.create("promptir", preset_name="smoke", **config)


def test_parameter_counts_at_full_size():
    with torch.device("meta"):
        model = models.create("promptir")
        restormer = models.create("restormer")
    assert model.count_parameters() == 35_376_967
    assert model.count_parameters() + NEVER_CALLED == 35_592_263
    counts = {n: sum(p.numel() for p in part.parameters()) for n, part in model.named_children()}
    shared_parts = {
        n: sum(p.numel() for p in part.parameters()) for n, part in restormer.named_children()
    }
    assert counts == shared_parts | PARTS


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (320, 480)])
def test_size_is_kept(size):
    with torch.no_grad():
        assert small()(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_size_off_the_grid_is_refused():
    with pytest.raises(UsageError, match="50x50"):
        small()(torch.rand(1, 3, 50, 50))


def test_without_prompts_it_is_restormer():
    with torch.device("meta"):
        assert models.create("promptir", use_prompts=False).count_parameters() == 26_126_644
    ours = small(use_prompts=False)
    torch.manual_seed(0)
    restormer = models.create("restormer", preset_name="smoke")
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(ours(image), restormer(image))


def test_silent_output_layer_is_the_identity():
    model = small()
    torch.nn.init.zeros_(model.output.weight)
    image = torch.rand(2, 3, 16, 16)
    assert torch.equal(model(image), image)


def test_every_parameter_learns_the_prompts_too():
    model = small(bias=True)
    model(torch.rand(2, 3, 32, 32)).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_frozen_prompts_get_no_gradient():
    model = small(frozen_prompts=True)
    model(torch.rand(1, 3, 16, 16)).sum().backward()
    frozen = [n for n, p in model.named_parameters() if not p.requires_grad]
    assert frozen == [f"prompt{level}.components" for level in (1, 2, 3)]


def test_prompt_weights_can_be_looked_at():
    model = small()
    images = torch.rand(2, 3, 32, 32)
    restored, weights = model(images, return_prompt_weights=True)
    assert torch.equal(restored, model(images))
    assert sorted(weights) == ["prompt1", "prompt2", "prompt3"]
    for shares in weights.values():
        torch.testing.assert_close(shares.sum(-1), torch.ones(2))


def test_images_of_a_batch_do_not_mix():
    model, images = small(), torch.rand(3, 3, 16, 24)
    with torch.no_grad():
        alone = torch.cat([model(image[None]) for image in images])
        torch.testing.assert_close(model(images), alone, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"prompt_dims": (5, 4, 4)}, "prompt_dims"),
        ({"prompt_dims": (4, 4)}, "prompt_dims"),
        ({"prompt_sizes": (4, 0, 4)}, "prompt_sizes"),
        ({"prompt_lens": (5,)}, "prompt_lens"),
    ],
)
def test_arguments_that_do_not_fit_are_named(config, words):
    with pytest.raises(UsageError, match=words):
        small(**config)
