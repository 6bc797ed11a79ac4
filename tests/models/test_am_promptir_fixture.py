"""AM-PromptIR beside the authors' own outputs, with one image and with a batch that mixes."""

import pytest
import torch
from safetensors.torch import load_file

from irlib import models
from irlib.models.am_promptir_presets import never_called
from irlib.models.official_names import is_called
from irlib.models.task_words import token_ids
from irlib.nn import layer_norm

TEXTS = ("derain", "denoise_25")


@pytest.fixture(scope="module")
def fixture(shared):
    return load_file(shared / "parity" / "am-promptir.safetensors")


def under(fixture, prefix):
    return {
        name.removeprefix(prefix): tensor.float()
        for name, tensor in fixture.items()
        if name.startswith(prefix)
    }


def load(fixture, perturbed=False, **config):
    state = under(fixture, "state.")
    if perturbed:
        state |= under(fixture, "extra.perturbed.state.")
    return models.load_official("am-promptir", state, **config)


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("perturbed", [False, True])
def test_outputs_property_3(fixture, index, perturbed):
    model = load(fixture, perturbed)
    expected = fixture[f"{'extra.perturbed.' if perturbed else ''}output.{index}"]
    with torch.no_grad():
        restored = model(fixture[f"input.{index}"], token_ids([TEXTS[index]]))
    assert (restored - expected).abs().max() < 1e-5


def test_batches_property_8(fixture):
    images, ids = fixture["extra.batch2.input"], token_ids(TEXTS)
    with torch.no_grad():
        own = load(fixture)(images, ids)
        mixed = load(fixture, mix_batch=True)(images, ids)
    assert (own - fixture["extra.batch2.output_unmixed"]).abs().max() < 1e-5
    assert (mixed - fixture["extra.batch2.output"]).abs().max() < 1e-5
    assert (own - mixed).abs().max() > 1e-3


@pytest.mark.parametrize("level", [1, 2, 3])
def test_prompts_and_their_words_property_5(fixture, level):
    model, prompt, seen = load(fixture), f"prompt{level}", []
    getattr(model, prompt).register_forward_hook(lambda *given: seen.append(given[-1]))
    with torch.no_grad():
        model(fixture["input.0"], token_ids(TEXTS[:1]))
        words = getattr(model, prompt).words
        entries = words.entries(token_ids(TEXTS[:1]))
        expected = fixture[f"extra.0.{prompt}.text_grid"]
        grid = words(token_ids(TEXTS[:1]), tuple(expected.shape[2:]))
    assert (grid - expected).abs().max() < 1e-6
    signs = entries.sign()[0] / entries.shape[1] ** 0.5
    width = expected.shape[3]
    assert (expected - signs[torch.arange(width) % len(signs)]).abs().max() < 1e-6
    assert torch.equal(expected, expected[:, :1, :1].expand_as(expected))
    assert (seen[0] - fixture[f"extra.0.{prompt}.output"]).abs().max() < 1e-5


def test_token_ids_are_those_fed(fixture):
    for index, text in enumerate(TEXTS):
        ids = token_ids([text])
        for level in (1, 2, 3):
            fed = fixture[f"extra.{index}.prompt{level}.tokens"]
            assert torch.equal(fed[:, : ids.shape[1]], ids[:, : fed.shape[1]])
            assert not fed[:, ids.shape[1] :].any()


def test_every_number_of_the_checkpoint_is_taken_or_never_called(fixture):
    state, model = under(fixture, "state."), load(fixture)
    left = sum(t.numel() for name, t in state.items() if not is_called("am-promptir", name))
    assert len(state) == 402
    assert left == sum(never_called(**model.config).values())
    assert sum(t.numel() for t in state.values()) == model.count_parameters() + left


def test_a_smaller_epsilon_would_be_seen(fixture, monkeypatch):
    model = load(fixture)
    for norm in model.modules():
        if isinstance(norm, layer_norm.WithBiasLayerNorm):
            norm.epsilon = 1e-6
    with torch.no_grad():
        restored = model(fixture["input.0"], token_ids(TEXTS[:1]))
    assert (restored - fixture["output.0"]).abs().max() > 1e-5
