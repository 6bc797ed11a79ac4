"""The published frozen networks that Perceive-IR learns from, as shapes: nothing is loaded."""

import torch
from torch import nn

from irlib.foundation import Clip, Dino, Vgg
from irlib.foundation.sources import Source
from irlib.foundation.vgg import vgg_layers

DINO, CLIP, VGG = "DINOv2 ViT-B/14", "CLIP ViT-B/32", "VGG-16"
_SHAPES = Source("file", "shapes alone")


def dino() -> Dino:
    """DINOv2 ViT-B/14 at 224 pixels, on "meta"."""
    from irlib.foundation.dino import create_vit

    sizes = {"embed_dim": 768, "depth": 12, "num_heads": 12, "patch_size": 14, "img_size": 224}
    with torch.device("meta"):
        return Dino(create_vit(sizes), _SHAPES)


def clip() -> Clip:
    """OpenAI's CLIP ViT-B/32, on "meta"."""
    from open_clip.model import CLIP as Network

    picture = {"layers": 12, "width": 768, "patch_size": 32, "image_size": 224}
    words = {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}
    with torch.device("meta"):
        network = Network(embed_dim=512, vision_cfg=picture, text_cfg=words, quick_gelu=True)
    # The one number that is looked at while a Clip is made.
    network.logit_scale = nn.Parameter(torch.zeros((), device="cpu"))
    return Clip(network, _SHAPES)


def vgg() -> Vgg:
    """VGG-16 down to its third pooling, on "meta"."""
    with torch.device("meta"):
        return Vgg(vgg_layers((64, 64, 128, 128, 256, 256, 256)), _SHAPES)


#: What builds each of them.
JUDGES = {DINO: dino, CLIP: clip, VGG: vgg}
