"""Storing a network's weights with everything needed to build it again, and reading them back."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

import irlib
from irlib.errors import IrlibError, UsageError
from irlib.models.base import RestorationModel
from irlib.models.official import check_fit
from irlib.models.registry import create
from irlib.registry import unknown_name
from irlib.tensor_files import write_tensors

SHIPPED = Path(irlib.__file__).parent / "weights"
OFFICIAL_SUFFIXES = (".pth", ".pt", ".ckpt", ".bin")


def save_weights(model: RestorationModel, path: str | Path, **facts: Any) -> Path:
    """Writes a network to a safetensors file: whole, or not at all.

    The file's header holds the model's name, its complete configuration, irlib's version and the
    facts, so that :func:`load_weights` needs nothing else.

    Args:
        model: Any model of the registry, on any device.
        path: Where to write; the folder is made if needed.
        **facts: What a reader will want to know, JSON-like: steps=400, seed=0, minutes=3.5.

    Returns:
        The path.

    Raises:
        IrlibError: The file cannot be written (no space left, no permission).
    """
    return write_tensors(
        path, model.state_dict(), kind="model", name=model.name, config=model.config, facts=facts
    )


def load_weights(
    source: str | Path, *, into: RestorationModel | None = None, device: str = "cpu"
) -> RestorationModel:
    """Reads a network that :func:`save_weights` wrote.

    Args:
        source: A file, or the name of a shipped network such as "promptir-pocket".
        into: Fill this network instead of building one; it must have the same name and shapes.
        device: Where the tensors go.

    Returns:
        The network in evaluation mode.

    Raises:
        UsageError: No such file or name, a file that irlib did not write, or weights of another
            model or width than ``into``.
        IrlibError: A damaged file.
    """
    path = weights_path(source)
    header = read_header(path)
    if into is None:
        model = create(header["model"], **header["config"])
    else:
        _same_name(header["model"], into.name, path)
        model = into
    with _opened(path) as file:
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    check_fit(model, state, str(path))
    model.load_state_dict(state)
    return model.to(device).eval()


def require(model: RestorationModel, name: str, source: str | Path) -> None:
    """Refuses a network read from ``source`` that is not the model asked for by ``name``.

    Raises:
        UsageError: Another model; the message names both.
    """
    _same_name(model.name, name, source)


def _same_name(given: str, expected: str, source: str | Path) -> None:
    if given != expected:
        raise UsageError(
            f"{source} holds the weights of {given}, but {expected} was asked for. Ask for {given},"
            f" or give weights of {expected}."
        )


def read_header(path: str | Path) -> dict[str, Any]:
    """Returns what a weights file says of itself: "model", "config", "irlib" and "facts"."""
    with _opened(Path(path)) as file:
        metadata = file.metadata() or {}
    try:
        config = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in json.loads(metadata["config"]).items()
        }
        return {
            "model": metadata["model"],
            "config": config,
            "irlib": metadata["irlib"],
            "facts": json.loads(metadata["facts"]),
        }
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"{path} was not written by irlib: its header names no model and configuration. "
            "If the authors of a model published it, read it with "
            "irlib.models.load_official(name, path)."
        ) from error


def weights_path(source: str | Path) -> Path:
    """Returns the file behind a path or the name of a shipped network.

    Raises:
        UsageError: Neither; the message lists the shipped names.
    """
    path = Path(source)
    shipped = SHIPPED / f"{source}.safetensors"
    if not path.exists() and path.name == str(source) and shipped.is_file():
        return shipped
    if path.is_file():
        return path
    if path.suffix:
        raise UsageError(f"no weights at {path}; give a .safetensors file or a shipped name.")
    names = [file.stem for file in sorted(SHIPPED.glob("*.safetensors"))]
    raise UsageError(unknown_name("weights", str(source), names))


def _opened(path: Path) -> Any:
    if path.suffix in OFFICIAL_SUFFIXES:
        raise UsageError(
            f"{path} is not a safetensors file. If the authors of a model published it, read it "
            "with irlib.models.load_official(name, path), then store it with save_weights."
        )
    try:
        return safe_open(str(path), framework="pt")
    except (OSError, SafetensorError) as error:
        raise IrlibError(
            f"{path} is damaged or not a safetensors file ({error}). Copy or train it again."
        ) from error
