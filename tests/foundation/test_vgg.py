"""VGG against timm's own layers, from files in torchvision's layout; the in-place trap."""

import pytest
import torch
from safetensors.torch import save_file

from irlib.errors import UsageError
from irlib.foundation import Source, Vgg, load_vgg
from irlib.foundation.images import IMAGENET_MEAN, IMAGENET_STD, normalise
from irlib.foundation.vgg import vgg_layers


@pytest.fixture(scope="module")
def file(timm_vgg, tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg") / "vgg16-397923af.pth"
    state = {f"features.{key}": value for key, value in timm_vgg.state_dict().items()}
    torch.save(state | {"classifier.0.weight": torch.zeros(4, 4)}, path)
    return path


def walk(layers, images) -> dict[int, torch.Tensor]:
    """The output of every layer, copied at once, before an in-place layer can change it."""
    seen, x = {}, normalise(images, IMAGENET_MEAN, IMAGENET_STD)
    with torch.no_grad():
        for index, layer in enumerate(layers[:16]):
            x = layer(x)
            seen[index] = x.clone()
    return seen


def test_taps_are_those_of_timm(file, timm_vgg, images):
    expected = walk(timm_vgg, images)
    for taps, indices in (("relu", (3, 8, 11, 15)), ("literal", (3, 7, 11, 15))):
        maps = load_vgg(file, taps).features(images)
        for found, index in zip(maps, indices, strict=True):
            assert torch.equal(found, expected[index])


def test_channels_and_sides(file, images):
    vgg = load_vgg(file)
    maps = vgg.features(images)
    assert vgg.channels == (64, 128, 256, 256)
    assert tuple(m.shape[1] for m in maps) == vgg.channels
    assert [tuple(m.shape[-2:]) for m in maps] == [(40, 56), (20, 28), (10, 14), (10, 14)]
    assert sum(p.numel() for p in vgg.network.parameters()) == 1_735_488


def test_only_the_literal_reading_has_negative_values_and_only_in_the_second_map(file, images):
    effective = load_vgg(file).features(images)
    literal = load_vgg(file, "literal").features(images)
    assert all(m.min() >= 0 for m in effective)
    assert [bool(m.min() < 0) for m in literal] == [False, True, False, False]
    assert torch.equal(literal[1].relu(), effective[1])


def test_in_place_layers_are_switched_off(timm_vgg, images):
    import copy

    layers = copy.deepcopy(timm_vgg[:16])
    assert any(getattr(layer, "inplace", False) for layer in layers)
    literal = Vgg(layers, Source("file"), "literal").features(images)
    assert literal[1].min() < 0


def test_frozen_but_open_to_gradients_of_pictures(file, images):
    vgg = load_vgg(file).train()
    assert not any(p.requires_grad for p in vgg.network.parameters())
    assert not vgg.network.training
    pictures = images.clone().requires_grad_()
    sum(m.abs().mean() for m in vgg.features(pictures)).backward()
    assert pictures.grad.abs().sum() > 0


def test_widths_are_read_from_the_file(tmp_path, images):
    path = tmp_path / "narrow.safetensors"
    layers = vgg_layers((4, 4, 6, 6, 8, 8, 8))
    save_file({f"features.{key}": value for key, value in layers.state_dict().items()}, path)
    vgg = load_vgg(path)
    assert vgg.channels == (4, 6, 8, 8)
    assert torch.equal(vgg.features(images)[3], walk(layers, images)[15])


def test_wrong_use_is_refused(file, tmp_path):
    with pytest.raises(UsageError, match="did you mean 'literal'"):
        load_vgg(file, "literl")
    with pytest.raises(UsageError, match="at least 4 × 4"):
        load_vgg(file).features(torch.rand(1, 3, 3, 9))
    path = tmp_path / "other.safetensors"
    save_file({"features.0.bias": torch.ones(4)}, path)
    with pytest.raises(UsageError, match=r"is not a VGG-16 .*features.2.bias"):
        load_vgg(path)


def test_published_weights_come_from_the_cache_in_timms_layout(timm_vgg, monkeypatch, tmp_path):
    path = tmp_path / "model.safetensors"
    state = {f"features.{key}": value.clone() for key, value in timm_vgg[:16].state_dict().items()}
    save_file(
        state | {"pre_logits.fc1.weight": torch.zeros(1), "head.fc.bias": torch.ones(1)}, path
    )
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: str(path))
    published = load_vgg("pretrained")
    assert published.source.detail == "timm/vgg16.tv_in1k"
    assert published.channels == (64, 128, 256, 256)
