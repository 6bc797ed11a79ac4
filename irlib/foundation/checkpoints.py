"""Reading and writing foundation weights: tensors only, whatever the file."""

import json
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import irlib
from irlib.errors import IrlibError, UsageError

WRAPPERS = ("state_dict", "model", "teacher")  # where trainers put the tensors
PREFIXES = ("module.", "backbone.")
SHOWN = 4


def read_state(path: Path) -> dict[str, Tensor]:
    """Reads the tensors of a checkpoint in full precision; code in it is never run.

    Args:
        path: A safetensors file, or PyTorch's own format holding nothing but tensors.

    Returns:
        Tensors by name, without a trainer's wrapping and prefixes; float32 where they were float.

    Raises:
        IrlibError: A damaged file, or one that would have to run code to be read.
        UsageError: No tensors by name in it.
    """
    content: Any = _read(path)
    for key in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise UsageError(
            f"{path} holds no tensors by name; expected a state dictionary, also inside "
            f"{' or '.join(WRAPPERS)}."
        )
    strangers = [key for key, value in content.items() if not isinstance(value, Tensor)]
    if strangers:
        raise UsageError(
            f"{path} holds {strangers[0]!r}, which is no tensor; expected a state dictionary, also "
            f"inside {' or '.join(WRAPPERS)}."
        )
    state = {str(key): value for key, value in content.items()}
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def read_header(path: Path) -> dict[str, Any]:
    """What irlib wrote into a file beside the tensors: "model", "config", "facts"; {} elsewhere."""
    if path.suffix != ".safetensors":
        return {}
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error
    if "foundation" not in metadata:
        return {}
    return {
        "model": metadata["foundation"],
        "irlib": metadata["irlib"],
        "config": json.loads(metadata["config"]),
        "facts": json.loads(metadata["facts"]),
    }


def require_kind(header: Mapping[str, Any], expected: str, path: Path) -> None:
    """Refuses a file of irlib that holds another foundation model.

    Raises:
        UsageError: The message names both.
    """
    if header and header["model"] != expected:
        raise UsageError(
            f"{path} holds a {header['model']} network, but {expected} was asked for. Give a file "
            f"of {expected}, or load it as {header['model']}."
        )


def write_weights(
    path: Path, name: str, state: Mapping[str, Tensor], config: Mapping[str, Any], **facts: Any
) -> Path:
    """Writes foundation weights to a safetensors file, whole or not at all.

    Args:
        path: Where to; the folder is made if needed.
        name: "clip", "dino" or "vgg".
        state: Tensors by name.
        config: Everything needed to build the network again, JSON-like.
        **facts: What a reader will want to know: steps=400, seed=0.

    Raises:
        IrlibError: The file cannot be written.
    """
    metadata = {
        "foundation": name,
        "config": json.dumps(dict(config)),
        "irlib": irlib.__version__,
        "facts": json.dumps(facts),
    }
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in state.items()}
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        save_file(tensors, temporary, metadata)
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        raise IrlibError(
            f"cannot write the weights to {path}: {error}. Nothing was changed there; free some "
            "space or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return path


def fill(network: nn.Module, state: Mapping[str, Tensor], label: str, expected: str) -> None:
    """Loads a state dictionary that must fit a network exactly.

    Args:
        network: To be filled.
        state: Tensors by the network's own names.
        label: What they came from, for the error message.
        expected: What the file should have been, in words.

    Raises:
        UsageError: Missing, unknown or wrongly shaped tensors, the first of them named.
    """
    own = network.state_dict()
    shaped = [
        f"{key}: given {tuple(state[key].shape)}, expected {tuple(own[key].shape)}"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    findings = [
        f"{len(entries)} {kind}: {', '.join(entries[:SHOWN])}"
        for kind, entries in (
            ("missing", [key for key in own if key not in state]),
            ("unknown", [key for key in state if key not in own]),
            ("of another shape", shaped),
        )
        if entries
    ]
    if findings:
        raise UsageError(f"{label} is not {expected}. Tensors {'; '.join(findings)}.")
    network.load_state_dict(dict(state))


def _read(path: Path) -> Any:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings(action="ignore"):  # on old pickle protocols, which are refused
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise _would_run_code(path, "Python objects besides tensors") from error
    except Exception as error:  # damaged files raise a different type for each kind of damage
        if "TorchScript" in str(error):
            raise _would_run_code(path, "a TorchScript program, as OpenAI's own .pt") from error
        raise _damaged(path, error) from error


def _would_run_code(path: Path, what: str) -> IrlibError:
    return IrlibError(
        f"{path} holds {what} and would have to run code to be read; irlib reads tensors only and "
        "has not opened it. Take the safetensors file of the same model from the Hugging Face Hub, "
        "or save its state dictionary alone on a machine where you trust the file "
        "(torch.save(model.state_dict(), ...))."
    )


def _damaged(path: Path, error: Exception) -> IrlibError:
    first = (str(error).strip() or "no reason given").splitlines()[0][:200]
    return IrlibError(
        f"{path} cannot be read as a checkpoint ({type(error).__name__}: {first}). Expected a "
        "safetensors or PyTorch file; copy or download it again."
    )
