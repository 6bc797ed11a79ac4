"""What PIVPNet's fixtures hold besides outputs: its prompts, and the branch that its code drops."""

from collections.abc import Iterator

from irlib.models.fixture import Comparison, Fixture, FixtureRules, Layers, fixture_rules
from irlib.models.pivpnet import PIVPNet

_LEVELS = range(3)


def _prompts(fixture: Fixture, index: str) -> Layers:
    """The outputs of the three prompt blocks, where the fixture has them."""
    names = {f"prompt_gene.{i}": f"extra.{index}.prompt_gene{i}.output" for i in _LEVELS}
    return {
        layer: fixture.tensors[name] for layer, name in names.items() if name in fixture.tensors
    }


def _dropped_outputs(fixture: Fixture, network: PIVPNet) -> Iterator[Comparison]:
    """What prior and detail enhancement make of the features before each prompt, if it is kept."""
    if not fixture.under("extra.0.feedforward0."):
        return
    features = {}
    handles = [
        prompt.register_forward_pre_hook(lambda _, given, i=i: features.__setitem__(i, given[0]))
        for i, prompt in enumerate(network.prompts)
    ]
    degraded = fixture.tensors["input.0"]
    network(degraded)
    for handle in handles:
        handle.remove()
    for i in _LEVELS:
        expected = fixture.tensors[f"extra.0.feedforward{i}.discarded_output"]
        given = network.detail(features[i], degraded, i)
        yield Comparison(f"FeedForward.{i}", given, expected, inside=True)


fixture_rules("pivpnet", FixtureRules(layers=_prompts, more=_dropped_outputs))
