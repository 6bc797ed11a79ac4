"""The ways of running a network that are measured side by side.

Two are always measured: ours and the plain transcription, both in 32 bits and layer by layer. The
others change one thing, and where two of them are asked for, both at once.
"""

import copy
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from irlib.bench.subjects import Subject
from irlib.errors import UsageError
from irlib.models.compiling import compile_network
from irlib.registry import unknown_name

PRECISIONS = ("fp32", "bf16")
BACKEND = "inductor"


@dataclass(frozen=True)
class Way:
    """How a network runs.

    Attributes:
        network: "ours" or "plain", the transcription.
        channels_last: Whether weights and images keep the channels of a pixel side by side, as
            training and restoring do.
        bf16: Whether products and convolutions are computed in 16 bits, as training does it
            (``torch.autocast``; weights stay in 32).
        compiled: Whether ``torch.compile`` makes the kernels.
    """

    network: str = "ours"
    channels_last: bool = True
    bf16: bool = False
    compiled: bool = False


WAYS = {
    "ours": Way(),
    "plain": Way("plain", channels_last=False),
    "plain-channels-last": Way("plain"),
    "bf16": Way(bf16=True),
    "compiled": Way(compiled=True),
    "bf16-compiled": Way(bf16=True, compiled=True),
}


def variants(
    precision: str = "fp32", compile: bool = False, channels_last: bool = False
) -> tuple[str, ...]:
    """Names of what is measured besides ours and the transcription.

    Args:
        precision: "fp32" for nothing more, "bf16" for ours in 16 bits too.
        compile: Ours compiled too; with bf16 also both at once.
        channels_last: The transcription in ours' layout too, which shows the layout's part.

    Raises:
        UsageError: An unknown precision.
    """
    if precision not in PRECISIONS:
        raise UsageError(unknown_name("precision to measure", precision, list(PRECISIONS)))
    bf16 = precision == "bf16"
    asked = {
        "plain-channels-last": channels_last,
        "bf16": bf16,
        "compiled": compile,
        "bf16-compiled": bf16 and compile,
    }
    return tuple(name for name, wanted in asked.items() if wanted)


def prepared(found: Subject, name: str, device: str = "cpu") -> nn.Module:
    """A network as a way runs it, with weights of its own.

    Args:
        found: The network and its transcription.
        name: One of :data:`WAYS`.
        device: Where it will run.
    """
    way = WAYS[name]
    network = copy.deepcopy(getattr(found, way.network)).to(device)
    if way.channels_last:
        network.to(memory_format=torch.channels_last)
    if way.compiled:
        # For one size each: a network for any size would be another one to measure.
        compile_network(network, device, BACKEND, dynamic=False)
    return network


def laid_out(given: tuple, name: str, device: str = "cpu") -> tuple:
    """The arguments of a call, where and as a way takes them."""
    images, *tokens = given
    images = images.to(device)
    if WAYS[name].channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    return images, *([token.to(device) for token in some] for some in tokens)


def computing(name: str, device: str = "cpu") -> AbstractContextManager:
    """The context within which a way's passes run."""
    if WAYS[name].bf16:
        return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)
    return nullcontext()
