"""Small networks in the key layouts of the published checkpoints, made on the fly."""

import pytest
import torch

CLIP_SIZES = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "patch_size": 16, "width": 64, "layers": 2},
    "text_cfg": {
        "context_length": 20,
        "vocab_size": 49408,
        "width": 64,
        "heads": 1,
        "layers": 2,
    },
}


@pytest.fixture(scope="session")
def open_clip_network():
    """A small CLIP as open_clip builds it, with OpenAI's activation and lively weights."""
    from open_clip.model import CLIP

    torch.manual_seed(0)
    return CLIP(**CLIP_SIZES, quick_gelu=True).eval()


@pytest.fixture(scope="session")
def timm_dino():
    """A small DINOv2 as timm builds it; layer scale 1, or its tokens would hardly differ."""
    import timm

    torch.manual_seed(0)
    return timm.create_model(
        "vit_base_patch14_dinov2",
        img_size=70,
        embed_dim=64,
        depth=12,
        num_heads=1,
        num_classes=0,
        init_values=1.0,
    ).eval()


@pytest.fixture(scope="session")
def timm_vgg():
    """timm's VGG-16 layers on its own, random; the classifier is never allocated."""
    import timm

    with torch.device("meta"):
        layers = timm.create_model("vgg16").features
    layers = layers.to_empty(device="cpu")
    torch.manual_seed(0)
    for name, parameter in layers.named_parameters():
        if name.endswith("weight"):
            torch.nn.init.kaiming_normal_(parameter)
        else:
            torch.nn.init.normal_(parameter, std=0.1)
    return layers.eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 40, 56, generator=torch.Generator().manual_seed(1))
