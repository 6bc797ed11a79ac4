"""Named configurations of Perceive-IR, and the arguments behind its ablation of components."""

from typing import Any

from irlib.errors import UsageError
from irlib.models import nafnet
from irlib.registry import unknown_name

# Length of the class tokens of the pocket DINO.
POCKET_SEMANTICS = 96


def paper() -> dict[str, Any]:
    """The paper's network on Restormer, as far as text, figures and stated size decide it."""
    return {}


def paper_nafnet() -> dict[str, Any]:
    """The paper's variant on NAFNet, of which only the size is stated."""
    return on_nafnet(nafnet.released())


def released() -> dict[str, Any]:
    """The authors' code: two attentions, one guidance a level, a plain code of length one."""
    return {
        "bias": True,
        "decoder1_width": "dim",
        "pgca": "double",
        "pgm_scope": "level",
        "pgm_body": "mlp",
        "pgm_zero_init": False,
        "cfe_body": "plain",
        "cfe_widths": (32, 64, 96, 128),
        "cfe_strides": (2, 2, 2, 2),
        "cfe_normalise_output": True,
    }


def pocket() -> dict[str, Any]:
    """A network that a laptop trains in minutes, steered by the pocket DINO.

    It has about as many parameters, and as long a step, as the pocket Restormer and PromptIR.
    """
    return {
        "dim": 16,
        "num_blocks": (1, 2, 3, 1),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 4),
        "ffn_expansion_factor": 2.0,
        "cfe_widths": (24, 48),
        "cfe_hidden": 48,
        "cfe_out": 32,
        "semantic_dim": POCKET_SEMANTICS,
    }


def pocket_nafnet() -> dict[str, Any]:
    """The same on the pocket NAFNet."""
    return {**pocket(), **on_nafnet(nafnet.pocket())}


def smoke() -> dict[str, Any]:
    """The smallest network that still has every part; it only shows that things run."""
    return {
        "dim": 8,
        "num_blocks": (1, 1, 1, 1),
        "num_refinement_blocks": 1,
        "heads": (1, 1, 2, 2),
        "cfe_widths": (8, 16),
        "cfe_hidden": 16,
        "cfe_out": 16,
        "semantic_dim": POCKET_SEMANTICS,
    }


def smoke_nafnet() -> dict[str, Any]:
    """The same on the smallest NAFNet."""
    return {**smoke(), **on_nafnet(nafnet.smoke())}


def on_nafnet(plain: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments that give a Perceive-IR the widths and depths of a NAFNet."""
    return {
        "backbone": "nafnet",
        "dim": plain["dim"],
        "num_blocks": plain["encoder_blocks"],
        "num_middle_blocks": plain["middle_blocks"],
        "num_decoder_blocks": tuple(reversed(plain["decoder_blocks"])),
    }


PRESETS = {
    "paper": paper,
    "paper-nafnet": paper_nafnet,
    "released": released,
    "pocket": pocket,
    "pocket-nafnet": pocket_nafnet,
    "smoke": smoke,
    "smoke-nafnet": smoke_nafnet,
}


PARTS = ("dino", "cfe", "pgm", "pgca")


def without(*parts: str) -> dict[str, Any]:
    """Returns the arguments of a network that lacks parts: a row of Perceive-IR's Table VI.

    The paper does not say what a guidance is told without semantics and code: here a learned
    constant. Nor does it say how semantics and code enter without a guidance: here a linear layer
    adds them to the features. Without all of them the backbone alone is left. Taught in chapter 11.

    Args:
        *parts: "dino" (the semantics), "cfe" (the code), "pgm" (the guidance, and with it the
            attention from the guide), "pgca" (that attention: the backbone's own blocks instead).

    Raises:
        UsageError: An unknown part.

    Example:
        >>> without("cfe", "pgca")
        {'use_code': False, 'pgca': 'none'}
    """
    for part in parts:
        if part not in PARTS:
            raise UsageError(unknown_name("part of perceive-ir", part, list(PARTS)))
    switches: dict[str, Any] = {}
    if "dino" in parts:
        switches["use_semantics"] = False
    if "cfe" in parts:
        switches["use_code"] = False
    if "pgm" in parts:
        switches["pgm_body"] = "none" if {"dino", "cfe"} <= set(parts) else "shift"
    if "pgm" in parts or "pgca" in parts:
        switches["pgca"] = "none"
    return switches
