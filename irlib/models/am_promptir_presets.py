"""Configurations of AM-PromptIR, which ones fit, and what its released code never calls."""

from collections.abc import Sequence
from typing import Any

from irlib.errors import UsageError
from irlib.registry import unknown_name

LEVELS = 4
LEAST_DIM = 8  # below it the narrowest gate has no channel left
TEXT_MODES = ("tokens", "embedding")
TEXT_DIMS = {"pocket": 128, "pretrained": 512}


def released() -> dict[str, Any]:
    """The authors' code, without the layers it builds and never calls; one text for each image."""
    return {}


def paper() -> dict[str, Any]:
    """The figure: a frozen text encoder, CLIP ViT-B/32, in place of raw token ids."""
    return {"text": "embedding", "clip": "pretrained"}


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes, told by text vectors.

    It is told of noise, not how much: the embedded data has every level.

    At the least width that runs, 8, and with one block a stage the authors' layers alone hold more
    than two million parameters, half of them in the one block behind the deepest prompt. So here
    the paths inside the attention are as wide as its input instead of two and three times so. And
    the channel gates get four hidden channels: with one or two, a ReLU that starts switched off
    stays so.
    """
    return {
        "dim": 8,
        "num_blocks": (1, 1, 1, 1),
        "num_refinement_blocks": 1,
        "ffn_expansion_factor": 2.0,
        "prompt_sizes": (32, 16, 8),
        "text": "embedding",
        "noise_levels": False,
        "local_expansion": 1,
        "strip_expansion": 1,
        "least_gate": 4,
    }


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return pocket() | {"prompt_sizes": (16, 8, 4), "ffn_expansion_factor": 1.0, "prompt_len": 2}


PRESETS = {"released": released, "paper": paper, "pocket": pocket, "smoke": smoke}


def check_config(
    in_channels: int,
    out_channels: int,
    dim: int,
    num_blocks: Sequence[int],
    prompt_sizes: Sequence[int],
    prompt_len: int,
    text: str,
    clip: str,
    mix_batch: bool,
    **_: Any,
) -> None:
    """Refuses arguments that would fail only deep inside the network; the message names them."""
    if dim < LEAST_DIM or dim % 2:
        raise UsageError(
            f"dim is {dim}; expected an even number of channels from {LEAST_DIM} up, such as 24."
        )
    if in_channels != out_channels:
        raise UsageError(
            f"in_channels={in_channels} and out_channels={out_channels} differ, but the input is "
            "added to the output. Make them equal."
        )
    for argument, values, length in (
        ("num_blocks", num_blocks, LEVELS),
        ("prompt_sizes", (*prompt_sizes, prompt_len), LEVELS),
    ):
        if len(values) != length or min(values) < 1:
            raise UsageError(
                f"{argument} is {tuple(values)}; expected {length} positive numbers."
                if argument == "num_blocks"
                else f"prompt_sizes is {tuple(prompt_sizes)} and prompt_len {prompt_len}; expected "
                "three positive numbers, for levels 1 to 3, and one."
            )
    if text not in TEXT_MODES:
        raise UsageError(unknown_name("text mode", text, list(TEXT_MODES)))
    if clip not in TEXT_DIMS:
        raise UsageError(unknown_name("clip", clip, list(TEXT_DIMS)))
    if mix_batch and text != "tokens":
        raise UsageError("mix_batch lays out token ids; text='embedding' gives every image its own")


def never_called(
    dim: int = 24,
    num_blocks: Sequence[int] = (2, 4, 4, 8),
    num_refinement_blocks: int = 2,
    use_prompts: bool = True,
    **_: Any,
) -> dict[str, int]:
    """Counts the parameters that the authors' code allocates and no output depends on.

    They are in its checkpoints; :func:`~irlib.models.load_official` leaves them out. Added to
    :meth:`~irlib.models.RestorationModel.count_parameters` they give the authors' own count.

    Args:
        dim: Width of the first level.
        num_blocks: Blocks of levels 1 to 4.
        num_refinement_blocks: Blocks after the decoder.
        use_prompts: False is the authors' ``decoder=False``, without biases: then the blocks and
            reductions behind the prompts are built all the same.
        **_: Further arguments of the model, which do not matter here.

    Returns:
        Numbers of parameters by the authors' names of the layers.
    """
    one, two, three, four = num_blocks
    stages = {1: one, 2: 2 * two + one + num_refinement_blocks, 4: 2 * three, 8: four}
    behind = {4 * dim: 1, 8 * dim: 1, 16 * dim: 1} if use_prompts else {}
    blocks = [(dim * factor, count) for factor, count in stages.items()] + list(behind.items())
    reductions = [2 * dim * dim, 8 * dim * dim, 32 * dim * dim]
    found = {
        "attn.GSA.mask_conv_1, mask_conv_2": sum(
            count * 2 * (9 * width**2 + width) for width, count in blocks
        ),
        "attn.conv1": sum(count * (2 * width**2 + 2 * width) for width, count in blocks),
        "reduce_chan_level3, reduce_chan_level2": 32 * dim**2 + 8 * dim**2,
        "reduce_noise_channel_1, _2, _3": sum(reductions),
    }
    if use_prompts:
        found["prompt1.conv3x3, prompt2, prompt3"] = sum(
            9 * (dim * 2**level) ** 2 for level in (1, 2, 3)
        )
    return found
