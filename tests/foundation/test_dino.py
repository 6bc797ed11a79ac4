"""DINOv2 against timm's own outputs, from a file in Meta's layout."""

import pytest
import torch
from safetensors.torch import save_file

from irlib.errors import UsageError
from irlib.foundation import Dino, Source, load_dino
from irlib.foundation.dino import create_vit, infer_config, tap_blocks
from irlib.foundation.images import IMAGENET_MEAN, IMAGENET_STD, normalise, resize


@pytest.fixture
def meta_file(timm_dino, tmp_path):
    """As Meta publishes it: with a mask token, which timm's network lacks."""
    path = tmp_path / "dinov2.pth"
    torch.save(timm_dino.state_dict() | {"mask_token": torch.zeros(1, 64)}, path)
    return path


@pytest.fixture(scope="module")
def dino(timm_dino) -> Dino:
    return Dino(timm_dino, Source("file"))


def recorded(network, x: torch.Tensor, blocks) -> list[torch.Tensor]:
    """Class tokens as forward hooks see them leave the blocks."""
    seen = {}
    hooks = [
        network.blocks[b - 1].register_forward_hook(
            lambda module, given, out, b=b: seen.__setitem__(b, out[:, 0])
        )
        for b in blocks
    ]
    with torch.no_grad():
        network(x)
    for hook in hooks:
        hook.remove()
    return [seen[b] for b in blocks]


def test_features_are_the_class_tokens_after_blocks_1_4_8_12(meta_file, timm_dino, images):
    loaded = load_dino(meta_file, image_size=70)
    assert loaded.blocks == (1, 4, 8, 12)
    prepared = normalise(resize(images, 70), IMAGENET_MEAN, IMAGENET_STD)
    expected = recorded(timm_dino, prepared, (1, 4, 8, 12))
    features = loaded.features(images)
    assert [tuple(f.shape) for f in features] == [(2, 64)] * 4
    assert all(torch.equal(f, e) for f, e in zip(features, expected, strict=True))
    assert (features[0] - features[3]).abs().max() > 0.1  # the depths do differ


def test_a_picture_and_its_own_resize_give_the_same(dino, images):
    whole, resized = dino.features(images), dino.features(resize(images, 70))
    assert all(torch.equal(a, b) for a, b in zip(whole, resized, strict=True))


def test_positions_are_resampled_as_timm_does(meta_file, images):
    import timm

    loaded = load_dino(meta_file, image_size=42)
    assert loaded.image_size == 42
    assert loaded.network.pos_embed.shape == (1, 10, 64)
    sizes = {"embed_dim": 64, "depth": 12, "num_heads": 1, "num_classes": 0, "init_values": 1.0}
    theirs = timm.create_model(
        "vit_base_patch14_dinov2",
        pretrained=True,
        pretrained_cfg_overlay={"file": str(meta_file)},
        img_size=42,
        **sizes,
    ).eval()
    prepared = normalise(resize(images, 42), IMAGENET_MEAN, IMAGENET_STD)
    with torch.no_grad():
        expected = theirs.forward_intermediates(
            prepared, indices=[0, 3, 7, 11], return_prefix_tokens=True, intermediates_only=True
        )
    for feature, (_, prefix) in zip(loaded.features(images), expected, strict=True):
        assert torch.equal(feature, prefix[:, 0])


def test_the_default_size_is_that_of_the_paper(meta_file):
    loaded = load_dino(meta_file)
    assert loaded.image_size == 224
    assert loaded.network.patch_embed.grid_size == (16, 16)


def test_the_published_model_has_the_shapes_of_timm():
    import timm

    with torch.device("meta"):
        theirs = timm.create_model("vit_base_patch14_dinov2", num_classes=0)
    state = theirs.state_dict() | {"mask_token": torch.zeros(1, 768)}
    config = infer_config(state, "it")
    assert config == {
        "embed_dim": 768,
        "patch_size": 14,
        "depth": 12,
        "num_heads": 12,
        "mlp_ratio": 4.0,
        "img_size": 518,
    }
    with torch.device("meta"):
        ours = create_vit(config)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in theirs.state_dict().items()
    }
    assert sum(p.numel() for p in ours.parameters()) == 86_579_712


def test_frozen(dino, images):
    dino.train()
    assert not any(module.training for module in dino.network.modules())
    assert not any(p.requires_grad for p in dino.network.parameters())
    pictures = images.clone().requires_grad_()
    assert not any(f.requires_grad for f in dino.features(pictures))


def test_other_readings(dino, images):
    mean = dino.features(images, token="mean")
    assert not torch.allclose(mean[3], dino.features(images)[3])
    even = dino.features(images, normalised=True)
    assert torch.allclose(even[2].mean(dim=-1), torch.zeros(2), atol=1e-5)
    assert torch.allclose(even[2].std(dim=-1, correction=0), torch.ones(2), atol=1e-3)
    with pytest.raises(UsageError, match="'class' or 'mean'"):
        dino.features(images, token="patch")


def test_kept_sizes_are_rounded_to_patches(meta_file, timm_dino, images):
    kept = load_dino(meta_file, keep_size=True)
    assert kept.identity != load_dino(meta_file, image_size=70).identity
    seen = []
    hook = kept.network.patch_embed.register_forward_pre_hook(
        lambda module, given: seen.append(tuple(given[0].shape[-2:]))
    )
    kept.features(torch.rand(1, 3, 40, 59))
    hook.remove()
    assert seen == [(42, 56)]
    square = torch.rand(1, 3, 70, 70)
    fixed = Dino(timm_dino, Source("file")).features(square)
    assert torch.allclose(kept.features(square)[3], fixed[3], atol=1e-5)


def test_the_four_depths():
    assert tap_blocks(12) == (1, 4, 8, 12)
    assert tap_blocks(4) == (1, 2, 3, 4)
    assert tap_blocks(24) == (1, 8, 16, 24)
    with pytest.raises(UsageError, match="expected at least 4"):
        tap_blocks(3)


def test_a_size_that_patches_do_not_divide_is_refused(meta_file):
    with pytest.raises(UsageError, match="choose a multiple of 14"):
        load_dino(meta_file, image_size=225)


def test_another_network_is_refused_by_its_missing_tensors(tmp_path):
    path = tmp_path / "clip.safetensors"
    save_file({"visual.conv1.weight": torch.ones(1)}, path)
    with pytest.raises(UsageError, match=r"is not a DINOv2 .*pos_embed"):
        load_dino(path)


def test_published_weights_come_from_the_cache_in_timms_layout(timm_dino, monkeypatch, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({key: value.clone() for key, value in timm_dino.state_dict().items()}, path)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: str(path))
    published = load_dino("pretrained", image_size=70)
    assert published.source.detail == "timm/vit_base_patch14_dinov2.lvd142m"
    assert published.identity == Dino(timm_dino, Source("file")).identity
