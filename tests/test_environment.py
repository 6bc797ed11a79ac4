"""The three lists of packages agree: ranges in pyproject, the lock, and environment.yml."""

import ast
import re
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9._!+-]*)")


def direct_dependencies() -> list[Requirement]:
    texts = list(PROJECT["dependencies"])
    for extra in PROJECT["optional-dependencies"].values():
        texts += extra
    return [Requirement(text) for text in texts]


def pins(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        match = PIN.fullmatch(line)
        assert match, f"not a plain name==version: {line!r}"
        name = canonicalize_name(match[1])
        assert name not in found, f"{name} is pinned twice"
        found[name] = match[2]
    return found


@pytest.fixture(scope="module")
def lock() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


@pytest.fixture(scope="module")
def conda() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("needed", direct_dependencies(), ids=lambda needed: needed.name)
def test_the_lock_holds_every_direct_dependency_inside_its_range(needed, lock):
    name = canonicalize_name(needed.name)
    assert name in lock, f"{needed.name} is in pyproject.toml and not in requirements.lock"
    assert needed.specifier.contains(lock[name], prereleases=True), f"{lock[name]} breaks {needed}"


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_the_lock_installs_on_the_first_release_of_each_python(lock, python):
    # Stable systems stay on an early release for years, and pip then finds "no matching version".
    asked = {d.name: d.metadata.get("Requires-Python") or "" for d in distributions()}
    asked = {canonicalize_name(name): SpecifierSet(range_) for name, range_ in asked.items()}
    too_new = [name for name in lock if name in asked and not asked[name].contains(python)]
    assert not too_new, f"cannot be installed with Python {python}: {too_new}"


def test_environment_yml_pins_the_direct_dependencies_as_the_lock_does(conda, lock):
    (listed,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    wanted = {canonicalize_name(needed.name) for needed in direct_dependencies()}
    assert pins(listed) == {name: lock[name] for name in wanted}


def test_environment_yml_asks_for_the_same_python(conda):
    (python,) = [entry for entry in conda["dependencies"] if str(entry).startswith("python")]
    assert SpecifierSet(python.removeprefix("python").strip()) == SpecifierSet(
        PROJECT["requires-python"]
    )


def test_torch_is_the_ordinary_package_with_its_partner(lock):
    # A "+cpu" build beside the ordinary torchvision fails when either is imported.
    assert "+" not in lock["torch"]
    assert "+" not in lock["torchvision"]


def test_no_direct_dependency_is_unbounded_where_it_breaks_often():
    for needed in direct_dependencies():
        assert needed.specifier, f"{needed.name} has no range at all"


#: Used where a reader has it and refused with a message where not; nothing here needs it.
WHERE_INSTALLED = {"lpips", "transformers"}


@pytest.mark.parametrize("folder", ["irlib", "tests"])
def test_what_is_imported_is_asked_for(folder):
    """A package that arrives only because another one needs it may leave with the next version."""
    imported: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    owners = packages_distributions()
    asked = {canonicalize_name(needed.name) for needed in direct_dependencies()} | {"irlib"}
    for name in imported - set(sys.stdlib_module_names) - {"tests"} - WHERE_INSTALLED:
        known = {canonicalize_name(owner) for owner in owners.get(name, [])}
        assert known & asked, f"{folder} imports {name}; add {known or name} to pyproject.toml"
