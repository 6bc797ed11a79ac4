"""Files with the outputs of the authors' own code, and what each system's files need to be used.

A fixture is a safetensors file with inputs, the authors' weights and their outputs, under the names
``input.0``, ``output.0``, ``state.<the authors' name>`` and ``extra.<what else>``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor, nn

from irlib.models.registry import list_models

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Fixture:
    """One fixture file, read.

    Attributes:
        name: Of the network and variant, such as "nafnet_local".
        system: The model of ours that it belongs to, or the first word of the name.
        tensors: Everything in the file.
        metadata: Strings, among them "constructor", the authors' arguments as JSON.
        taps: Outputs of layers from the file beside it, if there is one: ``tap.<input>.<layer>``.
    """

    name: str
    system: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    taps: Mapping[str, Tensor] = field(default_factory=dict)

    @cached_property
    def constructor(self) -> dict[str, Any]:
        """The arguments that the authors' network was made with."""
        return json.loads(self.metadata.get("constructor", "{}"))

    @property
    def part(self) -> str:
        """What follows the system's name: "full", "dgg"; empty for the network itself."""
        return self.name[len(self.system) + 1 :]

    @property
    def indices(self) -> list[str]:
        """The inputs' names: "0", "1" and so on."""
        return list(self.under("input."))

    def under(self, prefix: str) -> dict[str, Tensor]:
        """Returns the tensors whose names begin with ``prefix``, named by what follows it."""
        return {
            name.removeprefix(prefix): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(prefix)
        }


@dataclass(frozen=True)
class Comparison:
    """One output of ours beside the authors'.

    Attributes:
        what: What it is, such as "output.0" or the authors' name of a layer.
        given: Ours.
        expected: Theirs.
        inside: Whether it is a layer's output on the way, not an output of the whole.
    """

    what: str
    given: Tensor
    expected: Tensor
    inside: bool = False

    @property
    def difference(self) -> float:
        """The largest absolute difference; infinite where shapes differ or a number is none."""
        if self.given.shape != self.expected.shape:
            return float("inf")
        largest = (self.given.double() - self.expected.double()).abs().max().item()
        return largest if largest == largest else float("inf")


# Layers that a fixture shows, by the authors' names; "name:input" is what enters the layer.
Layers = dict[str, Tensor]
# A part on its own: its module (None for a function) and what its fixture compares.
Part = tuple[nn.Module | None, Iterator[Comparison]]


def no_arguments(fixture: Fixture, index: str) -> tuple[Any, ...]:
    """The network takes an image and nothing else."""
    return ()


def no_options(fixture: Fixture) -> dict[str, Any]:
    """The tensors show every constructor argument."""
    return {}


def tapped_layers(fixture: Fixture, index: str) -> Layers:
    """Returns the layers in the file of taps beside the fixture."""
    prefix = f"tap.{index}."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in fixture.taps.items()
        if name.startswith(prefix)
    }


def nothing_more(fixture: Fixture, network: nn.Module) -> Iterator[Comparison]:
    """The outputs are all there is to compare."""
    return iter(())


@dataclass(frozen=True)
class FixtureRules:
    """What a system's fixtures need besides images and weights.

    Attributes:
        tolerance: Largest difference that counts as equal.
        arguments: What the network takes after the image, for one input.
        options: Our constructor arguments that leave no trace in the tensors.
        layers: Layers whose outputs the fixture holds.
        more: Further comparisons with the loaded network.
        parts: Fixtures of a part of the system, by what their name ends in.
    """

    tolerance: float = TOLERANCE
    arguments: Callable[[Fixture, str], tuple[Any, ...]] = no_arguments
    options: Callable[[Fixture], dict[str, Any]] = no_options
    layers: Callable[[Fixture, str], Layers] = tapped_layers
    more: Callable[[Fixture, nn.Module], Iterator[Comparison]] = nothing_more
    parts: Mapping[str, Callable[[Fixture], Part]] = field(default_factory=dict)


RULES: dict[str, FixtureRules] = {}


def fixture_rules(system: str, rules: FixtureRules) -> None:
    """Registers what the fixtures of ``system`` need; without it, images and weights suffice."""
    RULES[system] = rules


def rules_of(system: str) -> FixtureRules:
    """Returns what the fixtures of ``system`` need."""
    return RULES.get(system, FixtureRules())


def read_fixture(path: str | Path) -> Fixture:
    """Reads a fixture and the layer outputs beside it."""
    path = Path(path)
    tensors, metadata = _read(path)
    taps = path.with_name(f"{path.stem}.taps.safetensors")
    name = metadata.get("name", path.stem)
    return Fixture(
        name=name,
        system=system_of(name),
        tensors=tensors,
        metadata=metadata,
        taps=_read(taps)[0] if taps.is_file() else {},
    )


def system_of(name: str) -> str:
    """Returns the model that a fixture of this name belongs to.

    The longest model name that it begins with, up to a dash or an underscore: "pivpnet-w8" is of
    "pivpnet" and "am-promptir" of "am-promptir". Without one, the first word.
    """
    fitting = [
        model
        for model in list_models()
        if name == model or name.startswith((f"{model}_", f"{model}-"))
    ]
    return max(fitting, key=len, default=name.split("_")[0])


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with safe_open(str(path), framework="pt") as file:
        names = list(file.keys())
        return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
