"""What AirNet's fixtures need: one group alone, and one step of the contrast."""

from collections.abc import Iterator

import torch
from torch import Tensor

from irlib.losses.momentum_contrast import momentum_logits
from irlib.models.airnet import AirNet
from irlib.models.fixture import Comparison, Fixture, FixtureRules, Layers, Part, fixture_rules
from irlib.models.formula_weights import ARGUMENTS, named_state
from irlib.models.official import load_official
from irlib.models.official_names import our_name
from irlib.nn.degradation_guided import DegradationGuidedGroup

_BLOCK = "R.body.0.body.0.dgm1"
_TRACES = {
    "E.E.encoder_q.E_pre": "inter",
    f"{_BLOCK}.dcn.conv_offset_mask": "offset_mask_raw",
    f"{_BLOCK}.dcn": "dcn_out",
    f"{_BLOCK}.sft": "sft_out",
    _BLOCK: "dgm_out",
}


def _traces(fixture: Fixture, index: str) -> Layers:
    return {
        layer: fixture.tensors[f"trace.{name}.{index}"]
        for layer, name in _TRACES.items()
        if f"trace.{name}.{index}" in fixture.tensors
    }


def _pooled(fixture: Fixture, network: AirNet) -> Iterator[Comparison]:
    """The pooled values of the deepest features."""
    for index, expected in fixture.under("extra.embedding.").items():
        given = network.encoder(fixture.tensors[f"input.{index}"]).pooled
        yield Comparison(f"embedding.{index}", given, expected)


def _group(fixture: Fixture) -> Part:
    """One group, at whatever width its tensors have."""
    state = {our_name("airnet", name): t for name, t in fixture.under("state.").items()}
    group = DegradationGuidedGroup(fixture.constructor["n_feat"], fixture.constructor["n_blocks"])
    group.load_state_dict(state)

    def outputs() -> Iterator[Comparison]:
        for index in fixture.indices:
            given = group(
                fixture.tensors[f"input.{index}"], fixture.tensors[f"extra.inter.{index}"]
            )
            yield Comparison(f"output.{index}", given, fixture.tensors[f"output.{index}"])

    return group, outputs()


def _contrast(fixture: Fixture) -> Part:
    """One training step of the contrast, up to the queue that it leaves behind."""
    state = named_state("airnet", fixture.constructor, fixture.metadata["recipe_seed"])
    network = load_official("airnet", state).train()
    keys, expected = network.contrast, fixture.under("output.")

    def outputs() -> Iterator[Comparison]:
        encoded = network.encoder(fixture.tensors["input.query"])
        keys.follow(network.encoder)
        key = keys.keys(fixture.tensors["input.key"])
        logits = momentum_logits(encoded.code, key, keys.queue)
        loss = torch.nn.functional.cross_entropy(logits, expected["labels"])
        keys.enqueue(key)
        given = {
            "embedding": encoded.pooled,
            "inter": encoded.degradation,
            "logits": logits,
            "loss": loss.reshape(1),
            "queue_after": keys.queue,
            "queue_ptr_after": keys.pointer,
            "encoder_q.E_pre.backbone.1.running_mean": network.encoder.first.norm1.running_mean,
            "encoder_k.E_pre.backbone.1.running_mean": keys.encoder.first.norm1.running_mean,
        }
        for name, tensor in given.items():
            yield Comparison(f"output.{name}", tensor, expected[name])
        for name, sums in fixture.under("output.encoder_k_sum.").items():
            ours = our_name("airnet", f"E.E.encoder_k.{name}").removeprefix("contrast.encoder.")
            yield Comparison(f"encoder_k.{name}", _sums(keys.encoder.get_parameter(ours)), sums)

    return network.encoder, outputs()


def _sums(tensor: Tensor) -> Tensor:
    exact = tensor.detach().double()
    return torch.stack([exact.sum(), exact.abs().sum()])


# The authors' only argument, the batch size, makes a queue for five images: ours by default.
ARGUMENTS["airnet"] = {}

fixture_rules(
    "airnet",
    FixtureRules(
        tolerance=2e-5,  # sampling between pixels rounds more than a convolution
        layers=_traces,
        more=_pooled,
        parts={"dgg": _group, "moco": _contrast},
    ),
)
