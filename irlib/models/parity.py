"""Comparing our networks with the outputs of the authors' own code.

A fixture is a safetensors file with inputs, the authors' weights and their outputs. Where the
weights would be too large to keep, a formula fills them. The golden files in this package are such
fixtures at full size, with every fourth pixel of one output, so that parity can be checked on any
machine.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from irlib.errors import UsageError
from irlib.models import fixture_systems  # noqa: F401  (registers what each system's fixtures need)
from irlib.models.base import RestorationModel
from irlib.models.fixture import TOLERANCE, Comparison, Fixture, read_fixture, rules_of, system_of
from irlib.models.formula_weights import listed_state, named_state
from irlib.models.official import load_official
from irlib.models.official_names import our_name
from irlib.models.registry import list_models

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
            than the tolerance, or the output if it is one of several; None if all agree.
        tolerance: Largest difference that counts as equal.
    """

    system: str
    fixture: str
    parameters: int
    difference: float
    first_differing_layer: str | None = None
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether all outputs and layers agree (a difference that is no number does not)."""
        return self.difference <= self.tolerance and self.first_differing_layer is None


def compare_fixture(path: str | Path) -> ParityResult:
    """Loads a fixture's weights through the official loader and compares all its outputs."""
    fixture = read_fixture(path)
    rules = rules_of(fixture.system)
    if fixture.part in rules.parts:
        module, found = rules.parts[fixture.part](fixture)
    else:
        module = _load(fixture, fixture_state(fixture))
        found = _comparisons(fixture, module)
    with torch.no_grad():
        comparisons = list(found)
    apart = [it.what for it in comparisons if not it.difference <= rules.tolerance]
    return ParityResult(
        fixture.system,
        fixture.name,
        sum(parameter.numel() for parameter in module.parameters()) if module is not None else 0,
        max(it.difference for it in comparisons if not it.inside),
        next(iter(apart), None),
        rules.tolerance,
    )


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
    return [path for path in _files(folder) if system_of(path.stem) in list_models()]


def skipped_fixtures(folder: str | Path | None = None) -> list[str]:
    """Returns the names of the fixtures in a folder that belong to no model we have."""
    place = GOLDEN if folder is None else Path(folder)
    compared = set(fixtures(place))
    return [path.stem for path in _files(place) if path not in compared]


def fixture_state(fixture: Fixture) -> dict[str, Tensor]:
    """Returns the authors' state dictionary of a fixture, stored or filled by formula."""
    metadata = fixture.metadata
    if "tensors" in metadata:
        return listed_state(json.loads(metadata["tensors"]), int(metadata["seed"]))
    if "recipe" in metadata:
        return named_state(fixture.system, fixture.constructor, _seed(fixture))
    return fixture.under("state.")


def _comparisons(fixture: Fixture, network: RestorationModel) -> Iterator[Comparison]:
    """Compares layers and outputs, in the order in which they come about."""
    for index in fixture.indices:
        yield from _layers_and_output(fixture, network, index)
    yield from rules_of(fixture.system).more(fixture, network)
    if changed := fixture.under("extra.perturbed.state."):
        other = _load(fixture, fixture_state(fixture) | changed)
        outputs = fixture.under("extra.perturbed.output.")
        for index, expected in outputs.items():
            restored = _run(fixture, other, index)
            yield Comparison(f"perturbed output.{index}", restored, expected)


def _layers_and_output(
    fixture: Fixture, network: RestorationModel, index: str
) -> Iterator[Comparison]:
    wanted = rules_of(fixture.system).layers(fixture, index)
    seen: dict[str, Tensor] = {}
    handles = [_record(network, layer, seen) for layer in wanted]
    restored = _run(fixture, network, index)
    for handle in handles:
        handle.remove()
    for layer in [*seen, *(layer for layer in wanted if layer not in seen)]:
        yield Comparison(layer, seen.get(layer, torch.empty(0)), wanted[layer], inside=True)
    yield Comparison(f"output.{index}", restored, fixture.tensors[f"output.{index}"])


def _run(fixture: Fixture, network: RestorationModel, index: str) -> Tensor:
    arguments = rules_of(fixture.system).arguments(fixture, index)
    restored = network(fixture.tensors[f"input.{index}"], *arguments)
    stride = int(fixture.metadata.get("stride", 1))
    return restored[..., ::stride, ::stride]


def _load(fixture: Fixture, state: dict[str, Tensor]) -> RestorationModel:
    """Loads the authors' weights; those stored in half precision were rounded before they ran."""
    exact = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }
    return load_official(fixture.system, exact, **rules_of(fixture.system).options(fixture))


def _record(
    network: RestorationModel, layer: str, seen: dict[str, Tensor]
) -> torch.utils.hooks.RemovableHandle:
    """Notes what leaves (or enters) a layer, named as the authors name it, when it runs."""
    name, _, side = layer.partition(":")
    module = network.get_submodule(our_name(network.name, name))

    def note_input(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen[layer] = given[0]

    def note_output(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        seen[layer] = output

    if side == "input":
        return module.register_forward_pre_hook(note_input)
    return module.register_forward_hook(note_output)


def _seed(fixture: Fixture) -> str:
    return fixture.metadata.get("recipe_seed", fixture.metadata.get("seed", "0"))


def _files(folder: Path) -> list[Path]:
    return [
        p for p in sorted(folder.glob("*.safetensors")) if not p.name.endswith("taps.safetensors")
    ]
