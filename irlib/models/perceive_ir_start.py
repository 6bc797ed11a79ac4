"""Starting Perceive-IR from a trained network of its backbone."""

import re

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.official import check_fit
from irlib.models.perceive_ir import PerceiveIR
from irlib.nn.guidance import PromptGuidance

_GUIDED_BLOCK = re.compile(r"^(latent|decoder_level\d|decoders\.\d)\.(\d+)\.")
_GUIDED_ATTENTION = re.compile(r"^(.+\.blocks\.\d+)\.(norm1|attention)\.")


def load_backbone(model: PerceiveIR, plain: RestorationModel) -> PerceiveIR:
    """Lets a Perceive-IR start exactly at a Restormer (or NAFNet) of equal widths and depths.

    Every tensor is taken over; guides start equal to the features and the norm of the queries equal
    to that of the keys. The network then restores like ``plain``, whatever the prior, until it has
    learned something. Taught in chapter 11.

    Args:
        model: Filled in place. One guidance a block and a single attention, or ``pgca="none"``;
            ``decoder1_width="concat"``. On NAFNet only ``pgca="none"``: guided attention has no
            counterpart in a NAFBlock.
        plain: The trained network.

    Returns:
        ``model``.

    Raises:
        UsageError: A configuration that cannot start there, or other widths or depths.
    """
    config = model.config
    attends = config["pgca"] != "none"
    alike = (config["backbone"], config["pgca"], config["pgm_scope"]) == (
        "restormer",
        "single",
        "block",
    )
    concat = config["backbone"] == "nafnet" or config["decoder1_width"] == "concat"
    if plain.name != config["backbone"] or (attends and not alike) or not concat:
        raise UsageError(
            f"this perceive-ir cannot start from a {plain.name}: expected one of its backbone, "
            f"{config['backbone']}; and pgca='none', or on Restormer pgca='single' with "
            "pgm_scope='block'; and decoder1_width='concat'. Create it so, or train from scratch."
        )
    state = dict(model.state_dict())
    for key, tensor in plain.state_dict().items():
        name = "backbone." + _GUIDED_BLOCK.sub(r"\1.blocks.\2.", key)
        if attends:
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
