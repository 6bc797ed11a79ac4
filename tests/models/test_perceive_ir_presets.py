"""Presets have the sizes stated (property 1); each ablation is a set of arguments."""

from itertools import combinations

import pytest
import torch

from irlib import models
from irlib.errors import UsageError
from irlib.models.perceive_ir_presets import PARTS, PRESETS, without

SMALL = {
    "dim": 8,
    "num_blocks": (1, 2, 1, 1),
    "num_refinement_blocks": 1,
    "heads": (1, 1, 2, 2),
    "cfe_widths": (4, 6),
    "cfe_hidden": 8,
    "cfe_out": 5,
    "semantic_dim": 7,
}


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [("paper", 42_013_396), ("paper-nafnet", 21_730_418), ("released", 33_901_111)],
)
def test_property_1_parameter_counts_at_full_size(preset, parameters):
    with torch.device("meta"):
        model = models.create("perceive-ir", preset_name=preset)
    assert model.count_parameters() == parameters


def test_property_1_counts_of_the_plain_backbones():
    with torch.device("meta"):
        assert models.create("restormer").count_parameters() == 26_126_644
        assert models.create("nafnet", preset_name="released").count_parameters() == 17_111_907


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        ({"pgm_scope": "level"}, 31.50),
        ({"pgm_scope": "level", "pgm_body": "linear_conv3x3"}, 34.75),
        ({"pgm_scope": "level", "pgca": "double"}, 37.62),
        ({"pgm_scope": "level", "pgca": "double", "pgm_body": "linear_conv3x3"}, 40.87),
        ({"pgca": "double"}, 48.14),
        ({"pgm_body": "linear_conv3x3"}, 65.90),
    ],
)
def test_property_1_counts_of_the_designs_not_taken(config, parameters):
    with torch.device("meta"):
        model = models.create("perceive-ir", **config)
    assert round(model.count_parameters() / 1e6, 2) == parameters


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_counts_of_the_guided_stages_and_the_code():
    with torch.device("meta"):
        paper = models.create("perceive-ir")
        released = models.create("perceive-ir", preset_name="released")
    stages = ("latent", "decoder_level3", "decoder_level2", "decoder_level1")
    assert [count(getattr(paper.backbone, stage)) for stage in stages] == [
        22_253_200,
        5_251_776,
        1_853_472,
        1_235_644,
    ]
    assert [count(getattr(released.backbone, stage).blocks) for stage in stages] == [
        19_263_088,
        3_688_104,
        961_044,
        172_848,
    ]
    assert sum(count(getattr(released.backbone, s).guidance) for s in stages) == 2_076_480
    assert count(released.backbone.refinement) == 128_684
    assert count(paper.code) == 3_579_936
    assert count(released.code) == 202_016


@pytest.mark.parametrize("name", PRESETS)
def test_a_configuration_builds_the_same_network_again(name):
    with torch.device("meta"):
        model = models.create("perceive-ir", preset_name=name)
        again = models.create("perceive-ir", **model.config)
    assert again.config == model.config == models.preset("perceive-ir", name)
    assert {k: v.shape for k, v in again.state_dict().items()} == {
        k: v.shape for k, v in model.state_dict().items()
    }


def test_a_weights_file_builds_the_same_network_again(tmp_path):
    torch.manual_seed(0)
    model = models.create("perceive-ir", preset_name="smoke")
    loaded = models.load_weights(models.save_weights(model, tmp_path / "w.safetensors"))
    assert loaded.config == model.config
    known = list(torch.randn(4, 1, model.semantic_dim))
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(image, known), model(image, known))


def test_the_pocket_network_is_as_large_as_those_it_is_compared_with():
    with torch.device("meta"):
        count = models.create("perceive-ir", preset_name="pocket").count_parameters()
        others = [
            models.create(name, preset_name="pocket").count_parameters()
            for name in ("restormer", "promptir")
        ]
    assert count <= 1_200_000  # five megabytes
    assert all(abs(count - other) <= 0.1 * other for other in others)


ABLATIONS = [parts for n in range(5) for parts in combinations(PARTS, n)]


@pytest.mark.parametrize("parts", ABLATIONS, ids="-".join)
@pytest.mark.parametrize("backbone", ["restormer", "nafnet"])
def test_every_row_of_table_vi_can_be_built_and_trained(backbone, parts):
    torch.manual_seed(0)
    model = models.create("perceive-ir", **SMALL, backbone=backbone, **without(*parts))
    known = None if "dino" in parts else list(torch.randn(4, 2, 7))
    assert model.needs_semantics == (known is not None)
    assert (model.code is None) == ("cfe" in parts)
    with torch.no_grad():  # nothing that starts at zero may hide a part that is not connected
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    model(torch.rand(2, 3, 16, 16), known).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_an_unknown_part_is_named():
    with pytest.raises(UsageError, match="did you mean 'dino'"):
        without("dinov2")


def test_the_first_row_of_table_vi_is_the_plain_backbone():
    switches = without("dino", "pgm", "cfe")
    with torch.device("meta"):
        model = models.create("perceive-ir", **switches)
        on_nafnet = models.create(
            "perceive-ir", **{**models.preset("perceive-ir", "paper-nafnet"), **switches}
        )
    assert model.count_parameters() == 26_126_644
    assert on_nafnet.count_parameters() == 17_111_907


@pytest.mark.parametrize("pgca", ["single", "double", "none"])
@pytest.mark.parametrize("scope", ["block", "level"])
@pytest.mark.parametrize("body", ["linear_conv1x1", "linear_conv3x3", "mlp", "shift"])
@pytest.mark.parametrize("backbone", ["restormer", "nafnet"])
def test_switches_combine(backbone, body, scope, pgca):
    model = models.create(
        "perceive-ir",
        **SMALL,
        backbone=backbone,
        pgm_body=body,
        pgm_scope=scope,
        pgca=pgca,
        etb_residual="input",
        pgm_one_plus_gamma=False,
    )
    with torch.no_grad():
        restored = model(torch.rand(1, 3, 16, 16), list(torch.randn(4, 1, 7)))
    assert restored.isfinite().all()
