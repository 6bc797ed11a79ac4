"""Random numbers that depend on a seed and a position, and on nothing else.

A training sample is a pure function of (seed, position). Workers, ranks, a restart in the middle of
an epoch and the order in which samples are made then cannot change it.
"""

import hashlib

import torch


def generator_for(*key: int | str) -> torch.Generator:
    """Returns a CPU generator seeded by the whole ``key``.

    Neighbouring keys give unrelated streams (the key is hashed), and the same key gives the same
    stream on every machine.

    Args:
        *key: Anything that names the draw, such as ``("train", seed, position)``.
    """
    digest = hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
