"""What AM-PromptIR's fixtures need: ids of words, their grid, and a batch that mixes them."""

import json
from collections.abc import Iterator
from typing import Any

import torch

from irlib.models.am_promptir import AMPromptIR
from irlib.models.fixture import Comparison, Fixture, FixtureRules, Layers, fixture_rules
from irlib.models.official import load_official
from irlib.models.task_words import token_ids

_LEVELS = (1, 2, 3)


def _told(fixture: Fixture, index: str) -> tuple[Any, ...]:
    return (token_ids([_texts(fixture)[int(index)]]),)


def _prompts(fixture: Fixture, index: str) -> Layers:
    names = {f"prompt{level}": f"extra.{index}.prompt{level}.output" for level in _LEVELS}
    return {
        layer: fixture.tensors[name] for layer, name in names.items() if name in fixture.tensors
    }


def _words_and_batches(fixture: Fixture, network: AMPromptIR) -> Iterator[Comparison]:
    """Ids, the grid that the words make, and two images whose texts the authors' code mixes."""
    for index in fixture.indices:
        (ids,) = _told(fixture, index)
        for level in _LEVELS:
            expected = fixture.tensors[f"extra.{index}.prompt{level}.tokens"]
            padded = torch.zeros_like(expected)
            padded[:, : ids.shape[1]] = ids[:, : expected.shape[1]]
            yield Comparison(f"prompt{level}.tokens of {index}", padded, expected)
            grid = fixture.tensors.get(f"extra.{index}.prompt{level}.text_grid")
            if grid is not None:
                given = getattr(network, f"prompt{level}").words(ids, tuple(grid.shape[2:]))
                yield Comparison(
                    f"prompt{level}.rate_conv:input", given.expand_as(grid), grid, True
                )
    images, ids = fixture.tensors["extra.batch2.input"], token_ids(_texts(fixture))
    state = {name: tensor.float() for name, tensor in fixture.under("state.").items()}
    mixing = load_official("am-promptir", state, mix_batch=True)
    for what, model in (("output", mixing), ("output_unmixed", network)):
        expected = fixture.tensors[f"extra.batch2.{what}"]
        yield Comparison(f"batch2.{what}", model(images, ids), expected)


def _texts(fixture: Fixture) -> list[str]:
    return json.loads(fixture.metadata["texts"])


fixture_rules(
    "am-promptir", FixtureRules(arguments=_told, layers=_prompts, more=_words_and_batches)
)
