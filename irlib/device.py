"""Which device computes.

Taught in chapter 0.
"""

import torch
from torch import Tensor

from irlib.errors import UsageError


def choose_device(name: str = "auto") -> torch.device:
    """Returns the device of a name; ``auto`` is a GPU where there is one, else the CPU.

    Raises:
        UsageError: The name is unknown, or this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # which shapes alone ("meta") cannot give
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"the device {name!r} cannot be used here. Choose auto, cpu, cuda (or cuda:1 for the "
            f"second GPU) or mps."
        ) from error
    return device


def in_float64(tensor: Tensor) -> Tensor:
    """Returns a tensor in float64: where it lies, or on the CPU if its device has no float64.

    Apple's GPUs have none. A metric in float32 would differ in the last printed digit.
    """
    try:
        return tensor.double()
    except TypeError:
        return tensor.cpu().double()
