"""A Perceive-IR that starts from a trained backbone restores exactly like it (property 3)."""

import pytest
import torch

from irlib import models
from irlib.errors import UsageError

WIDTHS = {"dim": 8, "heads": (1, 1, 2, 2), "num_blocks": (1, 2, 1, 2), "num_refinement_blocks": 1}
CODE = {"cfe_widths": (4, 6), "cfe_hidden": 8, "cfe_out": 5, "semantic_dim": 7}


def trained(name, **config):
    """A plain network none of whose parameters has the value it starts with."""
    torch.manual_seed(0)
    model = models.create(name, **config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return model


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"pgm_body": "mlp", "pgm_zero_init": False},
        {"pgm_one_plus_gamma": False},
        {"pgca": "none"},
        {"pgca": "none", "pgm_scope": "level"},
        {"etb_residual": "input"},
    ],
)
@pytest.mark.parametrize("norm_type", ["WithBias", "BiasFree"])
def test_property_3_it_starts_exactly_at_a_restormer(config, norm_type):
    plain = trained("restormer", **WIDTHS, norm_type=norm_type)
    model = models.create("perceive-ir", **WIDTHS, **CODE, norm_type=norm_type, **config)
    image, known = torch.rand(2, 3, 16, 24), list(torch.randn(4, 2, 7))
    with torch.no_grad():
        before = model(image, known)
        assert models.load_backbone(model, plain) is model
        torch.testing.assert_close(model(image, known), plain(image), atol=1e-5, rtol=0)
    assert not torch.allclose(before, plain(image), atol=1e-3)


def test_it_starts_exactly_at_a_nafnet_whose_blocks_it_keeps():
    blocks = {"dim": 8, "encoder_blocks": (1, 1, 1, 1), "decoder_blocks": (1, 1, 2, 1)}
    plain = trained("nafnet", **blocks)
    model = models.create(
        "perceive-ir",
        backbone="nafnet",
        dim=8,
        num_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 2, 1, 1),
        pgca="none",
        **CODE,
    )
    image = torch.rand(1, 3, 32, 16)
    with torch.no_grad():
        restored = models.load_backbone(model, plain)(image, list(torch.randn(4, 1, 7)))
        torch.testing.assert_close(restored, plain(image), atol=1e-5, rtol=0)


def test_its_arguments_are_read_off_the_plain_network():
    odd = {**WIDTHS, "ffn_expansion_factor": 2.0, "bias": True, "norm_type": "BiasFree"}
    plain = trained("restormer", **odd)
    model = models.create("perceive-ir", **models.arguments_like(plain), **CODE)
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        restored = models.load_backbone(model, plain)(image, list(torch.randn(4, 1, 7)))
        torch.testing.assert_close(restored, plain(image), atol=1e-5, rtol=0)
    plain = trained("nafnet", dim=8, encoder_blocks=(1, 2, 1, 1), decoder_blocks=(2, 1, 1, 1))
    arguments = models.arguments_like(plain)
    assert (arguments["backbone"], arguments["num_decoder_blocks"]) == ("nafnet", (1, 1, 1, 2))
    model = models.create("perceive-ir", **arguments, **CODE, pgca="none")
    with torch.no_grad():
        restored = models.load_backbone(model, plain)(image, list(torch.randn(4, 1, 7)))
        torch.testing.assert_close(restored, plain(image), atol=1e-5, rtol=0)
    with pytest.raises(UsageError, match="restormer or nafnet"):
        models.arguments_like(models.create("promptir", preset_name="smoke"))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"pgca": "double"}, "pgca is 'double'"),
        ({"pgm_scope": "level"}, "pgm_scope is 'level'"),
        ({"decoder1_width": "dim"}, "decoder1_width is 'dim'"),
        ({"pgca": "double", "decoder1_width": "dim"}, "pgca is 'double'.*; decoder1_width is"),
        ({"backbone": "nafnet"}, "its backbone is nafnet"),
    ],
)
def test_configurations_that_cannot_start_there_are_refused(config, says):
    plain = models.create("restormer", **WIDTHS)
    with pytest.raises(UsageError, match=f"cannot start from a restormer: {says}"):
        models.load_backbone(models.create("perceive-ir", **{**WIDTHS, **CODE, **config}), plain)


def test_what_a_guided_backbone_cannot_be_is_refused():
    made = {"preset_name": "smoke", "train_size": (32, 32)}
    plain = models.create("nafnet", **made)
    model = models.create("perceive-ir", preset_name="smoke-nafnet")
    with pytest.raises(UsageError, match=r"train_size=\(32, 32\), expected None; pgca is"):
        models.load_backbone(model, plain)


def test_other_widths_are_refused_by_name():
    plain = models.create("restormer", **{**WIDTHS, "dim": 16})
    with pytest.raises(UsageError, match=r"backbone\.patch_embed\.weight"):
        models.load_backbone(models.create("perceive-ir", **WIDTHS, **CODE), plain)
