"""Averages of weights: between two networks that began as one lie others, without any training."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from irlib.errors import UsageError
from irlib.models.base import RestorationModel
from irlib.models.weights import load_weights, read_header, require, weights_path

#: Counters that no output depends on where the running statistics are given.
_COUNTER = "num_batches_tracked"


def average_weights(
    sources: Sequence[str | Path], shares: Sequence[float] | None = None
) -> tuple[RestorationModel, dict[str, Any]]:
    """Returns the network whose weights are the mean of several networks' weights.

    ``w = sum_k a_k w_k`` with shares that sum to 1. It makes sense for networks that were
    fine-tuned from common weights: between networks that began apart the mean is worth nothing
    (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022). Computed in float64.
    Taught in chapter 25.

    Args:
        sources: Two files or more that :func:`irlib.models.save_weights` wrote, or shipped names.
        shares: A number above 0 for each; they are divided by their sum. Equal when None.

    Returns:
        The network in evaluation mode, and the facts for its file: what the files' facts have in
        common, and under "average_of" the SHA-256 and the share of each.

    Raises:
        UsageError: Fewer than two files, shares that do not fit them, networks of different models
            or sizes, or ones that hold different whole numbers (a DFPIR's orders): they did not
            begin as one.
        IrlibError: A damaged file.
    """
    if len(sources) < 2:
        raise UsageError(f"{len(sources)} weights were given; expected two or more to average.")
    parts = _checked(shares if shares is not None else [1.0] * len(sources), len(sources))
    headers = [read_header(weights_path(source)) for source in sources]
    networks = [load_weights(source) for source in sources]
    for network, header, source in zip(networks, headers, sources, strict=True):
        require(network, networks[0].name, source)
        if header["config"] != headers[0]["config"]:
            raise UsageError(
                f"{source} holds a {network.name} of another configuration than {sources[0]}; "
                "expected networks of one size. `irlib models show` prints what each file holds."
            )
    states = [network.state_dict() for network in networks]
    mean = {key: _mean(key, [state[key] for state in states], parts) for key in states[0]}
    networks[0].load_state_dict(mean)
    counted = [
        {"sha256": hashlib.sha256(weights_path(source).read_bytes()).hexdigest(), "share": part}
        for source, part in zip(sources, parts, strict=True)
    ]
    facts = [header["facts"] for header in headers]
    alike = _common(facts)
    if all("recipe" in one for one in facts):  # where recipes differ, the fields they share
        alike["recipe"] = _common([one["recipe"] for one in facts])
    return networks[0], alike | {"average_of": counted}


def _checked(shares: Sequence[float], count: int) -> list[float]:
    if len(shares) != count or not all(0 < share < math.inf for share in shares):
        raise UsageError(
            f"the shares are {', '.join(map(str, shares)) or 'none'}; expected {count} numbers "
            "above 0, one for each of the weights."
        )
    return [share / sum(shares) for share in shares]


def _mean(key: str, tensors: Sequence[Tensor], parts: Sequence[float]) -> Tensor:
    first = tensors[0]
    if first.is_floating_point():
        total = sum(part * tensor.double() for part, tensor in zip(parts, tensors, strict=True))
        return torch.as_tensor(total).to(first.dtype)
    if not key.endswith(_COUNTER) and not all(torch.equal(first, other) for other in tensors):
        raise UsageError(
            f"{key} holds whole numbers that differ between the weights, and whole numbers have no "
            "mean; expected networks that were fine-tuned from common weights."
        )
    return first


def _common(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all facts say alike."""
    first, *others = facts
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }
