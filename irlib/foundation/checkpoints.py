"""Foundation weights on disk: what their files hold beside the tensors, and how they are named."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.tensor_files import damaged, misfits, read_content, unwrap, write_tensors

WRAPPERS = ("state_dict", "model", "teacher")  # where trainers put the tensors
PREFIXES = ("module.", "backbone.")


def read_state(path: Path) -> dict[str, Tensor]:
    """Reads the tensors of a checkpoint in full precision; code in it is never run.

    Args:
        path: A safetensors file, or PyTorch's own format holding nothing but tensors.

    Returns:
        Tensors by name, without a trainer's wrapping and prefixes; float32 where they were float.

    Raises:
        IrlibError: A damaged file, or one that would have to run code to be read (as OpenAI's own
            ``.pt``, a TorchScript program).
        UsageError: No tensors by name in it.
    """
    hub = "take the safetensors file of the same model from the Hugging Face Hub"
    state = unwrap(read_content(path, instead=hub), str(path), WRAPPERS, PREFIXES)
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def read_header(path: Path) -> dict[str, Any]:
    """What irlib wrote into a file beside the tensors: "model", "config", "facts"; {} elsewhere."""
    if path.suffix != ".safetensors":
        return {}
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise damaged(path, error) from error
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
        name: "clip", "dino", "vgg" or "namer".
        state: Tensors by name.
        config: Everything needed to build the network again, JSON-like.
        **facts: What a reader will want to know: steps=400, seed=0.

    Raises:
        IrlibError: The file cannot be written.
    """
    return write_tensors(path, state, kind="foundation", name=name, config=config, facts=facts)


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
    if found := misfits(network.state_dict(), state):
        raise UsageError(f"{label} is not {expected}. Tensors {found}.")
    network.load_state_dict(dict(state))
