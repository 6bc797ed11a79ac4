"""What DFPIR's fixtures need: a text vector for each image, and the orders that it gives."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from irlib.models.dfpir import DFPIR
from irlib.models.fixture import Comparison, Fixture, FixtureRules, Layers, fixture_rules
from irlib.models.formula_weights import ARGUMENTS

_BLOCKS = tuple(f"encoder_shuffle_channel{level}" for level in (1, 2, 3))
_BLOCKS += ("latent_shuffle_channel",)
_LAYERS = {"encoder_level1": "encoder_level1"} | {
    layer: name
    for block in _BLOCKS
    for layer, name in ((f"{block}.select_attn", f"{block}.attention"), (block, f"{block}.output"))
}


def _text_vectors(fixture: Fixture, index: str) -> tuple[Any, ...]:
    return (fixture.tensors[f"extra.text_code.{index}"],)


def _traces(fixture: Fixture, index: str) -> Layers:
    return {
        layer: fixture.tensors[f"trace.{name}.{index}"]
        for layer, name in _LAYERS.items()
        if f"trace.{name}.{index}" in fixture.tensors
    }


def _orders_and_queries(fixture: Fixture, network: DFPIR) -> Iterator[Comparison]:
    """Orders must agree number by number; the widened map is formed for this comparison only."""
    for index in fixture.indices:
        text = fixture.tensors[f"extra.text_code.{index}"]
        orders = dict(zip(_BLOCKS, network.orders(text, len(text)), strict=True))
        for name, order in orders.items():
            expected = fixture.tensors[f"extra.permutation.{name}.{index}"]
            yield Comparison(f"{name}.permutation", order, expected)
        if f"trace.{_BLOCKS[0]}.query.{index}" not in fixture.tensors:
            continue
        features = _features(network, fixture.tensors[f"input.{index}"], text)
        for name, block in zip(_BLOCKS, network.perturbations, strict=True):
            x = features[block]
            for word, given in (
                ("expanded", block.widen(x)),
                ("query", block.query(x, orders[name])),
            ):
                expected = fixture.tensors[f"trace.{name}.{word}.{index}"]
                yield Comparison(f"{name}.{word}", given, expected, inside=True)


def _features(network: DFPIR, degraded: Tensor, text: Tensor) -> dict[nn.Module, Tensor]:
    """Returns what enters each perturbation."""
    seen: dict[nn.Module, Tensor] = {}
    handles = [
        block.register_forward_pre_hook(lambda block, given: seen.__setitem__(block, given[0]))
        for block in network.perturbations
    ]
    network(degraded, text)
    for handle in handles:
        handle.remove()
    return seen


# The full-size fixture is made with the authors' default arguments, which are ours.
ARGUMENTS["dfpir"] = {}

fixture_rules(
    "dfpir", FixtureRules(arguments=_text_vectors, layers=_traces, more=_orders_and_queries)
)
