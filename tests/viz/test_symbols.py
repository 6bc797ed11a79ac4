"""The names of irlib as the reference reads them, held against the library as it is imported."""

import inspect
from importlib import import_module

import pytest

from irlib.viz.symbols import read_library

LIBRARY = read_library()
SYMBOLS = [s for modules in LIBRARY.packages.values() for m in modules for s in m.symbols]
LIGHT = ("degradations", "metrics", "losses")


@pytest.mark.parametrize("package", LIGHT)
def test_it_finds_every_name_that_a_package_offers(package):
    module = import_module(f"irlib.{package}")
    offered = {f"irlib.{package}.{name}" for name in module.__all__}
    assert offered <= set(LIBRARY.aliases)


@pytest.mark.parametrize("package", LIGHT)
def test_signatures_name_the_arguments_in_their_order(package):
    for module in LIBRARY.packages[package]:
        for symbol in module.symbols:
            if symbol.kind == "function":
                path, _, name = symbol.name.rpartition(".")
                function = getattr(import_module(path), name)
                wanted = list(inspect.signature(function).parameters)
                shown = symbol.signature.strip("()").split(", ")
                found = [
                    a.split("=")[0].lstrip("*") for a in shown if a.split("=")[0].isidentifier()
                ]
                assert found == [name for name in wanted if name in found], symbol.name
                assert all(name in symbol.signature for name in wanted), symbol.name


def test_a_name_can_be_written_in_each_way_it_can_be_imported():
    long, short = "irlib.nn.naf_block.NafBlock", "irlib.nn.NafBlock"
    assert LIBRARY.aliases[long] == LIBRARY.aliases[short] == short
    assert LIBRARY.aliases["irlib.models.pad_to_multiple"] == "irlib.nn.pad_to_multiple"


def test_a_reference_is_read_where_it_stands():
    assert LIBRARY.find("simple_gate", "irlib.nn.naf_block") == "irlib.nn.simple_gate"
    assert LIBRARY.find("scales", "irlib.nn.SimplifiedChannelAttention") == (
        "irlib.nn.SimplifiedChannelAttention.scales"
    )
    assert LIBRARY.find("no_such_name", "irlib.nn.naf_block") is None


def test_no_name_stands_twice_and_none_is_private():
    names = [symbol.name for symbol in SYMBOLS]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.rpartition(".")[2].startswith("_")]


def test_functions_and_classes_are_explained():
    bare = [s.name for s in SYMBOLS if s.kind in ("function", "class") and not s.text]
    assert not bare
