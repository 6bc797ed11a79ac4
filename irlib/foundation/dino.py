"""DINOv2: what is in a picture, learned without labels, through timm. Taught in chapter 9."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.foundation.checkpoints import fill, read_header, read_state, require_kind
from irlib.foundation.frozen import Frozen, check_images
from irlib.foundation.images import IMAGENET_MEAN, IMAGENET_STD, normalise, resize
from irlib.foundation.sources import Published, Source, locate

PUBLISHED = Published(
    "DINOv2 ViT-B/14",
    "timm/vit_base_patch14_dinov2.lvd142m",
    ("model.safetensors", "pytorch_model.bin"),
    ("dinov2_vitb14_pretrain.pth",),
)
EXPECTED = (
    "a DINOv2 without registers in the layout of Meta or timm (cls_token, pos_embed, "
    "patch_embed.proj.weight, blocks.0.ls1.gamma, …)"
)
ARCHITECTURE = "vit_base_patch14_dinov2"
HEAD_WIDTH = 64  # of every DINOv2
IMAGE_SIZE = 224


class Dino(Frozen):
    """A frozen DINOv2 whose class tokens are read at four depths.

    Args:
        network: A ``timm`` vision transformer.
        source: Where its weights come from.
        keep_size: Keep a picture's size, each side rounded to a multiple of the patch, instead of
            resizing to a square.

    Attributes:
        dim: Width of a token (768 for ViT-B/14).
        blocks: The four depths, counted from 1: 1, 4, 8, 12 of 12 blocks, 1, 2, 3, 4 of four; in
            general the first block and the ends of the thirds (:func:`tap_blocks`).
        image_size: Side of the square that pictures are resized to (224).
        patch_size: Side of a patch (14).
    """

    def __init__(self, network: nn.Module, source: Source, keep_size: bool = False) -> None:
        super().__init__(network, source, f"keep_size={keep_size}")
        self.dim = int(network.embed_dim)
        self.blocks = tap_blocks(len(network.blocks))
        self.image_size = int(network.patch_embed.img_size[0])
        self.patch_size = int(network.patch_embed.patch_size[0])
        self.keep_size = keep_size

    @torch.no_grad()
    def features(
        self, images: Tensor, *, token: str = "class", normalised: bool = False
    ) -> list[Tensor]:
        """Reads the network at four depths; the final LayerNorm is not applied.

        Args:
            images: (B, 3, H, W) in [0, 1], any size; resized bicubically, aspect ratio not kept.
            token: "class", the class token, or "mean", the mean of the patch tokens.
            normalised: Give each vector zero mean and unit variance.

        Returns:
            Four tensors (B, dim), shallow to deep (Perceive-IR, semantic guidance module).
        """
        check_images(images, "Dino.features")
        if token not in ("class", "mean"):
            raise UsageError(f"token is {token!r}; expected 'class' or 'mean'.")
        taps = self.network.forward_intermediates(
            self._prepared(images),
            indices=[block - 1 for block in self.blocks],
            return_prefix_tokens=True,
            norm=False,
            output_fmt="NLC",
            intermediates_only=True,
        )
        vectors = [
            prefix[:, 0] if token == "class" else patches.mean(dim=1) for patches, prefix in taps
        ]
        return [F.layer_norm(v, v.shape[-1:]) for v in vectors] if normalised else vectors

    def _prepared(self, images: Tensor) -> Tensor:
        size: int | tuple[int, int] = self.image_size
        if self.keep_size:
            patch = self.patch_size
            height, width = (max(patch, round(n / patch) * patch) for n in images.shape[-2:])
            size = (height, width)
        return normalise(resize(images, size), IMAGENET_MEAN, IMAGENET_STD)


def tap_blocks(depth: int) -> tuple[int, int, int, int]:
    """The four depths that are read: the first block and the ends of the thirds, counted from 1.

    Raises:
        UsageError: Fewer than four blocks.
    """
    if depth < 4:
        raise UsageError(
            f"the vision transformer has {depth} blocks; expected at least 4, one for each level."
        )
    return 1, -(-depth // 3), -(-2 * depth // 3), depth


def infer_config(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    """timm's arguments for a checkpoint, from its shapes; heads are 64 wide, as in all DINOv2.

    Raises:
        UsageError: Not a DINOv2 with plain feed-forward layers.
    """
    needed = ("patch_embed.proj.weight", "pos_embed", "blocks.0.ls1.gamma", "blocks.0.mlp.fc1.bias")
    missing = [key for key in needed if key not in state]
    if missing:
        raise UsageError(f"{label} is not {EXPECTED}: {', '.join(missing)} missing.")
    dim, _, patch, _ = state["patch_embed.proj.weight"].shape
    return {
        "embed_dim": dim,
        "patch_size": patch,
        "depth": len({key.split(".")[1] for key in state if key.startswith("blocks.")}),
        "num_heads": max(1, dim // HEAD_WIDTH),
        "mlp_ratio": len(state["blocks.0.mlp.fc1.bias"]) / dim,
        "img_size": round((state["pos_embed"].shape[1] - 1) ** 0.5) * patch,
    }


def create_vit(config: Mapping[str, Any], **extra: Any) -> nn.Module:
    """Builds timm's DINOv2 with these sizes, unfilled."""
    import timm

    return timm.create_model(ARCHITECTURE, num_classes=0, **config, **extra)


def load_dino(
    source: str | Path | Source = "pocket",
    download: bool = False,
    *,
    image_size: int | None = None,
    keep_size: bool = False,
) -> Dino:
    """Loads a frozen DINOv2.

    The position embedding of a checkpoint (37 × 37 for the published one) is resampled to the grid
    of ``image_size`` by timm: bicubic, antialiased. Other libraries differ in the last digits.

    Args:
        source: "pocket", "pretrained" (ViT-B/14) or a file in Meta's or timm's layout.
        download: Fetch published weights that are in no cache.
        image_size: Side of the square that pictures are resized to; by default 224, or what the
            pocket network was trained at.
        keep_size: Keep a picture's size (see :class:`Dino`).

    Raises:
        UsageError: An unknown source, a size that the patch does not divide, another network.
        IrlibError: Weights that are not here, or an unreadable file.
    """
    found = locate(source, "dino", PUBLISHED, download=download)
    header = read_header(found.path)
    require_kind(header, "dino", found.path)
    state = read_state(found.path)
    config = dict(header["config"]) if header else infer_config(state, found.detail)
    size = image_size or (config["img_size"] if header else IMAGE_SIZE)
    if size % config["patch_size"]:
        raise UsageError(
            f"image_size is {size}, which patches of {config['patch_size']} pixels do not divide; "
            f"choose a multiple of {config['patch_size']}."
        )
    if not keep_size:
        # Positions are resampled once, at load; kept sizes are resampled from the whole grid.
        config["img_size"] = size
    network = create_vit(config, dynamic_img_size=keep_size)
    from timm.models.vision_transformer import checkpoint_filter_fn

    fill(network, checkpoint_filter_fn(state, network), found.detail, EXPECTED)
    return Dino(network, found, keep_size)
