"""Outputs of the authors' own code, reproduced; wrong variants do not pass."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from irlib import models
from irlib.models.fixture import Comparison, system_of
from irlib.models.formula_weights import listed_tensor, named_tensor
from irlib.models.parity import GOLDEN, compare_all, compare_fixture, fixtures, skipped_fixtures
from irlib.nn import ChannelMean, attention, channel_mean, feed_forward, naf_block, prompt

MEMBERS = {
    "nafnet": 80_527,
    "nafnet_baseline": 117_599,
    "nafnet_full_gopro32": 17_111_907,
    "nafnet_full_sidd32": 29_159_715,
    "nafnet_local": 80_527,
    "nafnet_psnrloss": 0,
    "restormer": 304_746,
    "restormer_biasfree": 311_033,
    "restormer_dualpixel": 305_090,
    "promptir": 1_704_131,
    "instructir": 105_807,
    "instructir_lmhead": 100_359,
    "instructir_pooling": 0,
    "pivpnet": 30_983,
    "pivpnet-w8": 575_394,
    "am-promptir": 2_982_883,
    "dfpir": 1_487_460,
    "airnet": 1_639_929,
    "airnet_dgg": 21_908,
    "airnet_moco": 1_319_936,
}
CHECK_VALUES = [
    (0, [48, 3, 3, 3], "fan_in", 0, 0.15255964),
    (0, [48, 3, 3, 3], "fan_in", 1, 0.11210582),
    (0, [48, 3, 3, 3], "fan_in", -1, -0.0281423),
    (1, [48], "one_plus_fifth", 0, 0.83255875),
    (2, [48], "fifth", 0, -0.13827582),
    (3, [1, 1, 1], "one_plus_half", 0, 0.89241052),
    (493, [3, 96, 3, 3], "fan_in", 0, -0.02109781),
    (1, [1, 5, 64, 64, 64], "uniform01", 1, 0.91135323),
]


@pytest.mark.parametrize(("position", "shape", "rule", "element", "value"), CHECK_VALUES)
def test_formula_gives_its_check_values(position, shape, rule, element, value):
    tensor = listed_tensor(position, shape, rule, seed=1)
    assert list(tensor.shape) == shape
    assert tensor.flatten()[element].item() == pytest.approx(value, abs=2e-8)


# First values of tensors of AirNet, which the formula seeds by their names (seed 1).
NAMED_VALUES = [
    ("R.head.0.weight", [64, 3, 3, 3], (0.0198940, 0.1434399)),
    ("R.head.0.bias", [64], (0.0717267, 0.0815941)),
    ("R.body.0.body.0.dgm1.sft.conv_gamma.0.weight", [64, 64, 1, 1], (-0.1185742, 0.0017471)),
    ("E.E.encoder_q.E_pre.backbone.1.weight", [64], (0.9426768, 0.9806409)),
    ("E.E.encoder_q.E_pre.backbone.1.running_var", [64], (1.2647510, 0.7363582)),
    ("E.E.queue", [256, 1280], (0.0174800, 0.0498912)),
]


@pytest.mark.parametrize(("name", "shape", "values"), NAMED_VALUES)
def test_formula_by_name_gives_its_check_values(name, shape, values):
    tensor = named_tensor(name, shape, seed=1)
    assert list(tensor.shape) == shape
    assert tensor.flatten()[:2].tolist() == pytest.approx(values, abs=6e-8)


def test_formula_by_name_counts_from_zero_and_spreads_by_kind():
    assert named_tensor("norm.num_batches_tracked", [], 1, whole=True).item() == 0
    assert named_tensor("attn.temperature", [1000], 1).min() >= 1
    assert named_tensor("a.attn4", [1000], 1).mean().item() == pytest.approx(0.2, abs=0.005)
    assert named_tensor("a.beta", [1, 1000, 1, 1], 1).std().item() == pytest.approx(0.1, abs=0.01)
    mean = named_tensor("a.running_mean", [1000], 1)
    assert (mean.mean().item(), mean.std().item()) == pytest.approx((0, 0.1), abs=0.01)


@pytest.mark.parametrize(
    ("fixture", "system"),
    [
        ("restormer", "restormer"),
        ("promptir_full_formula", "promptir"),
        ("nafnet-w8", "nafnet"),
        ("perceive-ir_part", "perceive-ir"),
        ("restormers", "restormers"),
        ("someone_full", "someone"),
    ],
)
def test_fixtures_belong_to_the_longest_model_name_they_begin_with(fixture, system):
    assert system_of(fixture) == system


def test_no_number_and_another_shape_are_no_agreement():
    one = torch.ones(2)
    assert Comparison("a", one, one + 1e-6).difference == pytest.approx(1e-6, rel=0.1)
    assert Comparison("a", one * float("nan"), one).difference == float("inf")
    assert Comparison("a", one, torch.ones(1)).difference == float("inf")


@pytest.mark.parametrize(
    ("fixture", "parameters"),
    [
        ("restormer_full_formula", 26_126_644),
        ("promptir_full_formula", 35_376_967),
        ("nafnet_full_gopro32", 17_111_907),
        ("nafnet_full_sidd32", 29_159_715),
        ("instructir_full", 15_843_363),
        ("dfpir_full", 31_104_761),
        ("airnet_full", 8_930_313),
    ],
)
def test_full_size_golden_outputs(fixture, parameters):
    result = compare_fixture(GOLDEN / f"{fixture}.safetensors")
    assert result.passed, result
    assert result.parameters == parameters


@pytest.mark.parametrize("name", MEMBERS)
def test_shared_fixture(shared, name):
    result = compare_fixture(shared / "parity" / f"{name}.safetensors")
    assert result.passed, result
    assert result.first_differing_layer is None
    assert result.parameters == MEMBERS[name]


@pytest.mark.parametrize("system", ["restormer", "promptir"])
def test_golden_files_are_cut_from_the_shared_fixtures(shared, system):
    name = f"{system}_full_formula.safetensors"
    full, golden = load_file(shared / "parity" / name), load_file(GOLDEN / name)
    assert torch.equal(golden["input.0"], full["input.1"])
    assert torch.equal(golden["output.0"], full["output.1"][..., ::4, ::4])
    with safe_open(shared / "parity" / name, "pt") as a, safe_open(GOLDEN / name, "pt") as b:
        assert json.loads(a.metadata()["tensors"]) == json.loads(b.metadata()["tensors"])


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("nafnet_full_gopro32", 0),
        ("nafnet_full_sidd32", 0),
        ("instructir_full", 0),
        ("dfpir_full", 0),
        ("airnet_full", 1),
    ],
)
def test_golden_files_by_name_are_cut_from_the_shared_fixtures(shared, name, index):
    full = load_file(shared / "parity" / f"{name}.safetensors")
    golden = load_file(GOLDEN / f"{name}.safetensors")
    assert torch.equal(golden.pop("input.0"), full[f"input.{index}"])
    assert torch.equal(golden.pop("output.0"), full[f"output.{index}"][..., ::4, ::4])
    for key, tensor in golden.items():
        assert torch.equal(tensor, full[f"{key.removesuffix('.0')}.{index}"])


def test_a_difference_is_found_and_its_first_layer_named(shared, tmp_path):
    source = shared / "parity" / "restormer.safetensors"
    with safe_open(source, "pt") as file:
        metadata = file.metadata()
    state = load_file(source)
    state["state.latent.1.attn.temperature"] *= 2
    save_file(state, tmp_path / source.name, metadata)
    taps = source.with_name("restormer.taps.safetensors")
    (tmp_path / taps.name).write_bytes(taps.read_bytes())
    (result,) = compare_all(tmp_path)
    assert not result.passed
    assert result.first_differing_layer == "latent"


def test_no_fixture_is_said(tmp_path):
    with pytest.raises(models.registry.UsageError, match="no parity fixture"):
        compare_all(tmp_path)
    assert skipped_fixtures(GOLDEN) == []


def test_a_fixture_of_no_model_is_skipped_by_name(tmp_path):
    save_file({"input.0": torch.zeros(1)}, tmp_path / "someone_full.safetensors")
    save_file({"tap.0.a": torch.zeros(1)}, tmp_path / "restormer.taps.safetensors")
    assert fixtures(tmp_path) == []
    assert skipped_fixtures(tmp_path) == ["someone_full"]


def perturbed(shared, tmp_path, change):
    """Restormer's fixture with a second state, in half precision, whose output is ours."""
    source = shared / "parity" / "restormer_biasfree.safetensors"
    with safe_open(source, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(source)
    layer = "latent.0.attn.temperature"
    state = {k[6:]: t.clone() for k, t in tensors.items() if k.startswith("state.")}
    state[layer] = torch.full_like(state[layer], 0.5)
    model = models.load_official("restormer", state)
    with torch.no_grad():
        tensors["extra.perturbed.output.0"] = model(tensors["input.0"]) + change
    tensors[f"extra.perturbed.state.{layer}"] = state[layer].half()
    path = tmp_path / source.name
    save_file(tensors, path, metadata)
    return compare_fixture(path)


def test_a_second_state_of_a_fixture_is_compared_too(shared, tmp_path):
    assert perturbed(shared, tmp_path, 0.0).passed
    result = perturbed(shared, tmp_path, 1e-3)
    assert not result.passed
    assert result.first_differing_layer == "perturbed output.0"


def mutant_difference(shared, name):
    return compare_fixture(shared / "parity" / f"{name}.safetensors").difference


def interpolate_as(**changes):
    def changed(x, size, **settings):
        return F.interpolate(x, size, **{**settings, **changes})

    return changed


class Functional:
    """torch.nn.functional with one function exchanged."""

    def __init__(self, **exchanged):
        self.__dict__.update(exchanged)

    def __getattr__(self, name):
        return getattr(F, name)


def uniform_weights(self, x):
    return torch.full((len(x), len(self.components)), 1 / len(self.components))


def sigmoid_weights(self, x):
    return self.weight_head(x.mean(dim=(2, 3))).sigmoid()


def convolve_first(self, x, weights=None):
    mixed = torch.einsum("bn,npij->bpij", self.weights(x), self.components)
    return F.interpolate(self.conv(mixed), x.shape[2:], mode="bilinear")


PROMPT_MUTANTS = {
    "corners aligned": (prompt, "F", Functional(interpolate=interpolate_as(align_corners=True))),
    "antialiased": (prompt, "F", Functional(interpolate=interpolate_as(antialias=True))),
    "convolution first": (prompt.PromptGeneration, "forward", convolve_first),
    "uniform weights": (prompt.PromptGeneration, "weights", uniform_weights),
    "sigmoid weights": (prompt.PromptGeneration, "weights", sigmoid_weights),
}


@pytest.mark.parametrize("mutant", PROMPT_MUTANTS)
def test_wrong_prompts_fail_parity(shared, monkeypatch, mutant):
    monkeypatch.setattr(*PROMPT_MUTANTS[mutant])
    assert mutant_difference(shared, "promptir") > 1e-3


def test_swapped_concatenation_fails_parity(shared, monkeypatch):
    right_way = torch.cat
    monkeypatch.setattr(torch, "cat", lambda parts, dim=0: right_way(parts[::-1], dim=dim))
    for name in ("restormer", "promptir"):
        assert mutant_difference(shared, name) > 1e-2


def test_tanh_gelu_and_divided_temperature_fail_parity(shared, monkeypatch):
    with monkeypatch.context() as patch:
        tanh = Functional(gelu=lambda x: F.gelu(x, approximate="tanh"))
        patch.setattr(feed_forward, "F", tanh)
        assert 5e-5 < mutant_difference(shared, "restormer") < 1e-3
    right = attention.channel_attention
    monkeypatch.setattr(attention, "channel_attention", lambda q, k, t: right(q, k, 1 / t))
    assert mutant_difference(shared, "restormer") > 1e-2


def mean_of_everything(self, x):
    return x.mean(dim=(2, 3), keepdim=True)


def odd_border_at_the_top(x, window):
    """Repeats the means to the borders with the larger part at the top and left."""
    return right_local_mean(x.flip(2, 3), window).flip(2, 3)


def window_one_larger(x, window):
    return right_local_mean(x, (window[0] + 1, window[1] + 1))


right_local_mean = channel_mean.local_mean
NAF_MUTANTS = {
    "global means": ("nafnet_local", ChannelMean, "means", mean_of_everything),
    "border turned": ("nafnet_local", channel_mean, "local_mean", odd_border_at_the_top),
    "larger window": ("nafnet_local", channel_mean, "local_mean", window_one_larger),
    "gate by GELU": ("nafnet", naf_block, "gate_halves", lambda first, _: F.gelu(first)),
}


@pytest.mark.parametrize("mutant", NAF_MUTANTS)
def test_wrong_nafnets_fail_parity(shared, monkeypatch, mutant):
    name, *exchange = NAF_MUTANTS[mutant]
    monkeypatch.setattr(*exchange)
    assert mutant_difference(shared, name) > 5e-5


def test_another_epsilon_fails_parity(shared, monkeypatch):
    right = naf_block.NafBlock.__init__

    def with_restormers_epsilon(self, *arguments, **others):
        right(self, *arguments, **others)
        self.norm1.epsilon = self.norm2.epsilon = 1e-5

    monkeypatch.setattr(naf_block.NafBlock, "__init__", with_restormers_epsilon)
    assert mutant_difference(shared, "nafnet") > 1e-4
