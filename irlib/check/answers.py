"""What the checks of all chapters ask of an answer, and the inputs they draw for it.

A check draws the same numbers on every machine, and says what came back before it says what is
wrong with it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

TOLERANCE = 1e-5


def random_normal(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers of a shape, the same for the same seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def random_uniform(*shape: int, seed: int = 0) -> Tensor:
    """Numbers drawn uniformly from [0, 1), the same for the same seed."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def random_directions(*shape: int, seed: int = 0) -> Tensor:
    """Vectors of length one along the last axis, the same for the same seed."""
    return F.normalize(random_normal(*shape, seed=seed), dim=-1)


def same_shape(result: object, shape: Sequence[int]) -> Tensor:
    """Returns an answer that is a tensor of the shape.

    Raises:
        AssertionError: It is anything else; the message says what.
    """
    assert isinstance(result, Tensor), f"It returned {type(result).__name__}, not a tensor."
    expected, got = tuple(shape), tuple(result.shape)
    assert got == expected, f"Expected shape {expected}, got {got}."
    return result


def close_to(result: object, expected: Tensor, hint: str, tolerance: float = TOLERANCE) -> None:
    """Holds where an answer has the shape and, to a tolerance, the values that are expected.

    Args:
        result: What the reader's function returned.
        expected: What it should be.
        hint: A sentence for a reader whose values differ.
        tolerance: Largest difference of a value.

    Raises:
        AssertionError: It does not hold; the message ends with the hint if values differ.
    """
    difference = (same_shape(result, expected.shape) - expected).abs().max().item()
    assert difference < tolerance, f"The largest difference is {difference:.2g}. {hint}"
