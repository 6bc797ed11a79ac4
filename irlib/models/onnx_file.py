"""Writing a network as an ONNX file, which programs without PyTorch run, and checking the file.

The page "Restore a photograph here" of the book runs such a file in the browser.
"""

import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

import irlib
from irlib.errors import IrlibError, UsageError

#: How far the file's output may lie from the network's, in an image of the range [0, 1].
TOLERANCE = 1e-4
_OPSET = 17
_INPUT, _OUTPUT = "degraded", "restored"
# Not square, and no size at which a prompt is stored: a prompt of the right size already would be
# traced without its resizing, and the file would then know one size only.
_TRACED = (72, 88)
_ALSO_CHECKED = (128, 96)
#: Models that no ONNX file can hold, and why.
CANNOT = {
    "airnet": "its deformable convolution is a function of our own with gradients written by "
    "hand, and the exporter knows no operation of ONNX for it"
}
#: Models whose file knows one size, and why.
ONE_SIZE = {
    "dfpir": "its attention over shuffled channels fixes the sizes it sees when it is traced"
}


def export_onnx(
    restorer: nn.Module,
    path: str | Path,
    *,
    size: tuple[int, int] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> float:
    """Writes a network as ONNX and compares the file with it by onnxruntime: whole, or not at all.

    The file takes ``degraded``, (1, 3, H, W) float32 in [0, 1], and gives ``restored`` of the same
    shape, not clamped. H and W must be multiples of the ``multiple`` in its metadata.

    Args:
        restorer: From image to image, as :func:`irlib.models.as_restorer` returns it. What it is
            told (a task, an instruction) becomes part of the file.
        path: The file to write; its folder is made if needed.
        size: Height and width if the file shall know one size only; by default it takes any.
        facts: Further entries of the metadata, JSON-like.

    Returns:
        The largest difference from PyTorch over the sizes tried, at most :data:`TOLERANCE`.

    Raises:
        UsageError: A model that cannot be exported, or only at one size and none was given; a size
            that the network does not take.
        IrlibError: The extra ``export`` is not installed, the exporter fails, or the file computes
            something else.
    """
    network = getattr(restorer, "network", restorer)
    check_exportable(network, size)
    onnx, runtime = _packages()
    name, multiple = network.name, int(network.multiple)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    was_training = restorer.training
    restorer.eval()
    handle, temporary = tempfile.mkstemp(suffix=".onnx", dir=path.parent)
    os.close(handle)
    try:
        with torch.no_grad():
            _trace(restorer, name, temporary, size)
            difference = _difference(restorer, temporary, size, runtime, name)
        _describe(onnx, temporary, name, multiple, size, facts or {})
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
        restorer.train(was_training)
    return difference


def check_exportable(network: nn.Module, size: tuple[int, int] | None = None) -> None:
    """Refuses a network that no ONNX file can hold, and a size that it does not take.

    Args:
        network: One of the registry.
        size: Height and width, or None for any.

    Raises:
        UsageError: The message says why, and what to do where something can be done.
    """
    name, multiple = network.name, int(network.multiple)
    if name in CANNOT:
        raise UsageError(f"{name} cannot be exported to ONNX: {CANNOT[name]}.")
    if size is None and name in ONE_SIZE:
        raise UsageError(
            f"{name} can be exported for one size only, because {ONE_SIZE[name]}. Give its height "
            "and width, such as --size 256."
        )
    if size is not None and any(side < 1 or side % multiple for side in size):
        raise UsageError(
            f"a size of {size[0]}x{size[1]} was given; height and width must be positive multiples "
            f"of {multiple} for {name}."
        )


def _packages() -> tuple[Any, Any]:
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise IrlibError(
            f"{error.name} is not installed, which writing ONNX files needs; install it with: "
            'pip install "irlib[export]", or in the folder of the repository pip install -e '
            '".[export]"'
        ) from error
    return onnx, onnxruntime


def _trace(restorer: nn.Module, name: str, path: str, size: tuple[int, int] | None) -> None:
    example = _image(*(size or _TRACED))
    free = {2: "height", 3: "width"}
    try:
        with _quiet():
            torch.onnx.export(
                restorer,
                (example,),
                path,
                # The exporter by tracing: as exact here as the newer one, in a fraction of its
                # time.
                dynamo=False,
                opset_version=_OPSET,
                input_names=[_INPUT],
                output_names=[_OUTPUT],
                dynamic_axes={_INPUT: free, _OUTPUT: free} if size is None else None,
            )
    except (RuntimeError, IndexError, ValueError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise IrlibError(f"PyTorch's exporter cannot translate {name} to ONNX: {first}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Hides the exporter's notes on Python branches, which the comparison afterwards answers."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _difference(
    restorer: nn.Module, path: str, size: tuple[int, int] | None, runtime: Any, name: str
) -> float:
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # an error is raised, not also printed
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    largest = 0.0
    for height, width in [size] if size is not None else [_TRACED, _ALSO_CHECKED]:
        degraded = _image(height, width)
        try:
            (restored,) = session.run(None, {_INPUT: degraded.numpy()})
        except Exception as error:  # onnxruntime's own classes share no other base
            raise IrlibError(
                f"the ONNX file of {name} does not run at {height}x{width} pixels: "
                f"{next(iter(str(error).splitlines()), '')}"
            ) from error
        expected = restorer(degraded)
        largest = max(largest, float((torch.from_numpy(restored) - expected).abs().max()))
    if not largest <= TOLERANCE:
        raise IrlibError(
            f"the ONNX file of {name} computes something else: it differs by {largest:.2g} from "
            f"PyTorch, more than {TOLERANCE:g}; it was not kept."
        )
    return largest


def _image(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height))


def _describe(
    onnx: Any,
    path: str,
    name: str,
    multiple: int,
    size: tuple[int, int] | None,
    facts: Mapping[str, Any],
) -> None:
    model = onnx.load(path)
    entries = {
        "model": name,
        "irlib": irlib.__version__,
        "multiple": str(multiple),
        "size": "dynamic" if size is None else f"{size[0]}x{size[1]}",
        "facts": json.dumps(dict(facts), sort_keys=True, default=str),
    }
    onnx.helper.set_model_props(model, entries)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def read_onnx_header(path: str | Path) -> dict[str, str]:
    """Returns what an ONNX file of ours says of itself: model, irlib, multiple, size and facts."""
    onnx, _ = _packages()
    return {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
