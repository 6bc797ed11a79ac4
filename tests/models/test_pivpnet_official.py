"""PIVPNet beside the authors' code: their outputs, their names, their shapes."""

from functools import cache

import pytest
import torch

from irlib import models
from irlib.models.fixture import read_fixture, rules_of
from irlib.models.official_names import our_name
from irlib.models.parity import GOLDEN, compare_fixture


@pytest.mark.parametrize("name", ["pivpnet", "pivpnet-w8"])
def test_property_3_the_authors_outputs(shared, name):
    fixture = read_fixture(shared / "parity" / f"{name}.safetensors")
    result = compare_fixture(shared / "parity" / f"{name}.safetensors")
    assert result.passed, result
    model = models.load_official("pivpnet", fixture.under("state."))
    rules, image = rules_of("pivpnet"), fixture.tensors["input.0"]
    seen = {}
    for level, prompt in enumerate(model.prompts):
        prompt.register_forward_hook(lambda _, __, output, i=level: seen.update({i: output}))
    with torch.no_grad():
        model(image)
        dropped = [c.difference for c in rules.more(fixture, model)]
    prompts = [
        (seen[level] - fixture.tensors[f"extra.0.prompt_gene{level}.output"]).abs().max()
        for level in range(3)
    ]
    assert max(*prompts, *dropped) < 1e-6


def test_parity_on_any_machine():
    result = compare_fixture(GOLDEN / "pivpnet_width1.safetensors")
    assert result.passed, result
    assert result.parameters == 30_983
    assert result.first_differing_layer is None


def test_the_golden_file_is_cut_from_the_shared_fixture(shared):
    """It holds the perturbed state alone, whose statistics and gains are not those of a start."""
    file = GOLDEN / "pivpnet_width1.safetensors"
    golden, full = read_fixture(file), read_fixture(shared / "parity" / "pivpnet.safetensors")
    state = full.under("state.") | full.under("extra.perturbed.state.")
    assert golden.under("state.").keys() == state.keys()
    assert all(torch.equal(t, state[name]) for name, t in golden.under("state.").items())
    assert torch.equal(golden.tensors["input.0"], full.tensors["input.0"])
    whole = full.tensors["extra.perturbed.output.0"]
    assert torch.equal(golden.tensors["output.0"], whole[..., ::4, ::4])
    assert file.stat().st_size < 300_000


def test_property_3_wrong_readings_are_told_apart(shared):
    fixture = read_fixture(shared / "parity" / "pivpnet-w8.safetensors")
    state, rules = fixture.under("state."), rules_of("pivpnet")
    expected, image = fixture.tensors["output.0"], fixture.tensors["input.0"]
    with torch.no_grad():
        guided = models.load_official("pivpnet", state, prior="on")
        assert (guided(image) - expected).abs().max() > 1e-3
        for stem in guided.prior_stems:
            stem.padding_mode = "reflect"
            stem._reversed_padding_repeated_twice = [1, 1, 1, 1]
        assert max(c.difference for c in rules.more(fixture, guided)) > 1e-5
        perturbed = state | fixture.under("extra.perturbed.state.")
        expected = fixture.tensors["extra.perturbed.output.0"]
        network = models.load_official("pivpnet", perturbed)
        assert (network.train()(image) - expected).abs().max() > 1e-3, "running statistics"
        for prompt in network.eval().prompts:
            torch.nn.init.ones_(prompt.beta)
        assert (network(image) - expected).abs().max() > 1e-5


