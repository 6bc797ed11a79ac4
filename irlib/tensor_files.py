"""Files of tensors: read as data, never as code; written whole, the same tensors as the same bytes.

The networks of :mod:`irlib.models` and the foundation models below them share these.
"""

import json
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

import irlib
from irlib.errors import IrlibError, UsageError

_SHOWN = 5
_LENGTH = 8  # bytes at the start of a safetensors file that say how long its header is


def read_content(path: Path, instead: str = "") -> Any:
    """Reads a checkpoint file: safetensors, or PyTorch's own format holding nothing but tensors.

    Args:
        path: The file.
        instead: What else to do about a file that would have to run code, for the message: "take
            the safetensors file of the same model".

    Returns:
        The tensors by name, perhaps in a trainer's wrapping (:func:`unwrap` takes it off).

    Raises:
        IrlibError: A damaged file, or one that would have to run code to be read.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings(action="ignore"):  # on old pickle protocols, which are refused
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise _would_run_code(path, "Python objects besides tensors", instead, error) from error
    except Exception as error:  # damaged files raise a different type for each kind of damage
        if "TorchScript" in str(error):
            raise _would_run_code(path, "a TorchScript program", instead, error) from error
        raise damaged(path, error) from error


def unwrap(
    content: Any, label: str, wrappers: Sequence[str], prefixes: Sequence[str]
) -> dict[str, Tensor]:
    """Takes the tensors out of a trainer's wrapping and the prefix off their names.

    Args:
        content: What a file held.
        label: What it came from, for the error message.
        wrappers: Keys under which trainers put the tensors.
        prefixes: What wrappers of networks prepend to every name.

    Raises:
        UsageError: No tensors by name, or something else among them.
    """
    for key in wrappers:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    else:
        content = _only_tensors(content)
    expected = f"expected a state dictionary, also inside {' or '.join(wrappers)}."
    if not isinstance(content, Mapping) or not content:
        raise UsageError(f"{label} holds no tensors by name; {expected}")
    strangers = [key for key, value in content.items() if not isinstance(value, Tensor)]
    if strangers:
        raise UsageError(f"{label} holds {strangers[0]!r}, which is not a tensor; {expected}")
    state = {str(key): value for key, value in content.items()}
    while prefix := next((p for p in prefixes if all(key.startswith(p) for key in state)), None):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _only_tensors(content: Any) -> Any:
    """Of a mapping with one entry that holds tensors by name, that entry, whatever it is called."""
    if not isinstance(content, Mapping):
        return content
    filled = [entry for entry in content.values() if isinstance(entry, Mapping) and entry]
    found = [e for e in filled if all(isinstance(value, Tensor) for value in e.values())]
    return found[0] if len(found) == 1 else content


def misfits(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """Names the first missing, unknown and wrongly shaped tensors; empty where all fit."""
    shaped = [
        f"{key}: given {tuple(given[key].shape)}, expected {tuple(expected[key].shape)}"
        for key in expected
        if key in given and given[key].shape != expected[key].shape
    ]
    kinds = (
        ("missing", [key for key in expected if key not in given]),
        ("unknown", [key for key in given if key not in expected]),
        ("of another shape", shaped),
    )
    return "; ".join(
        f"{len(entries)} {kind}: {', '.join(entries[:_SHOWN])}"
        for kind, entries in kinds
        if entries
    )


def write_tensors(
    path: str | Path,
    state: Mapping[str, Tensor],
    *,
    kind: str,
    name: str,
    config: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Path:
    """Writes tensors to a safetensors file, whole or not at all.

    Equal tensors and facts give equal bytes, so that a file's hash says what is in it.

    Args:
        path: Where to; the folder is made if needed.
        state: Tensors by name, on any device.
        kind: The header's word for what this is: "model" or "foundation".
        name: Which one.
        config: Everything needed to build the network again, JSON-like.
        facts: What a reader will want to know, JSON-like.

    Raises:
        IrlibError: The file cannot be written (no space left, no permission).
    """
    path = Path(path)
    metadata = {
        kind: name,
        "config": json.dumps(dict(config)),
        "irlib": irlib.__version__,
        "facts": json.dumps(dict(facts)),
    }
    # contiguous in the plain layout: safetensors stores no strides
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in state.items()}
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(handle, "wb") as file:
            _write_canonically(file, save(tensors, metadata))
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


def damaged(path: Path, error: Exception) -> IrlibError:
    """Words the error of a file that cannot be read."""
    return IrlibError(
        f"{path} cannot be read as a checkpoint ({type(error).__name__}: {_first_line(error)}). "
        "Expected a safetensors or PyTorch file; copy or download it again."
    )


def _write_canonically(file: Any, content: bytes) -> None:
    """Writes a safetensors file with its header's entries sorted, which safetensors shuffles."""
    start = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    entries = json.loads(content[_LENGTH:start])
    header = json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-len(header) % 8)  # the tensors behind it start at a multiple of 8
    file.write(len(header).to_bytes(_LENGTH, "little") + header)
    file.write(memoryview(content)[start:])


def _would_run_code(path: Path, what: str, instead: str, error: Exception) -> IrlibError:
    advice = f"{instead[0].upper()}{instead[1:]}, or on" if instead else "On"
    return IrlibError(
        f"{path} holds {what} and would have to run code to be read; irlib reads tensors only and "
        f"has not opened it. {advice} a machine where you trust the file, save its state "
        "dictionary alone (torch.save(model.state_dict(), ...) or safetensors) and give that. "
        f"PyTorch says: {_first_line(error)}"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no reason given").splitlines()[0][:200]
