"""Checkpoints of the authors are read whatever their wrapping, and never run code."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from irlib import models
from irlib.errors import IrlibError, UsageError
from irlib.models.official_names import RENAMES, is_called, official_name, our_name

OFFICIAL_NAMES = {
    "patch_embed.proj.weight": "patch_embed.weight",
    "encoder_level1.0.norm1.body.weight": "encoder_level1.0.norm1.weight",
    "latent.3.attn.qkv_dwconv.weight": "latent.3.attention.depthwise.weight",
    "latent.3.attn.temperature": "latent.3.attention.temperature",
    "latent.3.ffn.dwconv.weight": "latent.3.feed_forward.depthwise.weight",
    "down1_2.body.0.weight": "down1_2.conv.weight",
    "reduce_chan_level3.weight": "reduce_level3.weight",
    "reduce_noise_level3.weight": "interaction3.reduce.weight",
    "noise_level2.attn.qkv.weight": "interaction2.block.attention.qkv.weight",
    "prompt1.prompt_param": "prompt1.components",
    "prompt1.linear_layer.bias": "prompt1.weight_head.bias",
    "prompt1.conv3x3.weight": "prompt1.conv.weight",
}


def to_official(state):
    """A state dictionary under the authors' names, by a table made apart from the loader's."""
    swaps = (
        ("patch_embed.", "patch_embed.proj."),
        (".attention.depthwise", ".attn.qkv_dwconv"),
        (".attention", ".attn"),
        (".feed_forward.depthwise", ".ffn.dwconv"),
        (".feed_forward", ".ffn"),
        (".norm1.", ".norm1.body."),
        (".norm2.", ".norm2.body."),
        ("reduce_level", "reduce_chan_level"),
        (".components", ".prompt_param"),
        (".weight_head", ".linear_layer"),
    )
    official = {}
    for key, tensor in state.items():
        for ours, theirs in swaps:
            key = key.replace(ours, theirs)
        if key.startswith("prompt"):
            key = key.replace(".conv.", ".conv3x3.")
        elif key.startswith(("down", "up")):
            key = key.replace(".conv.", ".body.0.")
        elif key.startswith("interaction"):
            level = key[len("interaction")]
            key = key.replace(f"interaction{level}.block", f"noise_level{level}")
            key = key.replace(f"interaction{level}.reduce", f"reduce_noise_level{level}")
        official[key] = tensor[None] if key.endswith("prompt_param") else tensor
    return official


@pytest.fixture(scope="module")
def promptir():
    torch.manual_seed(0)
    return models.create("promptir", preset_name="smoke")


@pytest.fixture(scope="module")
def official(promptir):
    return to_official(promptir.state_dict()) | {"chnl_reduce1.weight": torch.zeros(4, 4, 1, 1)}


@pytest.mark.parametrize(("theirs", "ours"), OFFICIAL_NAMES.items())
def test_names(theirs, ours):
    assert our_name("promptir", theirs) == ours


def test_every_rename_is_used():
    names = {our_name("promptir", name) for name in OFFICIAL_NAMES}
    assert len(RENAMES["promptir"]) >= len(names) - 1
    assert not is_called("promptir", "reduce_noise_channel_1.weight")
    assert is_called("promptir", "reduce_noise_level1.weight")


def wrapped(official, style):
    return {
        "plain": official,
        "params": {"params": official},
        "lightning": {
            "epoch": 3,
            "state_dict": {f"net.{k}": v for k, v in official.items()},
            "optimizer_states": [{"lr": 0.1}],
        },
        "parallel": {"state_dict": {f"module.{k}": v for k, v in official.items()}},
        "both": {f"module.net.{k}": v for k, v in official.items()},
    }[style]


@pytest.mark.parametrize("style", ["plain", "params", "lightning", "parallel", "both"])
def test_any_wrapping_gives_the_same_network(promptir, official, style, tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save(wrapped(official, style), path)
    loaded = models.load_official("promptir", path)
    assert not loaded.training
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(image), promptir(image))


def test_safetensors(promptir, official, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({k: v.contiguous() for k, v in official.items()}, path)
    assert models.load_official("promptir", str(path)).config == promptir.config


@pytest.mark.parametrize("expansion", [2.66, 2.0, 2.53, 3])
@pytest.mark.parametrize("config", [{}, {"bias": True, "norm_type": "BiasFree"}])
def test_configuration_is_read_from_shapes(expansion, config):
    config = config | {"dim": 16, "num_blocks": (2, 1, 3, 1), "heads": (1, 2, 2, 4)}
    model = models.create(
        "restormer", **config, num_refinement_blocks=2, ffn_expansion_factor=expansion
    )
    loaded = models.load_official("restormer", to_official(model.state_dict()))
    exact = {k: v for k, v in model.config.items() if k != "ffn_expansion_factor"}
    assert exact.items() <= loaded.config.items()
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(loaded(image), model(image))


class Dangerous:
    """An object whose unpickling would call a function."""

    def __reduce__(self):
        return exec, ("raise SystemExit('code of a checkpoint was run')",)


def test_a_checkpoint_that_holds_code_is_refused(official, tmp_path):
    saved, bare = tmp_path / "saved.pth", tmp_path / "bare.pth"
    torch.save({"state_dict": official, "extra": Dangerous()}, saved)
    bare.write_bytes(pickle.dumps({"state_dict": Dangerous()}))
    for path in (saved, bare):
        with pytest.raises(IrlibError, match="reads tensors only"):
            models.load_official("promptir", path)


def test_missing_unknown_and_misshapen_tensors_are_named(official):
    broken = dict(official)
    del broken["output.weight"]
    with pytest.raises(UsageError, match=r"output\.weight"):
        models.load_official("promptir", broken)
    broken = dict(official)
    del broken["latent.0.attn.qkv.weight"]
    broken["stranger.weight"] = torch.zeros(1)
    broken["up3_2.body.0.weight"] = torch.zeros(3, 3)
    with pytest.raises(UsageError) as caught:
        models.load_official("promptir", broken)
    message = str(caught.value)
    assert "latent.0.attention.qkv.weight" in message
    assert "stranger.weight" in message
    assert "up3_2.conv.weight: given (3, 3), expected (64, 32, 3, 3)" in message


def test_checkpoint_of_another_model_is_refused(official):
    with pytest.raises(UsageError, match=r"prompt1|interaction1"):
        models.load_official("restormer", official)
    restormer = models.create("restormer", preset_name="smoke")
    with pytest.raises(UsageError, match=r"prompt1\.components"):
        models.load_official("promptir", to_official(restormer.state_dict()))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short"])
@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
def test_damaged_files_fail_with_their_name(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(IrlibError, match=r"x\."):
        models.load_official("restormer", path)


def test_missing_file_and_empty_dictionary():
    with pytest.raises(UsageError, match="no checkpoint"):
        models.load_official("restormer", "nowhere.pth")
    with pytest.raises(UsageError, match="no tensors"):
        models.load_official("restormer", {})


NAFNET_NAMES = {
    "intro.weight": "intro.weight",
    "encoders.3.27.norm1.weight": "encoders.3.27.norm1.weight",
    "encoders.0.0.conv1.weight": "encoders.0.0.mixer.project_in.weight",
    "encoders.0.0.conv2.bias": "encoders.0.0.mixer.depthwise.bias",
    "encoders.0.0.sca.1.weight": "encoders.0.0.mixer.attention.conv.weight",
    "encoders.0.0.se.1.weight": "encoders.0.0.mixer.attention.squeeze.weight",
    "encoders.0.0.se.3.weight": "encoders.0.0.mixer.attention.excite.weight",
    "decoders.3.1.conv3.weight": "decoders.3.1.mixer.project_out.weight",
    "middle_blks.0.conv4.weight": "middle.0.feed_forward.project_in.weight",
    "middle_blks.11.conv5.bias": "middle.11.feed_forward.project_out.bias",
    "middle_blks.11.gamma": "middle.11.gamma",
    "ups.0.0.weight": "ups.0.0.weight",
}


@pytest.mark.parametrize(("theirs", "ours"), NAFNET_NAMES.items())
def test_names_of_nafnet_go_both_ways(theirs, ours):
    assert our_name("nafnet", theirs) == ours
    assert official_name("nafnet", ours) == theirs


@pytest.mark.parametrize(
    "config",
    [
        {"dim": 4, "encoder_blocks": (1, 0, 3), "middle_blocks": 2, "decoder_blocks": (0, 2, 1)},
        {"dim": 6, "dw_expansion": 4, "ffn_expansion": 3, "train_size": (64, 96)},
        {"dim": 4, "block": "baseline", "dw_expansion": 1, "in_channels": 1},
    ],
)
def test_configuration_of_nafnet_is_read_from_shapes(config):
    small = {"encoder_blocks": (1, 2), "middle_blocks": 1, "decoder_blocks": (2, 1)}
    model = models.create("nafnet", **{**small, **config})
    state = {f"module.{official_name('nafnet', k)}": t for k, t in model.state_dict().items()}
    extra = {"train_size": config["train_size"]} if "train_size" in config else {}
    loaded = models.load_official("nafnet", {"params": state}, **extra)
    assert loaded.config == model.config


def test_a_foreign_argument_of_the_loader_is_named():
    model = models.create("nafnet", preset_name="smoke")
    state = {official_name("nafnet", k): t for k, t in model.state_dict().items()}
    with pytest.raises(UsageError, match="did you mean 'train_size'"):
        models.load_official("nafnet", state, trainsize=(256, 256))


def test_nafnet_and_restormer_are_not_confused():
    state = models.create("restormer", preset_name="smoke").state_dict()
    with pytest.raises(UsageError, match=r"intro\.weight"):
        models.load_official("nafnet", to_official(state))
