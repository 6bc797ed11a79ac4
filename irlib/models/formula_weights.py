"""Weights that a formula gives, for fixtures whose networks are too large to be stored.

Two formulas occur: an integer hash of each element's position, with the tensors listed in the
fixture, and normal draws seeded by each tensor's name.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from irlib.models.official_names import official_name
from irlib.models.registry import create

# The arguments of the authors' constructor, and ours.
ARGUMENTS = {
    "nafnet": {
        "img_channel": "in_channels",
        "width": "dim",
        "enc_blk_nums": "encoder_blocks",
        "middle_blk_num": "middle_blocks",
        "dec_blk_nums": "decoder_blocks",
    },
    "instructir": {
        "input_channels": "in_channels",
        "width": "dim",
        "enc_blks": "encoder_blocks",
        "middle_blk_num": "middle_blocks",
        "dec_blks": "decoder_blocks",
        "txtdim": "text_dim",
    },
}


def named_state(system: str, constructor: Mapping[str, Any], seed: str | int) -> dict[str, Tensor]:
    """Fills the tensors of the authors' network with normal draws seeded by their names.

    Args:
        system: Model name.
        constructor: The authors' arguments.
        seed: Of the formula.
    """
    config = {ours: constructor[theirs] for theirs, ours in ARGUMENTS[system].items()}
    with torch.device("meta"):
        layout = create(system, **config).state_dict()
    return {
        official_name(system, ours): named_tensor(
            official_name(system, ours),
            list(tensor.shape),
            seed,
            whole=not tensor.is_floating_point(),
        )
        for ours, tensor in layout.items()
    }


def named_tensor(name: str, shape: list[int], seed: str | int, *, whole: bool = False) -> Tensor:
    """Returns one tensor of :func:`named_state`; its kind follows from name and shape.

    Args:
        name: The authors' name, with every prefix.
        shape: Of the tensor.
        seed: Of the formula.
        whole: Whether it counts something (the formula then says zero).
    """
    if whole:
        return torch.zeros(shape, dtype=torch.int64)
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(f"{seed}:{name}".encode())))
    draws = generator.standard_normal(shape)
    last = name.rsplit(".", 1)[-1]
    if name.endswith("queue"):
        values = draws / np.sqrt((draws**2).sum(axis=0, keepdims=True))
    elif last in BY_LAST_WORD:
        values = BY_LAST_WORD[last](draws)
    elif len(shape) >= 2:
        values = 0.5 * draws / np.sqrt(np.prod(shape[1:]))
    elif last == "weight":
        values = 1 + 0.1 * draws
    else:
        values = 0.05 * draws
    return torch.from_numpy(values.astype(np.float32))


# The formula for tensors whose last name part is one of these.
BY_LAST_WORD = {
    "running_mean": lambda draws: 0.1 * draws,
    "running_var": lambda draws: 0.5 + 0.5 * np.abs(draws),
    "temperature": lambda draws: 1 + 0.1 * np.abs(draws),
    "attn4": lambda draws: 0.2 + 0.02 * draws,
    "beta": lambda draws: 0.1 * draws,
    "gamma": lambda draws: 0.1 * draws,
}


def listed_state(listed: list[tuple[str, list[int], str]], seed: int) -> dict[str, Tensor]:
    """Fills named tensors with weights that an integer hash of their position gives.

    Args:
        listed: Name, shape and rule of each tensor, in the authors' order.
        seed: Of the fixture.
    """
    return {
        name: listed_tensor(position, shape, rule, seed)
        for position, (name, shape, rule) in enumerate(listed)
    }


def listed_tensor(position: int, shape: list[int], rule: str, seed: int) -> Tensor:
    """Returns one tensor of :func:`listed_state`: a 32-bit hash of each element's number."""
    size = int(np.prod(shape))
    offset = ((position + 1) * 0x9E3779B9 + seed * 0x85EBCA6B) % 2**32
    x = np.arange(size, dtype=np.uint32) + np.uint32(offset)  # wraps around, as intended
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    unit = x / 2.0**32  # float64, in [0, 1)
    signed = 2 * unit - 1
    values = {
        "uniform01": lambda: unit,
        "one_plus_half": lambda: 1 + 0.5 * signed,
        "one_plus_fifth": lambda: 1 + 0.2 * signed,
        "fifth": lambda: 0.2 * signed,
        "fan_in": lambda: signed * np.sqrt(1 / (size / shape[0])),
    }[rule]()
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)
