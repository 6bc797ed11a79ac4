"""Reading the weights that a training starts from: irlib's own, or those that authors published."""

from pathlib import Path

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.official import load_official
from irlib.models.perceive_ir import BACKBONES
from irlib.models.weights import OFFICIAL_SUFFIXES, load_weights


def load_start(source: str | Path, name: str, backbone: str | None = None) -> RestorationModel:
    """Reads a network to go on training.

    Args:
        source: A file that irlib wrote, the name of a shipped network, or a file as authors publish
            them (.pth, .pt, .ckpt, .bin): tensors only, by the authors' names, never run as code.
        name: The model to train. The authors of Perceive-IR published no weights; it starts from
            those of a plain backbone.
        backbone: Of Perceive-IR, "restormer" or "nafnet", where it was asked for; otherwise the
            file decides.

    Returns:
        The network in evaluation mode: of that model, or of another that irlib's file names.

    Raises:
        UsageError: No such file or name, or an authors' file of another network.
        IrlibError: A damaged file, or one that would have to run code to be read.
    """
    path = Path(source)
    if path.suffix not in OFFICIAL_SUFFIXES:
        return load_weights(source)
    if name != "perceive-ir":
        return load_official(name, path)
    kinds = (backbone,) if backbone in BACKBONES else BACKBONES
    reasons = []
    for kind in kinds:
        try:
            return load_official(kind, path)
        except UsageError as error:
            reasons.append(error)
    raise reasons[0]
