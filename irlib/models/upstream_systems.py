"""Where each system's authors keep their network, how it is made small, and what it is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from irlib.models.task_words import token_ids

# What a network is called with after the images: the authors' arguments, and ours.
Arguments = tuple[tuple[Any, ...], tuple[Any, ...]]
SIZES = ((1, 64, 64), (2, 48, 80))  # images in a batch, height, width
TEXT_LENGTH = 0.4  # of each number of a text vector: CLIP's vectors are about 10 long


def only_images(images: Tensor, generator: torch.Generator) -> Arguments:
    """Neither network takes more than images."""
    return (), ()


@dataclass(frozen=True)
class Upstream:
    """The authors' network in a checkout of their repository.

    Attributes:
        files: Paths in the checkout; the first that exists counts.
        class_name: The network.
        arguments: Gives those of its constructor.
        marks: Words that the file has and files of other systems do not.
        told: Gives, for images and a generator, both networks' further arguments.
        sizes: Images in a batch, height and width of the inputs.
        stand_ins: Modules to use where a package is not installed: name to what they hold.
        needs_gpu: Whether their code moves tensors to a GPU by itself.
    """

    files: tuple[str, ...]
    class_name: str
    arguments: Callable[[], dict[str, Any]]
    marks: tuple[str, ...] = ()
    told: Callable[[Tensor, torch.Generator], Arguments] = only_images
    sizes: tuple[tuple[int, int, int], ...] = SIZES
    stand_ins: Mapping[str, Callable[[], dict[str, Any]]] = field(default_factory=dict)
    needs_gpu: bool = False


def _transformer(**changes: Any) -> Callable[[], dict[str, Any]]:
    """Arguments that the systems built on Restormer share, as small as they go."""
    return lambda: {
        "dim": 8,
        "num_blocks": [1, 1, 1, 1],
        "num_refinement_blocks": 1,
        "heads": [1, 2, 4, 8],
        **changes,
    }


def _naf(**changes: Any) -> Callable[[], dict[str, Any]]:
    blocks = {"enc_blk_nums": [1, 1, 2, 1], "middle_blk_num": 1, "dec_blk_nums": [1, 2, 1, 1]}
    return lambda: {"img_channel": 3, "width": 8, **blocks, **changes}


def _twice_the_images(images: Tensor, generator: torch.Generator) -> Arguments:
    """AirNet takes a second crop, which it reads in training only."""
    return (images,), ()


def _clip_like(images: Tensor, generator: torch.Generator) -> Arguments:
    text = TEXT_LENGTH * torch.randn(len(images), 512, generator=generator).to(images)
    return (text,), (text,)


def _unit_vectors(images: Tensor, generator: torch.Generator) -> Arguments:
    text = torch.randn(len(images), 16, generator=generator).to(images)
    text = text / text.norm(dim=1, keepdim=True)
    return (text,), (text,)


def _one_word(images: Tensor, generator: torch.Generator) -> Arguments:
    return (["derain"],), (token_ids(["derain"]).to(images.device),)


def _deformable() -> dict[str, Any]:
    """The operator that AirNet takes from mmcv, as torchvision has it."""
    from torchvision.ops import deform_conv2d

    def modulated_deform_conv2d(
        x: Tensor,
        offset: Tensor,
        mask: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: int,
        padding: int,
        dilation: int,
        *_: int,
    ) -> Tensor:
        return deform_conv2d(x, offset, weight, bias, stride, padding, dilation, mask)

    return {"modulated_deform_conv2d": modulated_deform_conv2d}


# The most particular first: several repositories carry the networks that they started from.
UPSTREAM: dict[str, Upstream] = {
    "restormer": Upstream(("basicsr/models/archs/restormer_arch.py",), "Restormer", _transformer()),
    "nafnet": Upstream(("basicsr/models/archs/NAFNet_arch.py",), "NAFNet", _naf()),
    "instructir": Upstream(
        ("models/instructir.py",), "InstructIR", _naf(txtdim=16), told=_unit_vectors
    ),
    "airnet": Upstream(
        ("net/model.py",),
        "AirNet",
        lambda: {"opt": SimpleNamespace(batch_size=5)},
        told=_twice_the_images,
        sizes=((1, 32, 32), (2, 16, 24)),  # its width and depth are fixed
        stand_ins={"mmcv.ops": _deformable},
    ),
    "dfpir": Upstream(
        ("net/model.py",), "ChannelShuffle_skip_textguaid", _transformer(), told=_clip_like
    ),
    "am-promptir": Upstream(
        ("net/model.py",),
        "PromptIR",
        _transformer(decoder=True),
        marks=("linear_text",),
        told=_one_word,
        sizes=((1, 64, 64), (1, 48, 80)),
        needs_gpu=True,
    ),
    "pivpnet": Upstream(("model.py", "net/model.py"), "PIVPNet", lambda: {"base_dim": 8}),
    # PromptIR's prompts fit the width 48 only.
    "promptir": Upstream(("net/model.py",), "PromptIR", _transformer(dim=48, decoder=True)),
}
