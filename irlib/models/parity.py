"""Comparing our networks with the outputs of the authors' own code.

A fixture is a safetensors file with inputs, the authors' weights and their outputs. Where the
weights would be too large to keep, a formula fills them. The golden files in this package are such
fixtures at full size, with every fourth pixel of one output, so that parity can be checked on any
machine.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.losses import psnr_loss
from irlib.models.base import RestorationModel
from irlib.models.formula_weights import listed_state, named_state
from irlib.models.official import load_official
from irlib.models.official_names import our_name
from irlib.models.registry import list_models

TOLERANCE = 1e-5
GOLDEN = Path(__file__).parent / "golden"
GOLDEN_STRIDE = 4


@dataclass(frozen=True)
class ParityResult:
    """How far one of our networks is from the authors' on one fixture.

    Attributes:
        system: Model name.
        fixture: Name of the fixture.
        parameters: Numbers that our network holds.
        difference: Largest absolute difference of any output value.
        first_differing_layer: The authors' name of the first layer whose output differs by more
            than the tolerance; None if all agree or the fixture has no layer outputs.
    """

    system: str
    fixture: str
    parameters: int
    difference: float
    first_differing_layer: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the outputs agree to 1e-5 (a non-finite difference does not)."""
        return self.difference <= TOLERANCE


def compare_fixture(path: str | Path) -> ParityResult:
    """Loads a fixture's weights through the official loader and compares all its outputs."""
    path = Path(path)
    tensors, metadata = _read(path)
    name = metadata.get("name", path.stem)
    system = name.split("_")[0]
    if metadata.get("upstream_class") == "PSNRLoss":
        return ParityResult(system, name, 0, _loss_difference(tensors))
    state = fixture_state(system, tensors, metadata)
    model = load_official(system, state, **fixture_options(metadata))
    taps_path = path.with_name(f"{path.stem}.taps.safetensors")
    taps = _read(taps_path)[0] if taps_path.is_file() else {}
    differences, culprit = [], None
    for index in range(sum(key.startswith("input.") for key in tensors)):
        wanted = _layer_outputs(taps, index)
        seen: dict[str, Tensor] = {}
        handles = [_record(model, layer, seen) for layer in wanted]
        with torch.no_grad():
            restored = model(tensors[f"input.{index}"])
        for handle in handles:
            handle.remove()
        stride = int(metadata.get("stride", 1))
        expected = tensors[f"output.{index}"]
        differences.append(_difference(restored[..., ::stride, ::stride], expected))
        culprit = culprit or next(
            (layer for layer in seen if not _difference(seen[layer], wanted[layer]) <= TOLERANCE),
            None,
        )
    return ParityResult(system, name, model.count_parameters(), max(differences), culprit)


def compare_all(folder: str | Path | None = None) -> list[ParityResult]:
    """Compares every fixture of a folder that belongs to a model we have.

    Args:
        folder: Fixtures; without it, the golden full-size ones of the package.

    Raises:
        UsageError: No fixture of ours in the folder.
    """
    place = GOLDEN if folder is None else Path(folder)
    results = [compare_fixture(path) for path in fixtures(place)]
    if not results:
        raise UsageError(
            f"no parity fixture in {place}; expected files such as restormer.safetensors, with "
            "inputs, outputs and weights of the authors' network."
        )
    return results


def fixtures(folder: Path) -> list[Path]:
    """Returns the fixture files of models in the registry, sorted by name."""
    return [
        path
        for path in sorted(folder.glob("*.safetensors"))
        if path.stem.split("_")[0] in list_models()
    ]


def fixture_state(
    system: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> dict[str, Tensor]:
    """Returns the authors' state dictionary of a fixture, stored or filled by formula."""
    if "tensors" in metadata:
        return listed_state(json.loads(metadata["tensors"]), int(metadata["seed"]))
    if "recipe" in metadata:
        return named_state(system, metadata)
    return {
        key.removeprefix("state."): tensor
        for key, tensor in tensors.items()
        if key.startswith("state.")
    }


def fixture_options(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Returns our constructor arguments for what the authors' tensors do not show."""
    constructor = json.loads(metadata.get("constructor", "{}"))
    if "train_size" in constructor:
        return {"train_size": constructor["train_size"][-2:]}
    return {}


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with safe_open(str(path), framework="pt") as file:
        names = list(file.keys())
        return {name: file.get_tensor(name) for name in names}, file.metadata() or {}


def _loss_difference(tensors: Mapping[str, Tensor]) -> float:
    """How far the PSNR loss is from the authors', over RGB and over luma."""
    restored, target = tensors["input.0"], tensors["input.1"]
    return max(
        _difference(psnr_loss(restored, target, luma=luma), tensors[f"output.{index}"])
        for index, luma in enumerate((False, True))
    )


def _layer_outputs(taps: Mapping[str, Tensor], index: int) -> dict[str, Tensor]:
    prefix = f"tap.{index}."
    return {key.removeprefix(prefix): t for key, t in taps.items() if key.startswith(prefix)}


def _record(
    model: RestorationModel, layer: str, seen: dict[str, Tensor]
) -> torch.utils.hooks.RemovableHandle:
    """Notes the output of a layer, named as the authors name it, when it runs."""

    def note(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        seen[layer] = output

    return model.get_submodule(our_name(model.name, layer)).register_forward_hook(note)


def _difference(given: Tensor, expected: Tensor) -> float:
    difference = (given - expected).abs().max().item()
    return difference if difference == difference else float("inf")  # a NaN is no agreement