OFFICIAL_NAMES = {
    "inconv.proj.weight": "intro.weight",
    "outconv.proj.0.bias": "ending.bias",
    "layers.3.blocks.15.norm.num_batches_tracked": "stages.3.15.norm.num_batches_tracked",
    "layers.0.blocks.0.conv.Wv.0.weight": "stages.0.0.value.weight",
    "layers.0.blocks.0.conv.Wv.1.bias": "stages.0.0.depthwise.bias",
    "prompt_layers_.2.blocks.3.conv.Wg.0.weight": "prompt_stages.2.3.gate.weight",
    "prompt_layers_.2.blocks.3.conv.proj.weight": "prompt_stages.2.3.project_out.weight",
    "downs.2.proj.weight": "downs.2.weight",
    "ups.1.proj.0.bias": "ups.1.0.bias",
    "skips.0.bias": "skips.0.bias",
    "fusions.2.mlp.1.weight": "fusions.2.squeeze.weight",
    "fusions.2.mlp.3.weight": "fusions.2.excite.weight",
    "prompt_gene.0.beta": "prompts.0.beta",
    "prompt_gene.0.linear_layer.bias": "prompts.0.weight_head.bias",
    "prompt_gene.0.conv1x1.weight": "prompts.0.project.weight",
    "cat_x.1.bias": "prior_stems.1.bias",
    "fusion_conv.1.bias": "merges.1.bias",
    "FeedForward.0.dwconv.weight": "details.0.near.weight",
    "FeedForward.0.dwconv2.weight": "details.0.wide.weight",
    "FeedForward.0.dwconv3.weight": "details.0.strengths.weight",
    "FeedForward.0.dwconv4.weight": "details.0.smooth.weight",
    "FeedForward.0.project_in.weight": "details.0.project_in.weight",
}


@pytest.mark.parametrize(("theirs", "ours"), OFFICIAL_NAMES.items())
def test_names(theirs, ours):
    assert our_name("pivpnet", theirs) == ours
    assert ours in _names_at_full_size()


@cache
def _names_at_full_size():
    with torch.device("meta"):
        return set(models.create("pivpnet").state_dict())


def to_official(state):
    """The names the other way, by a table made apart from the loader's."""
    swaps = (
        ("intro.", "inconv.proj."), ("ending.", "outconv.proj.0."), (".value.", ".conv.Wv.0."),
        (".depthwise.", ".conv.Wv.1."), (".gate.", ".conv.Wg.0."), ("merges.", "fusion_conv."),
        (".squeeze.", ".mlp.1."), (".excite.", ".mlp.3."), (".project.", ".conv1x1."),
        (".weight_head.", ".linear_layer."), ("prior_stems.", "cat_x."), (".near.", ".dwconv."),
        (".wide.", ".dwconv2."), (".strengths.", ".dwconv3."), (".smooth.", ".dwconv4."),
        ("details.", "FeedForward."), ("prompts.", "prompt_gene."),
    )  # fmt: skip
    official = {}
    for key, tensor in state.items():
        first, number, *rest = key.split(".")
        if first in ("stages", "prompt_stages"):
            first = {"stages": "layers", "prompt_stages": "prompt_layers_"}[first]
            rest = ["conv" if part == "project_out" else part for part in rest]
            rest = [*rest[:2], "proj", *rest[2:]] if "project_out" in key else rest
            key = ".".join([first, number, "blocks", *rest])
        elif first == "downs" or first == "ups":
            key = ".".join([first, number, "proj", *rest])
        for ours, theirs in swaps:
            key = key.replace(ours, theirs)
        official[key] = tensor
    return official


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"masks": "learned", "prompt_sizes": (8, 6, 4)},
        {"prior": "added", "prompt_blocks": 2, "kernel_size": 3},
        {"depths": (1, 3, 2, 1, 2), "prompt_sizes": (8, 4), "in_channels": 1},
    ],
)
def test_configuration_is_read_from_shapes(config):
    model = models.create("pivpnet", preset_name="smoke", **config)
    state = {f"net.{k}": t for k, t in to_official(model.state_dict()).items()}
    told = {"prior": config["prior"]} if "prior" in config else {}
    loaded = models.load_official("pivpnet", {"state_dict": state}, **told)
    assert loaded.config == model.config
    assert all(torch.equal(t, model.state_dict()[k]) for k, t in loaded.state_dict().items())
