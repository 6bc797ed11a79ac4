"""Starting Perceive-IR from a trained network of its backbone."""

import re
from typing import Any

import torch

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.official import check_fit
from irlib.models.perceive_ir import BACKBONES, PerceiveIR
from irlib.models.perceive_ir_presets import on_nafnet
from irlib.nn.guidance import PromptGuidance

_GUIDED_BLOCK = re.compile(r"^(latent|decoder_level\d|decoders\.\d)\.(\d+)\.")
_GUIDED_ATTENTION = re.compile(r"^(.+\.blocks\.\d+)\.(norm1|attention)\.")

#: What both networks name alike.
_SHARED = ("dim", "num_blocks", "num_refinement_blocks", "heads", "ffn_expansion_factor", "bias")
#: What Perceive-IR's backbones cannot be otherwise.
_FIXED = {
    "restormer": {"in_channels": 3, "out_channels": 3, "dual_pixel": False},
    "nafnet": {
        "in_channels": 3,
        "block": "naf",
        "dw_expansion": 2,
        "ffn_expansion": 2,
        "train_size": None,
    },
}


def arguments_like(plain: RestorationModel) -> dict[str, Any]:
    """The arguments of a Perceive-IR with the backbone, widths and depths of a plain network.

    Args:
        plain: A Restormer or a NAFNet.

    Raises:
        UsageError: Another network.

    Example:
        >>> from irlib import models
        >>> plain = models.create("restormer", preset_name="smoke")
        >>> arguments_like(plain)["dim"]
        8
    """
    if plain.name not in BACKBONES:
        raise UsageError(
            f"perceive-ir cannot start from a {plain.name}; expected a network of one of its "
            f"backbones, {' or '.join(BACKBONES)}, or a trained perceive-ir."
        )
    if plain.name == "nafnet":
        return on_nafnet(plain.config)
    names = (*_SHARED, "norm_type")
    return {"backbone": "restormer", **{name: plain.config[name] for name in names}}


def load_backbone(model: PerceiveIR, plain: RestorationModel) -> PerceiveIR:
    """Lets a Perceive-IR start exactly at a Restormer (or NAFNet) of equal widths and depths.

    Every tensor is taken over; guides start equal to the features and the norm of the queries equal
    to that of the keys. The network then restores like ``plain``, whatever the prior, until it has
    learned something. Taught in chapter 11.

    Args:
        model: Filled in place. One guidance a block and a single attention, or ``pgca="none"``;
            ``decoder1_width="concat"``. On NAFNet only ``pgca="none"``: guided attention has no
            counterpart in a NAFBlock. :func:`arguments_like` gives widths and depths that fit.
        plain: The trained network.

    Returns:
        ``model``.

    Raises:
        UsageError: A configuration that cannot start there, or other widths or depths; the message
            names what does not fit.
    """
    config = model.config
    check_start(config, plain)
    state = dict(model.state_dict())
    for name in state:
        # With biases, the guided Restormer has some that the plain one has not: without effect.
        if name.startswith("backbone.") and name.endswith(".bias") and ".guidance." not in name:
            state[name] = torch.zeros_like(state[name])
    for key, tensor in plain.state_dict().items():
        name = "backbone." + _GUIDED_BLOCK.sub(r"\1.blocks.\2.", key)
        if config["pgca"] != "none":
            name = _GUIDED_ATTENTION.sub(r"\1.mixer.\2.", name)
            if ".mixer.norm1." in name:
                state[name.replace(".norm1.", ".norm_guide.")] = tensor
        state[name] = tensor
    check_fit(model, state, f"the {plain.name} to start from")
    model.load_state_dict(state)
    for module in model.modules():
        if isinstance(module, PromptGuidance):
            module.start_neutral()
    return model


def check_start(config: dict[str, Any], plain: RestorationModel) -> None:
    """Refuses a configuration of Perceive-IR that cannot start at a plain network.

    Raises:
        UsageError: The message names what does not fit.
    """
    obstacles = _obstacles(config, plain)
    if obstacles:
        raise UsageError(
            f"this perceive-ir cannot start from a {plain.name}: {'; '.join(obstacles)}. Create it "
            "so that it fits, or train it from scratch."
        )


def _obstacles(config: dict[str, Any], plain: RestorationModel) -> list[str]:
    """What keeps a Perceive-IR of this configuration from starting at a plain network, in words."""
    if plain.name != config["backbone"]:
        return [f"its backbone is {config['backbone']}"]
    found = [
        f"the {plain.name} has {name}={plain.config[name]!r}, expected {expected!r}"
        for name, expected in _FIXED[plain.name].items()
        if plain.config[name] != expected
    ]
    pgca, scope, width = (config[name] for name in ("pgca", "pgm_scope", "decoder1_width"))
    if plain.name == "nafnet":
        if pgca != "none":
            found.append(f"pgca is {pgca!r}, expected 'none' (--without pgca): NAFNet has no such")
        return found
    if pgca == "double":
        found.append("pgca is 'double', expected 'single' or 'none'")
    elif pgca == "single" and scope != "block":
        found.append(f"pgm_scope is {scope!r}, expected 'block' with pgca='single'")
    if width != "concat":
        found.append(f"decoder1_width is {width!r}, expected 'concat'")
    return found
