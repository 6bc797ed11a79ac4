"""From a CLIP checkpoint to open_clip's network: the layout is read from the tensors' shapes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from irlib.errors import IrlibError, UsageError
from irlib.foundation.checkpoints import fill

EXPECTED = (
    "a CLIP with a vision transformer in the layout of OpenAI or open_clip (visual.conv1.weight, "
    "visual.transformer.resblocks…, token_embedding.weight, …)"
)
# Numbers that OpenAI's archive stores beside the weights.
OPENAI_EXTRAS = ("input_resolution", "context_length", "vocab_size")
HEAD_WIDTH = 64  # of every CLIP that OpenAI and LAION published
VOCABULARY = 49408


def to_clip_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Takes ``text.`` off the names of open_clip's CustomTextCLIP; drops what is no weight."""
    return {
        key.removeprefix("text."): tensor
        for key, tensor in state.items()
        if key not in OPENAI_EXTRAS and not key.endswith(("attn_mask", "position_ids"))
    }


def infer_config(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    """The arguments of ``open_clip.model.CLIP`` that a state dictionary was made with.

    Activation and number of heads leave no trace in the shapes: heads are taken to be 64 wide, as
    in all published models, and the activation is decided by :func:`uses_quick_gelu`.

    Raises:
        UsageError: Not the layout of a CLIP with a vision transformer.
    """
    needed = (
        "visual.conv1.weight",
        "visual.positional_embedding",
        "positional_embedding",
        "token_embedding.weight",
        "text_projection",
    )
    missing = [key for key in needed if key not in state]
    if missing:
        raise UsageError(f"{label} is not {EXPECTED}: {', '.join(missing)} missing.")
    width, _, patch, _ = state["visual.conv1.weight"].shape
    grid = round((len(state["visual.positional_embedding"]) - 1) ** 0.5)
    text_width = state["token_embedding.weight"].shape[1]
    return {
        "embed_dim": state["text_projection"].shape[1],
        "vision_cfg": {
            "image_size": grid * patch,
            "patch_size": patch,
            "width": width,
            "layers": _depth(state, "visual.transformer.resblocks."),
            "head_width": min(HEAD_WIDTH, width),
        },
        "text_cfg": {
            "context_length": len(state["positional_embedding"]),
            "vocab_size": VOCABULARY,
            "width": text_width,
            "heads": max(1, text_width // HEAD_WIDTH),
            "layers": _depth(state, "transformer.resblocks."),
        },
    }


def uses_quick_gelu(state: Mapping[str, Tensor], path: Path) -> tuple[bool, str]:
    """Whether a checkpoint was trained with ``x * sigmoid(1.702 x)``, and how that is known.

    The weights do not show it and a wrong choice raises no error, it only makes features worse.
    OpenAI's need it. An ``open_clip_config.json`` beside the file decides; without one the weights
    are taken to be OpenAI's, the only ones the papers of the field use.
    """
    if any(key in state for key in OPENAI_EXTRAS):
        return True, "OpenAI's layout"
    config = path.parent / "open_clip_config.json"
    if config.is_file():
        try:
            model = json.loads(config.read_text(encoding="utf-8"))["model_cfg"]
            return bool(model.get("quick_gelu", False)), config.name
        except (ValueError, KeyError, AttributeError) as error:
            raise IrlibError(
                f"{config} cannot be read as an open_clip configuration ({error}). Repair it, or "
                "move the weights into a folder of their own."
            ) from error
    return True, "taken to be OpenAI's"


def build_clip(
    state: Mapping[str, Tensor], config: Mapping[str, Any], quick_gelu: bool, label: str
) -> nn.Module:
    """Builds open_clip's network and fills it.

    Raises:
        UsageError: Tensors that do not fit.
        IrlibError: open_clip built another activation than asked.
    """
    from open_clip.model import CLIP

    extra = {"init_logit_bias": 0.0} if "logit_bias" in state else {}
    try:
        with torch.device("meta"):
            network = CLIP(**{**config, **extra, "quick_gelu": quick_gelu})
    except (TypeError, ValueError, AssertionError, ZeroDivisionError) as error:
        raise UsageError(f"{label} is not {EXPECTED}: {error}.") from error
    network = network.to_empty(device="cpu")
    # Not in any state dictionary, so not filled by one: minus infinity above the diagonal.
    length = network.positional_embedding.shape[0]
    if network.attn_mask is not None:
        network.attn_mask = torch.full((length, length), float("-inf")).triu_(1)
    fill(network, state, label, EXPECTED)
    block = network.transformer.resblocks[0]
    found = type(block.mlp.gelu).__name__
    if (found == "QuickGELU") != quick_gelu:
        raise IrlibError(
            f"open_clip built CLIP with {found}, expected "
            f"{'QuickGELU' if quick_gelu else 'GELU'}. Install an open_clip that irlib supports "
            "(see requirements.lock)."
        )
    return network


def _depth(state: Mapping[str, Tensor], prefix: str) -> int:
    numbers = {key.removeprefix(prefix).split(".")[0] for key in state if key.startswith(prefix)}
    return len(numbers)
