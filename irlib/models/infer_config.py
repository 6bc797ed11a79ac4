"""Finding out a network's constructor arguments from the shapes of its tensors."""

import re
from collections.abc import Mapping
from math import floor
from typing import Any

from torch import Tensor

from irlib.errors import UsageError
from irlib.nn.feed_forward import hidden_width

PAPER_EXPANSION = 2.66


def infer_config(name: str, state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    """Returns the arguments of ``create(name, ...)`` that make tensors of these shapes.

    Args:
        name: "restormer", "promptir" or "nafnet".
        state: Tensors by our names.
        label: What the tensors are called in an error message.

    Raises:
        UsageError: The tensors cannot be of this kind of network.
    """
    if name not in READERS:
        raise UsageError(f"the authors of {name} published no checkpoint that irlib can read.")
    try:
        return READERS[name](state, label)
    except (KeyError, IndexError) as error:
        first = ", ".join(list(state)[:3])
        raise UsageError(
            f"{label} is not a checkpoint of {name}: expected a tensor for {error.args[0]!r}, "
            f"given {len(state)} tensors that start with {first}. Choose the model it was made for."
        ) from error


def _restormer(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    return _of_both(state, label) | {"dual_pixel": "skip_conv.weight" in state}


def _promptir(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    components = [state[f"prompt{level}.components"].shape for level in (1, 2, 3)]
    return _of_both(state, label) | {
        "prompt_dims": tuple(shape[1] for shape in components),
        "prompt_sizes": tuple(shape[2] for shape in components),
        "prompt_lens": tuple(shape[0] for shape in components),
    }


def _of_both(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    """Arguments that Restormer and PromptIR share."""
    return {
        "in_channels": state["patch_embed.weight"].shape[1],
        "out_channels": state["output.weight"].shape[0],
        "dim": state["patch_embed.weight"].shape[0],
        "num_blocks": tuple(
            _count_blocks(state, stage)
            for stage in ("encoder_level1", "encoder_level2", "encoder_level3", "latent")
        ),
        "num_refinement_blocks": _count_blocks(state, "refinement"),
        "heads": tuple(
            state[f"{stage}.0.attention.temperature"].shape[0]
            for stage in ("encoder_level1", "encoder_level2", "encoder_level3", "latent")
        ),
        "ffn_expansion_factor": _expansion(state, label),
        "bias": "latent.0.attention.qkv.bias" in state,
        "norm_type": "WithBias" if "latent.0.norm1.bias" in state else "BiasFree",
    }


def _nafnet(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    dim, in_channels = state["intro.weight"].shape[:2]
    levels = range(_count_blocks(state, "downs"))
    baseline = any(".mixer.attention.squeeze." in key for key in state)
    return {
        "in_channels": in_channels,
        "dim": dim,
        "encoder_blocks": tuple(_count_blocks(state, f"encoders.{level}") for level in levels),
        "middle_blocks": _count_blocks(state, "middle"),
        "decoder_blocks": tuple(_count_blocks(state, f"decoders.{level}") for level in levels),
        "block": "baseline" if baseline else "naf",
        "dw_expansion": _widening(state, "mixer.project_in.weight"),
        "ffn_expansion": _widening(state, "feed_forward.project_in.weight"),
    }


def _pivpnet(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    dim, in_channels = state["intro.weight"].shape[:2]
    levels = range(_count_blocks(state, "downs"))
    return {
        "in_channels": in_channels,
        "dim": dim,
        "depths": tuple(
            _count_blocks(state, f"stages.{stage}") for stage in range(2 * len(levels) + 1)
        ),
        "kernel_size": state["stages.0.0.depthwise.weight"].shape[-1],
        "prompt_blocks": _count_blocks(state, "prompt_stages.0"),
        "prompt_sizes": tuple(state[f"prompts.{level}.beta"].shape[-1] for level in levels),
        "masks": "learned" if "prompts.0.masks" in state else "ones",
    }


READERS = {"restormer": _restormer, "promptir": _promptir, "nafnet": _nafnet, "pivpnet": _pivpnet}


def _am_promptir(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    stages = ("encoder_level1", "encoder_level2", "encoder_level3", "latent")
    prompts = [state[f"prompt{level}.components"].shape for level in (1, 2, 3)]
    dim = state["patch_embed.weight"].shape[0]
    return {
        "in_channels": state["patch_embed.weight"].shape[1],
        "out_channels": state["output.weight"].shape[0],
        "dim": dim,
        "num_blocks": tuple(_count_blocks(state, stage) for stage in stages),
        "num_refinement_blocks": _count_blocks(state, "refinement"),
        "ffn_expansion_factor": _expansion(state, label),
        "bias": "latent.0.attention.project_out.bias" in state,
        "norm_type": "WithBias" if "latent.0.norm1.bias" in state else "BiasFree",
        "prompt_sizes": tuple(shape[-1] for shape in prompts),
        "prompt_len": prompts[0][0],
        "local_expansion": state["latent.0.attention.local_in.weight"].shape[0] // (8 * dim),
        "strip_expansion": state["latent.0.attention.strips.fuse.weight"].shape[0] // (8 * dim),
    }


READERS["am-promptir"] = _am_promptir


def _instructir(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    nafnet = _nafnet(state, label)
    shared = ("in_channels", "dim", "encoder_blocks", "middle_blocks", "decoder_blocks")
    config = {name: nafnet[name] for name in shared}
    config["text_dim"] = state["encoder_conditions.0.open.weight"].shape[1]
    if "head.project.weight" in state:
        config["sentence_dim"] = state["head.project.weight"].shape[1]
        config["intents"] = state["head.classify.weight"].shape[0]
    # The authors' weights hold no sentences; their encoder has to be heard first.
    return config | {"sentences": "file", "tasks": ()}


READERS["instructir"] = _instructir


def _dfpir(state: Mapping[str, Tensor], label: str) -> dict[str, Any]:
    config = _of_both(state, label)
    for name in ("out_channels", "bias"):
        del config[name]
    if state["perturb1.text_in.weight"].shape[1] != 512:
        raise UsageError(f"{label} reads text vectors of another length than 512, CLIP's.")
    # The authors' weights hold no words; CLIP has to read them first.
    return config | {"clip": "pretrained", "prompts": None}


READERS["dfpir"] = _dfpir


def _widening(state: Mapping[str, Tensor], ending: str) -> int:
    """Outputs over inputs of the first layer whose name ends so."""
    name = next((key for key in state if key.endswith(f".{ending}")), f"….{ending}")
    outputs, inputs = state[name].shape[:2]
    return outputs // inputs


def _count_blocks(state: Mapping[str, Tensor], stage: str) -> int:
    pattern = re.compile(rf"{re.escape(stage)}\.(\d+)\.")
    found = {int(match.group(1)) for key in state if (match := pattern.match(key))}
    return max(found) + 1 if found else 0


def _expansion(state: Mapping[str, Tensor], label: str) -> float:
    """Finds a factor f with hidden width int(f * width) in every block, the roundest there is."""
    widths = {
        (weight.shape[1], weight.shape[0] // 2)
        for key, weight in state.items()
        if key.endswith(".feed_forward.project_in.weight")
    }
    candidates = [PAPER_EXPANSION]
    lower = max(hidden / width for width, hidden in widths)
    candidates += [
        (floor(lower * 10**digits) + step) / 10**digits for digits in range(7) for step in (0, 1)
    ]
    for factor in candidates:
        if all(hidden_width(width, factor) == hidden for width, hidden in widths):
            return factor
    shown = ", ".join(f"{width}->{hidden}" for width, hidden in sorted(widths))
    raise UsageError(
        f"{label} has feed-forward widths {shown}; expected one expansion factor for all of them."
    )
