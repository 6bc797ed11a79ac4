"""Reading the checkpoints that the authors published, without ever running code from them."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from irlib.errors import IrlibError, UsageError
from irlib.models.base import RestorationModel
from irlib.models.infer_config import infer_config
from irlib.models.official_names import NEVER_CALLED, our_name
from irlib.models.registry import MODELS, create

StateDict = dict[str, Tensor]

WRAPPERS = ("params_ema", "params", "state_dict", "model")  # where trainers put the tensors
PREFIXES = ("module.", "net.", "model.")  # what parallel and Lightning wrappers prepend

SHOWN = 5


def load_official(
    name: str, source: str | Path | Mapping[str, Any], **config: Any
) -> RestorationModel:
    """Builds the network that a checkpoint of the authors belongs to, with its weights.

    The width, the depth and every other argument are read from the shapes of the tensors.

    Args:
        name: "restormer", "promptir" or "nafnet".
        source: A ``.pth``, ``.pt`` or ``.ckpt`` file, a ``.safetensors`` file, or a state
            dictionary, with the authors' names; ``module.`` and ``net.`` prefixes and the usual
            wrappers (``params``, ``state_dict``) are removed.
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
    content = read_tensors(Path(source)) if isinstance(source, str | Path) else source
    state = to_our_names(name, unwrap(content, label))
    model = create(name, **{**infer_config(name, state, label), **config})
    check_fit(model, state, label)
    model.load_state_dict(state)
    return model.eval()


def read_tensors(path: Path) -> Mapping[str, Any]:
    """Reads a checkpoint file as data: safetensors, or PyTorch's own format with tensors only."""
    if not path.is_file():
        raise UsageError(f"no checkpoint at {path}; give the path of a .pth, .ckpt or .safetensors")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with warnings.catch_warnings(action="ignore"):  # on old pickle protocols, which are refused
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise IrlibError(
            f"{path} holds Python objects besides tensors and would have to run code to be read; "
            "irlib reads tensors only and has not opened it. On a machine where you trust the "
            "file, save its state dictionary alone (torch.save(model.state_dict(), ...) or "
            f"safetensors) and give that. PyTorch says: {_first_line(error)}"
        ) from error
    except Exception as error:  # damaged files raise a different type for each kind of damage
        raise IrlibError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}: "
            f"{_first_line(error)}). Expected a PyTorch or safetensors file; download it again."
        ) from error


def unwrap(content: Any, label: str) -> StateDict:
    """Takes the tensors out of a trainer's wrapping and the prefix off their names."""
    for key in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise UsageError(
            f"{label} holds no tensors by name; expected a state dictionary, also inside "
            f"{' or '.join(WRAPPERS)}."
        )
    strangers = [key for key, value in content.items() if not isinstance(value, Tensor)]
    if strangers:
        raise UsageError(
            f"{label} holds {strangers[0]!r}, which is not a tensor; expected a state dictionary, "
            f"also inside {' or '.join(WRAPPERS)}."
        )
    state = {str(key): value for key, value in content.items()}
    while prefix := _common_prefix(state):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def to_our_names(name: str, state: Mapping[str, Tensor]) -> StateDict:
    """Renames the authors' tensors to ours and leaves out those that are never used."""
    renamed = {our_name(name, key): t for key, t in state.items() if not NEVER_CALLED.match(key)}
    for key, tensor in renamed.items():
        if key.endswith(".components") and tensor.ndim == 5:
            renamed[key] = tensor[0]  # the authors keep a batch axis of one
    return renamed


def check_fit(model: RestorationModel, state: Mapping[str, Tensor], label: str) -> None:
    """Refuses a state dictionary that does not fit ``model`` exactly.

    Raises:
        UsageError: The message names the first missing, unknown and wrongly shaped tensors.
    """
    expected = model.state_dict()
    missing = [key for key in expected if key not in state]
    unknown = [key for key in state if key not in expected]
    shaped = [
        f"{key}: given {tuple(state[key].shape)}, expected {tuple(expected[key].shape)}"
        for key in expected
        if key in state and state[key].shape != expected[key].shape
    ]
    findings = [
        f"{len(entries)} {kind}: {', '.join(entries[:SHOWN])}"
        for kind, entries in (
            ("missing", missing),
            ("unknown", unknown),
            ("of another shape", shaped),
        )
        if entries
    ]
    if findings:
        raise UsageError(
            f"{label} does not belong to {model.name} with dim={model.config['dim']}. Tensors "
            f"{'; '.join(findings)}. Choose the model and width that the file was made with."
        )


def _common_prefix(state: Mapping[str, Tensor]) -> str | None:
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in state):
            return prefix
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no reason given").splitlines()[0][:200]
