"""A tiny CLIP with random weights: the real classes and the real tokenizer, no training."""

import pytest
import torch

from irlib.foundation import Clip, Source

CONFIG = {
    "embed_dim": 16,
    "quick_gelu": False,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 16, "layers": 1, "head_width": 8},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 2,
    },
}


def tiny_clip(seed: int = 0, known: list[int] | None = None) -> Clip:
    """A CLIP of 16 dimensions; the same weights for the same seed."""
    from open_clip.model import CLIP

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CLIP(**CONFIG)
    return Clip(network, Source("file", f"tiny-{seed}.safetensors"), known)


@pytest.fixture(scope="session")
def make_clip():
    """`make_clip(seed=0, known=None)` builds one."""
    return tiny_clip


@pytest.fixture(scope="session")
def clip() -> Clip:
    return tiny_clip()


@pytest.fixture(scope="session")
def other_clip() -> Clip:
    return tiny_clip(1)
