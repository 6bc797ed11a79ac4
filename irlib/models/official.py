"""Reading the checkpoints that the authors published, without ever running code from them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from irlib.errors import UsageError
from irlib.models.airnet_official import without_lone_queue
from irlib.models.base import RestorationModel
from irlib.models.infer_config import infer_config
from irlib.models.official_names import is_called, our_name
from irlib.models.registry import MODELS, create
from irlib.tensor_files import misfits, read_content, unwrap

StateDict = dict[str, Tensor]

WRAPPERS = ("params_ema", "params", "state_dict", "model")  # where trainers put the tensors
PREFIXES = ("module.", "net.", "model.")  # what parallel and Lightning wrappers prepend


def load_official(
    name: str, source: str | Path | Mapping[str, Any], **config: Any
) -> RestorationModel:
    """Builds the network that a checkpoint of the authors belongs to, with its weights.

    The width, the depth and every other argument are read from the shapes of the tensors.

    Args:
        name: A model whose authors publish weights, or whose code writes them: all but
            "perceive-ir" and "dppd".
        source: A ``.pth``, ``.pt`` or ``.ckpt`` file, a ``.safetensors`` file, or a state
            dictionary, with the authors' names; ``module.`` and ``net.`` prefixes and the wrappers
            of trainers (``params``, ``state_dict``, or any that holds the only tensors by name)
            are removed.
        **config: Constructor arguments that leave no trace in the tensors, such as NAFNet's
            ``train_size=(256, 256)``.

    Returns:
        The network in evaluation mode.

    Raises:
        UsageError: No such model or file, or a checkpoint of another network; the message names the
            first tensors that do not fit.
        IrlibError: An unreadable file, or one that would have to run code to be read.
    """
    MODELS.get(name)
    label = str(source) if isinstance(source, str | Path) else "the state dictionary"
    content = _read(Path(source)) if isinstance(source, str | Path) else source
    state = to_our_names(name, unwrap(content, label, WRAPPERS, PREFIXES))
    model = create(name, **{**infer_config(name, state, label), **config})
    check_fit(model, state, label)
    model.load_state_dict(state)
    return model.eval()


def _read(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"no checkpoint at {path}; give the path of a .pth, .ckpt or .safetensors")
    return read_content(path)


def to_our_names(name: str, state: Mapping[str, Tensor]) -> StateDict:
    """Renames the authors' tensors to ours and leaves out those that are never used."""
    renamed = {our_name(name, key): t for key, t in state.items() if is_called(name, key)}
    for key, tensor in renamed.items():
        if key.endswith(".components") and tensor.ndim == 5:
            renamed[key] = tensor[0]  # the authors keep a batch axis of one
    return without_lone_queue(renamed) if name == "airnet" else renamed


def check_fit(model: RestorationModel, state: Mapping[str, Tensor], label: str) -> None:
    """Refuses a state dictionary that does not fit ``model`` exactly.

    Raises:
        UsageError: The message names the first missing, unknown and wrongly shaped tensors.
    """
    if found := misfits(model.state_dict(), state):
        raise UsageError(
            f"{label} does not belong to {model.name} with dim={model.config['dim']}. Tensors "
            f"{found}. Choose the model and width that the file was made with."
        )
